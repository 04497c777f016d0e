import SockeyeWire
import Testing

@Suite("TCP header")
struct TCPHeaderTests {
  @Test("A SYN with the usual options is read as a peer wrote it")
  func synFromLinux() throws {
    // A SYN as Linux sends it: MSS 1460, SACK permitted, timestamps, NOP, window scale 7.
    let bytes: [UInt8] = [
      0xC0, 0x01, 0x00, 0x50, 0x12, 0x34, 0x56, 0x78, 0x00, 0x00, 0x00, 0x00, 0xA0, 0x02, 0xFA, 0xF0,
      0xAB, 0xCD, 0x00, 0x00, 0x02, 0x04, 0x05, 0xB4, 0x04, 0x02, 0x08, 0x0A, 0x00, 0x00, 0x10, 0x00,
      0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07,
    ]
    let (header, payload) = try TCPHeader.parse(bytes.span.bytes)
    #expect(header.sourcePort == 0xC001)
    #expect(header.destinationPort == 80)
    #expect(header.sequenceNumber == 0x1234_5678)
    #expect(header.flags == .syn)
    #expect(header.window == 64240)
    #expect(header.options.maximumSegmentSize == 1460)
    #expect(header.options.sackPermitted)
    #expect(header.options.windowScale == 7)
    #expect(header.options.timestamp == TCPOptions.Timestamp(value: 0x1000, echo: 0))
    #expect(payload == 40..<40)
    #expect(emitted(header) == bytes.with(0, at: 16).with(0, at: 17))
  }

  @Test("A truncation at any byte is refused")
  func truncatedAtEveryByte() throws {
    var header = TCPHeader(sourcePort: 1, destinationPort: 2, sequenceNumber: 3, flags: [.syn])
    header.options.maximumSegmentSize = 1460
    let bytes = emitted(header)
    for count in 0..<bytes.count {
      #expect(throws: WireError.truncated) { try TCPHeader.parse(Array(bytes[..<count]).span.bytes) }
    }
  }
}
