internal import SockeyeWire

/// Between whom a packet goes.
struct PacketEnds: Hashable {
  /// One of the two.
  struct End: Hashable {
    var address: IPAddress
    /// TCP's or UDP's; nil for what has none, and for fragments.
    var port: UInt16?
  }

  var source: End
  var destination: End
  /// Whether it is a part of a packet.
  var isFragment = false

  /// Reads them from a packet, whatever else is in it; nil where that is none of IP's.
  init?(_ packet: RawSpan) {
    if let (header, payload) = try? IPv4Header.parseQuoted(packet) {
      source = End(address: .v4(header.source))
      destination = End(address: .v4(header.destination))
      isFragment = header.isFragment
      if !isFragment { readPorts(packet, payload, header.protocolNumber) }
    } else if let (header, payload) = try? IPv6Header.parse(packet) {
      source = End(address: .v6(header.source))
      destination = End(address: .v6(header.destination))
      guard let chain = try? IPv6ExtensionHeaders.parse(packet, header: header, payload: payload) else { return }
      isFragment = chain.fragment != nil
      if !isFragment { readPorts(packet, chain.payload, chain.nextHeader) }
    } else {
      return nil
    }
  }

  /// TCP and UDP both begin with them.
  private mutating func readPorts(_ packet: RawSpan, _ payload: Range<Int>, _ protocolNumber: UInt8) {
    guard protocolNumber == TCPHeader.protocolNumber || protocolNumber == UDPHeader.protocolNumber, payload.count >= 4
    else { return }
    source.port = UInt16(bigEndian: packet.unsafeLoadUnaligned(fromByteOffset: payload.lowerBound, as: UInt16.self))
    let next = payload.lowerBound + 2
    destination.port = UInt16(bigEndian: packet.unsafeLoadUnaligned(fromByteOffset: next, as: UInt16.self))
  }
}
