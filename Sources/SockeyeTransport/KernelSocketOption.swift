import Glibc
import NIOCore

/// The options of Linux's sockets that NIO has no name for.
enum KernelSocketOption {
  typealias Option = ChannelOptions.Types.SocketOption

  /// Several sockets may listen on the same port.
  static let reusePort = Option(level: .socket, name: .init(rawValue: SO_REUSEPORT))

  /// A socket bound to an IPv6 address hears IPv6 alone.
  static let v6Only = ipv6(IPV6_V6ONLY)

  /// How many routers an IPv6 multicast may cross.
  static let multicastHops = ipv6(IPV6_MULTICAST_HOPS)

  /// Whether IPv6 multicasts come back to this machine.
  static let multicastLoopback = ipv6(IPV6_MULTICAST_LOOP)

  /// The index of the interface by which IPv6 multicasts leave.
  static let multicastInterface = ipv6(IPV6_MULTICAST_IF)

  /// Whether a silent peer is asked if it is still there.
  static let keepAlive = Option(level: .socket, name: .init(rawValue: SO_KEEPALIVE))

  /// How long nothing must have come before it is asked, in seconds.
  static let keepAliveIdle = tcp(TCP_KEEPIDLE)

  /// How long after one question the next is asked, in seconds.
  static let keepAliveInterval = tcp(TCP_KEEPINTVL)

  /// How many questions are asked.
  static let keepAliveCount = tcp(TCP_KEEPCNT)

  private static func tcp(_ name: Int32) -> Option {
    Option(level: .init(rawValue: CInt(IPPROTO_TCP)), name: .init(rawValue: name))
  }

  private static func ipv6(_ name: Int32) -> Option {
    Option(level: .init(rawValue: CInt(IPPROTO_IPV6)), name: .init(rawValue: name))
  }
}
