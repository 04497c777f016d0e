import SockeyeWire

/// A router between the hosts whose links take less than the hosts' own.
struct HostRouter {
  /// Bytes of the largest packet that passes.
  let mtu: Int
  /// Whether it tells the senders of others (RFC 1191, RFC 8201). One that doesn't is a black hole.
  let answers: Bool

  /// What becomes of a packet.
  enum Verdict {
    case passes
    /// It doesn't; its sender gets this packet, if any.
    case tooBig(answer: [UInt8]?)
  }

  /// Judges a packet. One that may be fragmented passes as it is: that would be another's work.
  func judge(_ packet: [UInt8]) -> Verdict {
    guard packet.count > mtu else { return .passes }
    if let (header, _) = try? IPv4Header.parse(packet.span.bytes) {
      guard header.dontFragment else { return .passes }
      return .tooBig(answer: answers ? answer(to: header, packet) : nil)
    }
    guard let (header, _) = try? IPv6Header.parse(packet.span.bytes) else { return .passes }
    return .tooBig(answer: answers ? answer(to: header, packet) : nil)
  }

  private func answer(to header: IPv4Header, _ packet: [UInt8]) -> [UInt8] {
    let quote = [UInt8](packet.prefix(header.length + 8))
    let own = IPv4Header(
      protocolNumber: ICMPv4Message.protocolNumber,
      source: IPv4Address(rawValue: 0x0A00_00FE),
      destination: header.source
    )
    let length = ICMPv4Message.headerLength + quote.count
    var answer = [UInt8](repeating: 0, count: IPv4Header.minimumLength + length)
    var span = answer.mutableSpan
    var bytes = span.mutableBytes
    let start = own.emit(into: &bytes, payloadLength: length)
    let message = ICMPv4Message.destinationUnreachable(.fragmentationNeeded, mtu: UInt16(clamping: mtu))
    _ = message.emit(into: &bytes, at: start, payload: quote.span.bytes)
    return answer
  }

  private func answer(to header: IPv6Header, _ packet: [UInt8]) -> [UInt8] {
    let quote = [UInt8](packet.prefix(1_280 - IPv6Header.length - ICMPv6Message.headerLength))
    let router = IPv6Address(high: 0xFD00_0000_0000_0000, low: 0xFF)
    let own = IPv6Header(nextHeader: ICMPv6Message.protocolNumber, source: router, destination: header.source)
    let length = ICMPv6Message.headerLength + quote.count
    var answer = [UInt8](repeating: 0, count: IPv6Header.length + length)
    var span = answer.mutableSpan
    var bytes = span.mutableBytes
    own.emit(into: &bytes, payloadLength: length)
    let message = ICMPv6Message.packetTooBig(mtu: UInt32(clamping: mtu))
    _ = message.emit(
      into: &bytes,
      at: IPv6Header.length,
      from: router,
      to: header.source,
      payload: quote.span.bytes
    )
    return answer
  }
}
