import SockeyeWire
import Testing

@Suite("IP envelope")
struct IPEnvelopeTests {
  private static let envelopes = [
    IPEnvelope(
      from: .v4(IPv4Address(10, 0, 0, 1)),
      to: .v4(IPv4Address(10, 0, 0, 2)),
      trafficClass: 2,
      hopLimit: 9,
      identification: 7
    ),
    IPEnvelope(from: .v6(.loopback), to: .v6(IPv6Address(high: 1, low: 2)), trafficClass: 2, hopLimit: 9),
    IPEnvelope(from: .v4(IPv4Address(10, 0, 0, 1)), to: .v6(.loopback)),
  ]

  /// The payload of a packet, seen to be one of `envelope`.
  private func payload(_ packet: [UInt8], of envelope: IPEnvelope, protocolNumber: UInt8) throws -> [UInt8] {
    if packet[0] >> 4 == 4 {
      let (header, payload) = try IPv4Header.parse(packet.span.bytes)
      #expect(IPAddress.v4(header.source) == envelope.source)
      #expect(IPAddress.v4(header.destination) == envelope.destination)
      #expect(header.trafficClass == envelope.trafficClass)
      #expect(header.timeToLive == envelope.hopLimit)
      #expect(header.identification == envelope.identification)
      #expect(header.protocolNumber == protocolNumber)
      return Array(packet[payload])
    }
    let (header, payload) = try IPv6Header.parse(packet.span.bytes)
    #expect(header.source == envelope.source.asIPv6)
    #expect(header.destination == envelope.destination.asIPv6)
    #expect(header.trafficClass == envelope.trafficClass)
    #expect(header.hopLimit == envelope.hopLimit)
    #expect(header.nextHeader == protocolNumber)
    return Array(packet[payload])
  }

  private func isValid(_ transport: [UInt8], of envelope: IPEnvelope, protocolNumber: UInt8, isIPv6: Bool) -> Bool {
    var sum = InternetChecksum(
      pseudoHeaderFrom: isIPv6 ? .v6(envelope.source.asIPv6) : envelope.source,
      to: isIPv6 ? .v6(envelope.destination.asIPv6) : envelope.destination,
      protocolNumber: protocolNumber,
      length: transport.count
    )
    sum.add(transport.span.bytes)
    return sum.isValid
  }

  @Test("MUST-2: a segment in its envelope is a packet with all checksums right", arguments: envelopes)
  func segments(envelope: IPEnvelope) throws {
    var header = TCPHeader(sourcePort: 1, destinationPort: 2, sequenceNumber: 3, flags: [.ack, .psh])
    header.options.timestamp = TCPOptions.Timestamp(value: 1, echo: 2)
    for count in 0...9 {
      let data = (0..<UInt8(count)).map { $0 &+ 0xF0 }
      let packet = emitting(envelope.headerLength + header.length + count) {
        envelope.emit(header, payload: data.span.bytes, into: &$0)
      }
      let segment = try payload(packet, of: envelope, protocolNumber: 6)
      #expect(isValid(segment, of: envelope, protocolNumber: 6, isIPv6: packet[0] >> 4 == 6))
      let (read, range) = try TCPHeader.parse(segment.span.bytes)
      #expect(read == header)
      #expect(Array(segment[range]) == data)
    }
  }

  @Test("A datagram in its envelope is a packet with all checksums right, or without its own", arguments: envelopes)
  func datagrams(envelope: IPEnvelope) throws {
    for hasChecksum in [true, false] {
      let header = UDPHeader(sourcePort: 1, destinationPort: 2, hasChecksum: hasChecksum)
      for count in 0...9 {
        let data = (0..<UInt8(count)).map { $0 &+ 0xF0 }
        let packet = emitting(envelope.headerLength + 8 + count) {
          envelope.emit(header, payload: data.span.bytes, into: &$0)
        }
        let datagram = try payload(packet, of: envelope, protocolNumber: 17)
        let (read, range) = try UDPHeader.parse(datagram.span.bytes)
        #expect(read == header)
        #expect(Array(datagram[range]) == data)
        if hasChecksum {
          #expect(isValid(datagram, of: envelope, protocolNumber: 17, isIPv6: packet[0] >> 4 == 6))
        }
      }
    }
  }
}
