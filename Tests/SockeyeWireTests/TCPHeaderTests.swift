import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("TCP header")
struct TCPHeaderTests {
  /// A SYN as Linux sends it: MSS 1460, SACK permitted, timestamps, NOP, window scale 7.
  static let syn: [UInt8] = [
    0xC0, 0x01, 0x00, 0x50, 0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x00, 0x00, 0xA0, 0x02, 0xFA, 0xF0,
    0xAB, 0xCD, 0x00, 0x00, 0x02, 0x04, 0x05, 0xB4, 0x04, 0x02, 0x08, 0x0A, 0x00, 0x00, 0x10, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07,
  ]

  @Test("A SYN of another stack is read as it was meant, and written alike")
  func synOfLinux() throws {
    let (header, payload) = try TCPHeader.parse(Self.syn.span.bytes)
    #expect(header.sourcePort == 0xC001)
    #expect(header.destinationPort == 80)
    #expect(header.sequenceNumber == 0x1234_5678)
    #expect(header.acknowledgmentNumber == 0)
    #expect(header.flags == .syn)
    #expect(header.window == 64240)
    #expect(header.urgentPointer == 0)
    #expect(header.options.maximumSegmentSize == 1460)
    #expect(header.options.sackPermitted)
    #expect(header.options.windowScale == 7)
    #expect(header.options.timestamp == TCPOptions.Timestamp(value: 0x1000, echo: 0))
    #expect(payload == 40..<40)
    #expect(emitted(header) == Self.syn.with(0, at: 16).with(0, at: 17))
  }

  @Test("Every field survives at its extremes")
  func extremes() throws {
    for value in [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF] as [UInt32] {
      let half = UInt16(truncatingIfNeeded: value)
      let fields: [WritableKeyPath<TCPHeader, UInt16>] = [
        \.sourcePort, \.destinationPort, \.window, \.urgentPointer,
      ]
      for field in fields {
        var header = TCPHeader(sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: [])
        header[keyPath: field] = half
        #expect(try TCPHeader.parse(emitted(header).span.bytes).header == header)
      }
      for field in [\TCPHeader.sequenceNumber, \TCPHeader.acknowledgmentNumber] {
        var header = TCPHeader(sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: [])
        header[keyPath: field] = value
        #expect(try TCPHeader.parse(emitted(header).span.bytes).header == header)
      }
    }
    for bits in 0...TCPFlags.all.rawValue {
      let header = TCPHeader(sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: TCPFlags(rawValue: bits))
      #expect(try TCPHeader.parse(emitted(header).span.bytes).header == header)
    }
  }

  @Test("Reserved bits are ignored when read and zero when written")
  func reservedBits() throws {
    let header = try TCPHeader.parse(Self.syn.with(0xAE, at: 12).span.bytes).header
    #expect(header.flags == .syn)
    let written = TCPHeader(sourcePort: 0, destinationPort: 0, sequenceNumber: 0, flags: TCPFlags(rawValue: 0xFFFF))
    #expect(emitted(written)[12] == 0x51)
  }

  @Test("A truncation at any byte is refused")
  func truncatedAtEveryByte() {
    for count in 0..<Self.syn.count {
      #expect(throws: WireError.truncated) { try TCPHeader.parse(Array(Self.syn[..<count]).span.bytes) }
    }
  }

  @Test("A data offset of less than five words is refused, a larger one finds the payload")
  func dataOffsets() throws {
    for words in 0..<16 {
      let bytes = [UInt8](repeating: 0, count: 61).with(UInt8(words) << 4, at: 12)
      if words < 5 {
        #expect(throws: WireError.invalidHeaderLength) { try TCPHeader.parse(bytes.span.bytes) }
      } else {
        #expect(try TCPHeader.parse(bytes.span.bytes).payload == words * 4..<61)
      }
    }
  }

  @Test("A header is written at any offset and nowhere else")
  func emissionInPlace() throws {
    let header = try TCPHeader.parse(Self.syn.span.bytes).header
    let bytes = emitting(50) { header.emit(into: &$0, at: 7) }
    #expect(Array(bytes[..<7]) == [UInt8](repeating: 0xEE, count: 7))
    #expect(Array(bytes[7..<47]) == emitted(header))
    #expect(Array(bytes[47...]) == [UInt8](repeating: 0xEE, count: 3))
  }

  @Test("Any bytes at all are read without harm, and what was read can be written and reads the same")
  func randomBytes() throws {
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var bytes = random.bytes(Int.random(in: 0...70, using: &random))
      if bytes.count > 12, random.chance(3 / 4) { bytes[12] |= 0x50 }
      guard let (header, payload) = try? TCPHeader.parse(bytes.span.bytes) else { continue }
      #expect(payload.upperBound == bytes.count)
      #expect(header.length <= TCPHeader.maximumLength, "seed \(seed)")
      #expect(try TCPHeader.parse(emitted(header).span.bytes).header == header, "seed \(seed)")
    }
  }

  @Test("Control bits read as their names")
  func flagsText() {
    #expect("\(TCPFlags(rawValue: 18))" == "SYN,ACK")
    #expect("\(TCPFlags.all)" == "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR,AE")
    #expect("\(TCPFlags(rawValue: 0xFE00)) \(TCPFlags.rst)" == "none RST")
  }
}
