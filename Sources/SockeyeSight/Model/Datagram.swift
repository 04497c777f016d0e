internal import SockeyeWire

/// A packet of a conversation that is no TCP segment.
public struct Datagram: Sendable {
  /// Its place among all packets of the conversation, from one.
  public var number: UInt64
  /// What it is.
  public var content: Content

  /// What a packet can be.
  public enum Content: Hashable, Sendable {
    /// A UDP datagram with so many bytes of data.
    case udp(from: UInt16, to: UInt16, length: Int)
    /// An ICMP message that says why a packet didn't get where it was sent.
    case unreachable(port: Bool)
    /// Anything else, by its protocol's number.
    case other(protocolNumber: UInt8)
  }

  /// A packet, which begins with its IP header.
  init(number: UInt64, _ packet: RawSpan) {
    self.number = number
    content = Self.content(packet)
  }

  /// The packet in a few words, as people write it.
  public var text: String {
    switch content {
    case .udp(let from, let to, let length): "UDP \(from)→\(to) len=\(length)"
    case .unreachable(let port): "ICMP \(port ? "port" : "destination") unreachable"
    case .other(let number): "IP protocol \(number)"
    }
  }

  private static func content(_ packet: RawSpan) -> Content {
    guard let (header, payload) = try? IPv4Header.parse(packet) else { return .other(protocolNumber: 0) }
    let transport = packet.extracting(payload)
    switch header.protocolNumber {
    case UDPHeader.protocolNumber:
      guard let (udp, data) = try? UDPHeader.parse(transport) else { break }
      return .udp(from: udp.sourcePort, to: udp.destinationPort, length: data.count)
    case ICMPv4Message.protocolNumber:
      guard let (message, _) = try? ICMPv4Message.parse(transport) else { break }
      if case .destinationUnreachable(let code, _) = message { return .unreachable(port: code == .port) }
    default: break
    }
    return .other(protocolNumber: header.protocolNumber)
  }
}
