public import SockeyeWire

/// A TCP segment found in a captured packet.
public struct Dissection: Sendable {
  /// The sender's address.
  public var source: IPAddress
  /// The receiver's address.
  public var destination: IPAddress
  /// The TCP header.
  public var header: TCPHeader
  /// Where the header's bytes lie in the packet.
  public var headerRange: Range<Int>
  /// Bytes of data that the segment had on the wire, whether or not the capture kept them.
  public var payloadLength: Int
  /// Where the data lies in the packet, as far as the capture kept it.
  public var payloadRange: Range<Int>

  /// Finds the TCP segment in a packet; nil if there is none, or its header wasn't kept whole.
  ///
  /// A capture may keep less of a packet than its IP header says: that length is believed for the payload. Checksums are
  /// not looked at, since devices compute them after packets are captured. Fragments but the first have no header.
  public init?(_ packet: RawSpan, linkType: LinkType, originalLength: Int) {
    guard let start = linkType.networkOffset(in: packet) else { return nil }
    let network = packet.extracting(start..<packet.byteCount)
    guard network.byteCount >= 20 else { return nil }
    let isIPv4 = network.unsafeLoad(fromByteOffset: 0, as: UInt8.self) >> 4 == 4
    guard let (transport, length) = isIPv4 ? Self.transportOfIPv4(network) : Self.transportOfIPv6(network) else {
      return nil
    }
    let onWire = max(0, originalLength - start)
    if isIPv4 {
      guard let (header, _) = try? IPv4Header.parseQuoted(network) else { return nil }
      (source, destination) = (.v4(header.source), .v4(header.destination))
    } else {
      guard let (header, _) = try? IPv6Header.parseQuoted(network) else { return nil }
      (source, destination) = (.v6(header.source), .v6(header.destination))
    }
    guard let (header, payload) = try? TCPHeader.parse(network.extracting(transport)) else { return nil }
    self.header = header
    let headerStart = start + transport.lowerBound
    headerRange = headerStart..<headerStart + payload.lowerBound
    payloadRange = headerRange.upperBound..<headerStart + payload.upperBound
    let wire = length > 0 ? length : onWire - transport.lowerBound
    payloadLength = max(0, wire - payload.lowerBound)
  }

  /// Where the transport layer's bytes lie, as far as they were kept, and how many there were; 0 for unknown.
  private static func transportOfIPv4(_ packet: RawSpan) -> (kept: Range<Int>, length: Int)? {
    guard let (header, _) = try? IPv4Header.parseQuoted(packet) else { return nil }
    guard header.protocolNumber == TCPHeader.protocolNumber, header.fragmentOffset == 0 else { return nil }
    let total = Int(packet.loadBigEndian16(2))
    guard header.length <= packet.byteCount else { return nil }
    // A super-segment that the device will cut has a total length of 0 in some captures.
    let end = total > header.length ? min(total, packet.byteCount) : packet.byteCount
    return (header.length..<end, max(0, total - header.length))
  }

  private static func transportOfIPv6(_ packet: RawSpan) -> (kept: Range<Int>, length: Int)? {
    guard packet.byteCount >= IPv6Header.length else { return nil }
    let payloadLength = Int(packet.loadBigEndian16(4))
    var next = packet.unsafeLoad(fromByteOffset: 6, as: UInt8.self)
    var offset = IPv6Header.length
    for _ in 0..<IPv6ExtensionHeaders.maximumCount {
      if next == TCPHeader.protocolNumber {
        let end = payloadLength > 0 ? min(IPv6Header.length + payloadLength, packet.byteCount) : packet.byteCount
        guard offset <= end else { return nil }
        return (offset..<end, max(0, IPv6Header.length + payloadLength - offset))
      }
      guard packet.byteCount >= offset + 8 else { return nil }
      let following = packet.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      switch next {
      case 0, 43, 60: offset += 8 + 8 * Int(packet.unsafeLoad(fromByteOffset: offset + 1, as: UInt8.self))
      case 44:
        guard packet.loadBigEndian16(offset + 2) & 0xFFF8 == 0 else { return nil }
        offset += 8
      default: return nil
      }
      next = following
    }
    return nil
  }
}
