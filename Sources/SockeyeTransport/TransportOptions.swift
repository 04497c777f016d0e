public import NIOCore

/// How a stream is to be connected.
public struct ConnectOptions: Sendable {
  /// Which families to use.
  public var family = AddressFamily.any
  /// Whether hosts must be addresses: no name server is asked.
  public var numericOnly = false
  /// The local address, or address and port, to connect from.
  public var localEndpoint: Endpoint?
  /// How long resolving and connecting may take together.
  public var timeout = TimeAmount.seconds(10)
  /// Whether the channel starts to read by itself once it is set up.
  public var autoRead = true
  /// The size of the receive buffer that the kernel is asked for, in bytes; nothing leaves it to the kernel.
  public var receiveBufferSize: Int?
  /// Whether TCP asks a silent peer if it is still there; TCP only.
  public var keepAlive: KeepAlive?

  /// The defaults.
  public init() {}
}

/// When TCP asks a silent peer whether it is still there (RFC 9293, section 3.8.4).
public struct KeepAlive: Hashable, Sendable {
  /// How long nothing must have come before it is asked, in seconds, 1 to 32,767.
  public var idle: Int
  /// How long after one question the next is asked, in seconds, 1 to 32,767; nothing leaves it to the system (75).
  public var interval: Int?
  /// After how many questions without an answer the connection is given up, 1 to 127; nothing leaves it to the system (9).
  public var count: Int?

  /// Creates a keep-alive whose other figures are the system's.
  public init(idle: Int) { self.idle = idle }

  /// The options of a socket that this comes to.
  var socketOptions: [(option: ChannelOptions.Types.SocketOption, value: SocketOptionValue)] {
    let times = [
      (KernelSocketOption.keepAliveIdle, idle as Int?), (KernelSocketOption.keepAliveInterval, interval),
      (KernelSocketOption.keepAliveCount, count),
    ]
    return [(KernelSocketOption.keepAlive, 1)]
      + times.compactMap { option, value in value.map { (option, SocketOptionValue(clamping: $0)) } }
  }
}

/// How streams are to be listened for.
public struct ListenOptions: Sendable {
  /// Which families to listen on when the endpoint names no address.
  public var family = AddressFamily.any
  /// Whether hosts must be addresses: no name server is asked.
  public var numericOnly = false
  /// How many connections the system may hold before they are accepted.
  public var backlog = 4096
  /// Whether several processes may listen on the same port and share its connections.
  public var reusePort = false
  /// Whether accepted channels start to read by themselves.
  public var autoRead = true
  /// The most connections accepted before other events are looked at.
  public var acceptsAtOnce: UInt = 64
  /// Whether TCP asks accepted peers that are silent if they are still there; TCP only.
  public var keepAlive: KeepAlive?
  /// Told, on an event loop, that connections can't be accepted for want of something, once until they can.
  public var acceptFailed: (@Sendable (Failure) -> Void)?

  /// The defaults.
  public init() {}
}

/// How datagrams are to be sent and received.
public struct DatagramOptions: Sendable {
  /// Which families to use.
  public var family = AddressFamily.any
  /// Whether hosts must be addresses: no name server is asked.
  public var numericOnly = false
  /// Whether several sockets may be bound to the same port.
  public var reusePort = false
  /// Whether datagrams may be sent to broadcast addresses.
  public var broadcast = false
  /// The multicast groups to join.
  public var multicastGroups: [SocketAddress] = []
  /// The name of the interface on which groups are joined and multicasts leave; nothing leaves it to the system.
  public var multicastInterface: String?
  /// How many routers a multicast may cross, 0 to 255; nothing leaves it to the system (1).
  public var multicastTimeToLive: Int?
  /// Whether multicasts come back to this machine; nothing leaves it to the system (they do).
  public var multicastLoopback: Bool?
  /// How many datagrams one system call may fetch.
  public var datagramsPerRead = 32
  /// The largest datagram that is received whole, in bytes.
  public var largestDatagram = 65_535
  /// The size of the receive buffer that the kernel is asked for, in bytes; nothing leaves it to the kernel.
  public var receiveBufferSize: Int?
  /// How long resolving may take.
  public var timeout = TimeAmount.seconds(10)

  /// The defaults.
  public init() {}
}

extension DatagramOptions {
  /// Whether something was set that only makes sense where many are spoken to.
  var isForMany: Bool {
    broadcast || !multicastGroups.isEmpty || multicastInterface != nil || multicastTimeToLive != nil
      || multicastLoopback != nil
  }
}
