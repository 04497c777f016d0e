extension IPv6ExtensionHeaders {
  /// Whether a first fragment holds the whole chain of headers, the transport's included, as it must (RFC 7112 section 5,
  /// RFC 8200 section 4.5): who filters or delivers packets would else have to guess what they are.
  ///
  /// - Parameters:
  ///   - packet: the fragment.
  ///   - fragment: its fragment header, whose offset is 0.
  ///   - payload: where its data lies.
  public static func holdsWholeChain(
    _ packet: RawSpan,
    _ fragment: IPv6FragmentHeader,
    payload: Range<Int>
  ) -> Bool {
    precondition(payload.lowerBound >= 0 && payload.upperBound <= packet.byteCount, "a payload outside the packet")
    var nextHeader = fragment.nextHeader
    var rest = payload
    for _ in 0...maximumCount {
      switch nextHeader {
      case Number.hopByHop, Number.destinationOptions, Number.routing:
        guard rest.count >= 8 else { return false }
        let length = 8 + 8 * Int(packet.byte(rest.lowerBound + 1))
        guard length <= rest.count else { return false }
        nextHeader = packet.byte(rest.lowerBound)
        rest = rest.lowerBound + length..<rest.upperBound
      case TCPHeader.protocolNumber:
        guard rest.count >= TCPHeader.minimumLength else { return false }
        return rest.count >= 4 * Int(packet.byte(rest.lowerBound + 12) >> 4)
      case UDPHeader.protocolNumber, ICMPv6Message.protocolNumber:
        return rest.count >= 8
      default:
        // Nothing, or what isn't known here: where its header ends can't be told.
        return true
      }
    }
    return true
  }
}
