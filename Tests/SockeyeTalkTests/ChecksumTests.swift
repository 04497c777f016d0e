import SockeyeTalk
import SockeyeText
import SockeyeTransport
import Testing

@Suite("Checksums")
struct ChecksumTests {
  static let digits = Array("123456789".utf8)

  @Test("each CRC of the catalogue has its check value", arguments: CRC.catalogue)
  func checkValues(crc: CRC) {
    let digest = ChecksumAlgorithm.crc(crc).checksum(of: Self.digits)
    #expect(digest.count == crc.width / 8)
    #expect(digest.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } == crc.check)
  }

  @Test("a checksum does not depend on how its input is cut", arguments: ChecksumAlgorithm.all)
  func pieces(algorithm: ChecksumAlgorithm) {
    let whole = algorithm.checksum(of: Self.digits)
    for cut in 0...Self.digits.count {
      var calculation = algorithm.calculation()
      Self.digits[..<cut].withUnsafeBytes { calculation.update($0) }
      Self.digits[cut...].withUnsafeBytes { calculation.update($0) }
      #expect(calculation.digest == whole, "cut at \(cut)")
    }
  }

  @Test("names are found in any case and with any punctuation, and aliases lead to the catalogue")
  func names() throws {
    #expect(CRC.named("crc-32")?.name == "CRC-32/ISO-HDLC")
    #expect(CRC.named("CRC16MODBUS")?.name == "CRC-16/MODBUS")
    #expect(CRC.named("crc-16/ccitt-false")?.name == "CRC-16/IBM-3740")
    #expect(CRC.named("crc-64") == nil)
    for (alias, name) in CRC.aliases { #expect(CRC.named(alias)?.name == name) }
    #expect(throws: Failure.self) { try ChecksumAlgorithm("md4") }
  }

  @Test("sums, XOR and LRC are those of the textbook")
  func sums() {
    #expect(ChecksumAlgorithm.sum8.checksum(of: [0xFF, 0x02]) == [0x01])
    #expect(ChecksumAlgorithm.sum16.checksum(of: [0xFF, 0x02]) == [0x01, 0x01])
    #expect(ChecksumAlgorithm.xor.checksum(of: [0xF0, 0x0F, 0x01]) == [0xFE])
    #expect(ChecksumAlgorithm.lrc.checksum(of: [0x01, 0x02]) == [0xFD])
  }

  @Test("the Internet checksum is that of the example of RFC 1071, section 3, also for an odd length")
  func internet() {
    #expect(ChecksumAlgorithm.internet.checksum(of: [0x00, 0x01, 0xF2, 0x03, 0xF4, 0xF5, 0xF6, 0xF7]) == [0x22, 0x0D])
    #expect(ChecksumAlgorithm.internet.checksum(of: [0x01]) == [0xFE, 0xFF])
    #expect(ChecksumAlgorithm.internet.checksum(of: []) == [0xFF, 0xFF])
  }

  @Test("SHA-256 is that of FIPS 180-4's first example")
  func sha256() {
    let digest = ChecksumAlgorithm.sha256.checksum(of: Array("abc".utf8))
    #expect(digest.prefix(4) == [0xBA, 0x78, 0x16, 0xBF])
    #expect(digest.count == 32)
  }

  @Test("an appended checksum follows the order asked for")
  func appended() throws {
    let message: [UInt8] = [0x01, 0x03, 0x00, 0x00, 0x00, 0x0A]
    #expect(try AppendedChecksum("crc-16/modbus:le").bytes(over: message) == [0xC5, 0xCD])
    #expect(try AppendedChecksum("crc-16/modbus:be").bytes(over: message) == [0xCD, 0xC5])
  }
}
