internal import SockeyeTCP
internal import SockeyeWire

/// Packets that come in fragments. A whole one goes the way of any other packet, without a trace of its fragments: its options
/// are read, and errors about it are reported.
extension Host where Storage: ~Copyable {
  /// Takes in a fragment. Returns the packet that has become whole by it.
  mutating func assemble(
    _ fragment: FragmentReassembly.Fragment,
    _ key: FragmentReassembly.Key,
    _ packet: RawSpan,
    _ payload: Range<Int>
  ) -> FragmentReassembly.Whole? {
    switch fragments.take(fragment, key: key, packet: packet, payload: payload, now: now) {
    case .kept:
      return nil
    case .dropped:
      statistics.malformed += 1
      return nil
    case .whole(let whole):
      return whole
    }
  }

  /// An IPv4 packet from its parts: the first fragment's header, and all data (RFC 791 section 3.2); nil where it is larger
  /// than a packet can be.
  static func joinIPv4(_ whole: FragmentReassembly.Whole) -> [UInt8]? {
    var packet = whole.head + whole.payload
    guard packet.count <= IPv4Header.maximumPacketLength, whole.head.count >= IPv4Header.minimumLength else {
      return nil
    }
    packet[1] = packet[1] & 0xFC | whole.codepoint.rawValue
    store(UInt16(truncatingIfNeeded: packet.count), at: 2, in: &packet)
    // Neither flags nor offset, and a checksum that fits.
    store(0, at: 6, in: &packet)
    store(0, at: 10, in: &packet)
    var sum = InternetChecksum()
    sum.add(packet.span.bytes, in: 0..<whole.head.count)
    store(sum.checksum, at: 10, in: &packet)
    return packet
  }

  /// An IPv6 packet from its parts: the headers before the fragment header, the last of which names what follows it, and all
  /// data (RFC 8200 section 4.5); nil where it is larger than a packet can be.
  static func joinIPv6(_ whole: FragmentReassembly.Whole) -> [UInt8]? {
    let head = [UInt8](whole.head.dropLast(IPv6FragmentHeader.length))
    let payloadLength = head.count - IPv6Header.length + whole.payload.count
    guard (0...IPv6Header.maximumPayloadLength).contains(payloadLength) else { return nil }
    var packet = head + whole.payload
    packet[whole.nextHeaderOffset] = whole.protocolNumber
    let codepoint = whole.codepoint.rawValue
    packet[1] = packet[1] & 0xCF | codepoint << 4
    store(UInt16(truncatingIfNeeded: payloadLength), at: 4, in: &packet)
    return packet
  }

  private static func store(_ value: UInt16, at offset: Int, in packet: inout [UInt8]) {
    packet[offset] = UInt8(truncatingIfNeeded: value >> 8)
    packet[offset + 1] = UInt8(truncatingIfNeeded: value)
  }
}
