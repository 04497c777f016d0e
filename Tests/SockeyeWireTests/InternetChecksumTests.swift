import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("Internet checksum")
struct InternetChecksumTests {
  /// RFC 1071 as it reads: big-endian words added one by one, each carry brought around at once.
  static func oracle(_ bytes: some Collection<UInt8>) -> UInt16 {
    var sum: UInt32 = 0
    var high = true
    for byte in bytes {
      sum += high ? UInt32(byte) << 8 : UInt32(byte)
      if sum > 0xFFFF { sum = (sum & 0xFFFF) + 1 }
      high.toggle()
    }
    return ~UInt16(sum)
  }

  @Test("The sum agrees with the definition at every alignment and length")
  func everyAlignmentAndLength() {
    var random = SeededGenerator(seed: 1)
    let bytes = random.bytes(400)
    for alignment in 0..<16 {
      for length in 0...300 {
        var checksum = InternetChecksum()
        checksum.add(bytes.span.bytes.extracting(alignment..<alignment + length))
        guard checksum.checksum == Self.oracle(bytes[alignment..<alignment + length]) else {
          Issue.record("\(length) bytes at \(alignment)")
          return
        }
      }
    }
  }

  @Test("The sum agrees with the definition for long and for extreme bytes", arguments: [0x00, 0x01, 0xFF] as [UInt8])
  func longRuns(byte: UInt8) {
    for length in [1499, 1500, 9000, 65535, 1 << 20] {
      let bytes = [UInt8](repeating: byte, count: length)
      var checksum = InternetChecksum()
      checksum.add(bytes.span.bytes)
      #expect(checksum.checksum == Self.oracle(bytes), "\(length) bytes")
    }
  }

  @Test("Pieces of any lengths, odd ones too, sum to the whole")
  func pieces() {
    for seed in 0..<500 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let bytes = random.bytes(Int.random(in: 0...200, using: &random))
      var checksum = InternetChecksum()
      var start = 0
      while start < bytes.count {
        let end = Int.random(in: start...bytes.count, using: &random)
        checksum.add(bytes.span.bytes.extracting(start..<end))
        start = end
      }
      #expect(checksum.checksum == Self.oracle(bytes), "seed \(seed)")
    }
  }

  @Test("Fields sum as the bytes that they stand for")
  func fields() {
    var checksum = InternetChecksum()
    checksum.add(0x1234 as UInt16)
    checksum.add(0x5678_9ABC as UInt32)
    #expect(checksum.checksum == Self.oracle([0x12, 0x34, 0x56, 0x78, 0x9A, 0xBC]))
  }

  @Test("MUST-3: a packet whose checksum stands in its field is valid, and no other checksum is")
  func validity() {
    var random = SeededGenerator(seed: 2)
    var bytes = random.bytes(64).with(0, at: 10).with(0, at: 11)
    var checksum = InternetChecksum()
    checksum.add(bytes.span.bytes)
    let right = checksum.checksum
    for value in UInt16.min...UInt16.max {
      bytes[10] = UInt8(value >> 8)
      bytes[11] = UInt8(value & 0xFF)
      var received = InternetChecksum()
      received.add(bytes.span.bytes)
      if received.isValid != (value == right) { Issue.record("\(value) of \(right)") }
    }
  }

  @Test("Nothing sums to nothing: an empty sum isn't valid, and its checksum is all ones")
  func empty() {
    #expect(InternetChecksum().checksum == 0xFFFF)
    #expect(!InternetChecksum().isValid)
  }

  @Test("A pseudo-header sums as its bytes, of either family")
  func pseudoHeader() throws {
    let v4 = InternetChecksum(
      pseudoHeaderFrom: .v4(IPv4Address(192, 0, 2, 1)),
      to: .v4(IPv4Address(198, 51, 100, 2)),
      protocolNumber: 6,
      length: 0x1234
    )
    #expect(v4.checksum == Self.oracle([192, 0, 2, 1, 198, 51, 100, 2, 0, 6, 0x12, 0x34]))
    let source = try #require(IPv6Address("2001:db8::1:2"))
    let v6 = InternetChecksum(
      pseudoHeaderFrom: .v6(source),
      to: .v6(.loopback),
      protocolNumber: 17,
      length: 0x12_3456
    )
    let bytes: [UInt8] =
      [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 2]
      + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] + [0, 0x12, 0x34, 0x56, 0, 0, 0, 17]
    #expect(v6.checksum == Self.oracle(bytes))
  }

  @Test("A device that adds the payload to the partial sum gets the checksum")
  func partialSum() {
    let payload: [UInt8] = [1, 2, 3, 4, 5]
    let pseudo = InternetChecksum(
      pseudoHeaderFrom: .v4(.loopback),
      to: .v4(.loopback),
      protocolNumber: 6,
      length: payload.count
    )
    var whole = pseudo
    whole.add(payload.span.bytes)
    var device = InternetChecksum()
    device.add(pseudo.partial)
    device.add(payload.span.bytes)
    #expect(device.checksum == whole.checksum)
  }

  @Test("UDP's checksum is never zero")
  func udpZero() {
    var checksum = InternetChecksum()
    checksum.add(0xFFFF as UInt16)
    #expect(checksum.checksum == 0)
    #expect(checksum.udpChecksum == 0xFFFF)
    checksum.add(1 as UInt16)
    #expect(checksum.udpChecksum == checksum.checksum)
  }

  @Test("RFC 1624: an updated checksum is that of the changed packet, zero and all ones included")
  func incrementalUpdate() {
    let values: [UInt16] = [0, 1, 0x1234, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF, 0x5555, 0xAAAA]
    for other in values {
      for old in values {
        for new in values {
          // With another word that isn't zero there is one checksum; of zeros alone there would be two.
          let before = Self.oracle([1, 0, UInt8(other >> 8), UInt8(other & 0xFF), UInt8(old >> 8), UInt8(old & 0xFF)])
          let after = Self.oracle([1, 0, UInt8(other >> 8), UInt8(other & 0xFF), UInt8(new >> 8), UInt8(new & 0xFF)])
          #expect(InternetChecksum.updated(before, from: old, to: new) == after, "\(other) \(old) \(new)")
        }
      }
    }
    // The example of RFC 1624 section 4, which RFC 1141 got wrong.
    #expect(InternetChecksum.updated(0xDD2F, from: 0x5555 as UInt16, to: 0x3285) == 0x0000)
  }

  @Test("RFC 1624: an address can change as a whole")
  func incrementalUpdateOfAddress() {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<1000 {
      let (old, new) = (random.next(), random.next())
      let (oldField, newField) = (UInt32(truncatingIfNeeded: old), UInt32(truncatingIfNeeded: new))
      var before = InternetChecksum()
      before.add(0x4500 as UInt16)
      var after = before
      before.add(oldField)
      after.add(newField)
      #expect(InternetChecksum.updated(before.checksum, from: oldField, to: newField) == after.checksum)
    }
  }
}
