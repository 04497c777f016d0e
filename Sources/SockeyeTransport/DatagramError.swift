import CSockeyeLinux
import Glibc
package import NIOCore

/// What ICMP said of a datagram that a socket sent.
package struct DatagramError {
  /// What it means for who sent it.
  package let error: IOError
  /// The first bytes of the datagram, up to eight: of an echo request, its header.
  package let start: [UInt8]
  /// Set where the datagram has crossed as many routers as it may.
  package let exceeded: HopLimitExceeded?

  /// Takes the next one of a socket that keeps them; nil when there is none.
  init?(of descriptor: CInt) {
    var reason = sockeye_datagram_error()
    let number = sockeye_take_datagram_error(descriptor, &reason)
    guard number != 0 else { return nil }
    // ICMPv6 says EACCES of what a router prohibits; what this side may not send is an error of sending.
    error = IOError(errnoCode: number == EACCES ? EHOSTUNREACH : number, reason: "ICMP")
    start = withUnsafeBytes(of: reason.start) { Array($0.prefix(reason.start_length)) }
    let reporter = withUnsafeBytes(of: reason.reporter) { ByteBuffer(bytes: $0.prefix(reason.reporter_length)) }
    let address = try? SocketAddress(packedIPAddress: reporter, port: 0)
    exceeded = reason.is_hop_limit != 0 ? address.map(HopLimitExceeded.init) : nil
  }
}

/// A datagram has crossed as many routers as its hop limit lets it. A channel whose `hopLimit` was set tells so; others say
/// that the host is unreachable.
package struct HopLimitExceeded: Error {
  /// The router that says so.
  package let router: SocketAddress
}

extension ChannelOptions.Types.SocketOption {
  /// How many routers a datagram may cross.
  package static func hopLimit(isIPv4: Bool) -> Self {
    isIPv4
      ? Self(level: .ip, name: .init(rawValue: IP_TTL))
      : Self(level: .ipv6, name: .init(rawValue: CInt(IPV6_UNICAST_HOPS)))
  }
}
