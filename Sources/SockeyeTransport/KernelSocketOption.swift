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

  private static func ipv6(_ name: Int32) -> Option {
    Option(level: .init(rawValue: CInt(IPPROTO_IPV6)), name: .init(rawValue: name))
  }
}
