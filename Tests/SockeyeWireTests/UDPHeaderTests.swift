import SockeyeWire
import Testing

@Suite("UDP header")
struct UDPHeaderTests {
  @Test("A header is written as RFC 768 draws it, and read back")
  func layout() throws {
    let header = UDPHeader(sourcePort: 0x1234, destinationPort: 0xFFFF)
    let bytes = emitting(10) { header.emit(into: &$0, payloadLength: 2) }
    #expect(bytes == [0x12, 0x34, 0xFF, 0xFF, 0, 10, 0, 0, 0xEE, 0xEE])
    let (read, payload) = try UDPHeader.parse(bytes.with(1, at: 6).span.bytes)
    #expect(read == header)
    #expect(payload == 8..<10)
    #expect(try !UDPHeader.parse(bytes.span.bytes).header.hasChecksum)
  }

  @Test("A truncation at any byte is refused, and padding behind the datagram is left out")
  func truncatedAtEveryByte() throws {
    let bytes = emitting(12) { UDPHeader(sourcePort: 1, destinationPort: 2).emit(into: &$0, payloadLength: 4) }
    for count in 0..<bytes.count {
      #expect(throws: WireError.truncated) { try UDPHeader.parse(Array(bytes[..<count]).span.bytes) }
    }
    #expect(try UDPHeader.parse((bytes + [9, 9]).span.bytes).payload == 8..<12)
  }

  @Test("A length below the header's is refused")
  func lengths() {
    for length in 0..<8 as Range<UInt8> {
      #expect(throws: WireError.invalidLength) {
        try UDPHeader.parse(([0, 1, 0, 2, 0, length, 0, 0] as [UInt8]).span.bytes)
      }
    }
  }

  @Test("The longest datagram is 65,535 bytes")
  func longest() throws {
    let header = UDPHeader(sourcePort: 1, destinationPort: 2)
    let bytes = emitting(65535) { header.emit(into: &$0, payloadLength: 65527) }
    #expect(try UDPHeader.parse(bytes.span.bytes).payload == 8..<65535)
  }
}
