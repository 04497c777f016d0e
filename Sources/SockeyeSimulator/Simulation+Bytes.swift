import SockeyeTCP
import SockeyeWire

extension Simulation {
  /// A packet's envelope: one network for all, an address for each end.
  func envelope(_ packet: SimulatedPacket) -> IPEnvelope {
    let version = endpoints[packet.source].pointee.configuration.path.version
    return IPEnvelope(
      from: address(packet.source, version: version),
      to: address(packet.source ^ 1, version: version),
      trafficClass: packet.codepoint.rawValue
    )
  }

  private func address(_ index: Int, version: NetworkPath.Version) -> IPAddress {
    let number = UInt32(truncatingIfNeeded: index + 1)
    switch version {
    case .v4: return .v4(IPv4Address(rawValue: 0x0A00_0000 | number))
    case .v6: return .v6(IPv6Address(high: 0xFD00_0000_0000_0000, low: UInt64(number)))
    }
  }

  /// The bytes of a packet, with its data from the sender's ring, or zeros in a run by lengths.
  func emit(_ packet: SimulatedPacket) -> [UInt8] {
    let endpoint = endpoints[packet.source]
    var payload = [UInt8](repeating: 0, count: packet.payload.count)
    if fidelity == .bytes {
      for (offset, position) in packet.payload.enumerated() { payload[offset] = endpoint.pointee.sending[position] }
    }
    let envelope = envelope(packet)
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + packet.header.length + payload.count)
    var span = bytes.mutableSpan
    var rawSpan = span.mutableBytes
    envelope.emit(packet.header, payload: payload.span.bytes, into: &rawSpan)
    return bytes
  }

  /// Takes a packet apart as a host does, and gives it to the engine if its checksums are right.
  mutating func deliverBytes(_ packet: SimulatedPacket, to index: Int) {
    var bytes = packet.bytes
    if let corruption = packet.corruption, bytes.indices.contains(corruption.offset) {
      bytes[corruption.offset] ^= corruption.mask
    }
    guard let segment = parse(bytes, from: packet) else {
      checksumDrops += 1
      return
    }
    let payloadLength = segment.payload.count
    let reception = receive(segment.header, payloadLength: payloadLength, codepoint: segment.codepoint, at: index)
    let endpoint = endpoints[index]
    var offset = segment.payload.lowerBound + reception.payloadOffset
    for position in reception.kept where bytes.indices.contains(offset) {
      endpoint.pointee.receiving[position] = bytes[offset]
      offset += 1
    }
  }

  private struct ParsedSegment {
    let header: TCPHeader
    let payload: Range<Int>
    let codepoint: ECNCodepoint
  }

  /// Parses and verifies a packet; nil if it is not whole, or not the receiver's any more.
  private func parse(_ bytes: [UInt8], from packet: SimulatedPacket) -> ParsedSegment? {
    let span = bytes.span.bytes
    let envelope = envelope(packet)
    do throws(WireError) {
      let transport: Range<Int>
      let trafficClass: UInt8
      if envelope.source.isIPv4 {
        let (header, payload) = try IPv4Header.parse(span)
        guard .v4(header.source) == envelope.source, .v4(header.destination) == envelope.destination else { return nil }
        guard header.protocolNumber == TCPHeader.protocolNumber, !header.isFragment else { return nil }
        (transport, trafficClass) = (payload, header.trafficClass)
      } else {
        let (header, payload) = try IPv6Header.parse(span)
        guard .v6(header.source) == envelope.source, .v6(header.destination) == envelope.destination else { return nil }
        guard header.nextHeader == TCPHeader.protocolNumber else { return nil }
        (transport, trafficClass) = (payload, header.trafficClass)
      }
      let segment = span.extracting(transport)
      var checksum = InternetChecksum(
        pseudoHeaderFrom: envelope.source,
        to: envelope.destination,
        protocolNumber: TCPHeader.protocolNumber,
        length: transport.count
      )
      checksum.add(segment)
      guard checksum.isValid else { return nil }
      let (header, payload) = try TCPHeader.parse(segment)
      let data = transport.lowerBound + payload.lowerBound..<transport.lowerBound + payload.upperBound
      return ParsedSegment(header: header, payload: data, codepoint: ECNCodepoint(bits: trafficClass))
    } catch {
      return nil
    }
  }
}
