import Glibc
public import NIOCore
import NIOPosix
import SockeyeText

extension Transport {
  /// The TCP and UDP of the operating system.
  ///
  /// - Parameter threads: How many event loops share the work, at least one.
  public static func kernel(threads: Int = 1) -> Transport {
    Transport(KernelTransport(eventLoopGroup: MultiThreadedEventLoopGroup(numberOfThreads: max(1, threads))))
  }

  /// The TCP and UDP of the operating system, on event loops that exist already.
  ///
  /// - Parameter eventLoopGroup: Event loops of NIOPosix.
  public static func kernel(on eventLoopGroup: any EventLoopGroup) -> Transport {
    Transport(KernelTransport(eventLoopGroup: eventLoopGroup))
  }
}

/// The kernel's sockets, by NIOPosix.
struct KernelTransport: TransportProvider {
  let eventLoopGroup: any EventLoopGroup
  var hasUnixSockets: Bool { true }

  func connect(
    to address: SocketAddress,
    from source: SocketAddress?,
    options: ConnectOptions,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    var bootstrap = ClientBootstrap(group: eventLoop).stream(options)
      .channelInitializer { channel in Self.setUpStream(channel) }
    if address.isAbstract { return AbstractSocket.connect(to: address, by: bootstrap, on: eventLoop) }
    if let source {
      bootstrap = bootstrap.channelOption(.socketOption(.so_reuseaddr), value: 1).bind(to: source)
    }
    return bootstrap.connect(to: address)
  }

  func listen(
    on address: SocketAddress,
    options: ListenOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel> {
    if case .unixDomainSocket = address { Self.removeDeadSocket(address) }
    var bootstrap = serverBootstrap(options).childChannelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try initializer(channel) }
    }
    if case .unixDomainSocket = address {
      guard address.isAbstract else { return bootstrap.bind(to: address) }
      return AbstractSocket.listen(on: address, options, by: bootstrap, on: eventLoopGroup.next())
    }
    for (option, value) in options.keepAlive?.socketOptions ?? [] {
      bootstrap = bootstrap.childChannelOption(option, value: value)
    }
    // Accepted sockets inherit it, which saves a system call for each.
    bootstrap = bootstrap.serverChannelOption(.tcpOption(.tcp_nodelay), value: 1)
    bootstrap = bootstrap.serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
    if options.reusePort { bootstrap = bootstrap.serverChannelOption(KernelSocketOption.reusePort, value: 1) }
    if case .v6 = address {
      bootstrap = bootstrap.serverChannelOption(KernelSocketOption.v6Only, value: 1)
    }
    return bootstrap.bind(to: address)
  }

  func listen(
    onInherited descriptor: CInt,
    options: ListenOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel>? {
    serverBootstrap(options).childChannelInitializer { channel in
      Self.setUpStream(channel).flatMapThrowing { try initializer(channel) }
    }.withBoundSocket(descriptor)
  }

  private func serverBootstrap(_ options: ListenOptions) -> ServerBootstrap {
    ServerBootstrap(group: eventLoopGroup, childGroup: eventLoopGroup)
      .serverChannelOption(.backlog, value: Int32(clamping: options.backlog))
      .serverChannelOption(.maxMessagesPerRead, value: options.acceptsAtOnce)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptPause(options.acceptFailed))
        }
      }
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.autoRead, value: options.autoRead)
  }

  func bindDatagrams(
    on address: SocketAddress,
    options: DatagramOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel> {
    if case .unixDomainSocket = address {
      Self.removeDeadSocket(address, type: SOCK_DGRAM)
      return ReportingDatagramChannel.open(options: options, on: eventLoopGroup.next(), initializer) {
        () throws(IOError) in
        try UnixDatagramSocket(boundTo: address)
      }
    }
    let perRead = max(1, min(options.datagramsPerRead, 1024))
    // One buffer holds all datagrams of one system call, side by side.
    let allocator = FixedSizeRecvByteBufferAllocator(capacity: perRead * max(1, min(options.largestDatagram, 65_535)))
    var bootstrap = DatagramBootstrap(group: eventLoopGroup)
      .channelOption(.datagramVectorReadMessageCount, value: perRead)
      .channelOption(.recvAllocator, value: allocator)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if address.isUnspecified { try channel.pipeline.syncOperations.addHandler(AskedAddress()) }
          try initializer(channel)
        }
      }
    if options.reusePort {
      bootstrap = bootstrap.channelOption(KernelSocketOption.reusePort, value: 1)
    }
    if !options.multicastGroups.isEmpty {
      bootstrap = bootstrap.channelOption(.socketOption(.so_reuseaddr), value: 1)
    }
    if options.broadcast {
      bootstrap = bootstrap.channelOption(.socketOption(.so_broadcast), value: 1)
    }
    if let size = options.receiveBufferSize {
      bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(clamping: size))
    }
    if case .v6 = address {
      bootstrap = bootstrap.channelOption(KernelSocketOption.v6Only, value: 1)
    }
    // What was asked is told of everything that is read: a socket has to be bound for that to be set.
    if address.isUnspecified { bootstrap = bootstrap.channelOption(.autoRead, value: false) }
    return bootstrap.bind(to: address).flatMap { channel in
      guard address.isUnspecified else { return channel.eventLoop.makeSucceededFuture(channel) }
      return channel.setOption(.receivePacketInfo, value: true).flatMap {
        channel.setOption(.autoRead, value: true)
      }.map { channel }
    }.flatMap { channel in
      KernelMulticast.setUp(channel, family: address.protocol, options: options).map { channel }.flatMapError { error in
        channel.close().flatMapThrowing { throw error }
      }
    }
  }

  func openDatagrams(
    on route: DatagramRoute,
    options: DatagramOptions,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    let address = route.address
    if case .unixDomainSocket = address {
      return ReportingDatagramChannel.open(options: options, on: eventLoop) { () throws(IOError) in
        try UnixDatagramSocket(connectedTo: address)
      }
    }
    do {
      let local = try route.localAddress()
      // ICMP says nothing of what went to many (RFC 1122, section 3.2.2), and the options for it are NIO's channel's.
      guard options.isForMany || route.address.isMulticast else {
        return ReportingDatagramChannel.open(options: options, on: eventLoop) { () throws(IOError) in
          try ReportingSocket(boundTo: local, receiveBufferSize: options.receiveBufferSize)
        }
      }
      return bindDatagrams(on: local, options: options) { _ in }
    } catch {
      return eventLoop.makeFailedFuture(error)
    }
  }

  /// Sends small writes at once: a reply held back by Nagle's algorithm waits for the peer's delayed acknowledgment,
  /// some 40 ms, whenever a message does not fill its last segment.
  private static func setUpStream(_ channel: any Channel) -> EventLoopFuture<Void> {
    if case .unixDomainSocket = channel.localAddress { return channel.eventLoop.makeSucceededVoidFuture() }
    return channel.setOption(.tcpOption(.tcp_nodelay), value: 1).flatMapErrorThrowing { _ in }
  }

  /// Removes what a dead server left: a socket that nobody listens on. One that answers, or a file of another kind, is
  /// left alone, and binding says that it is in use.
  private static func removeDeadSocket(_ address: SocketAddress, type: __socket_type = SOCK_STREAM) {
    guard case .unixDomainSocket = address, !address.isAbstract else { return }
    let path = String(address.text.dropFirst("unix:".count))
    var status = stat()
    guard ArgumentText.withPath(path, { lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    let descriptor = socket(AF_UNIX, Int32(type.rawValue), 0)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    let connected = address.withSockAddr { pointer, length in Glibc.connect(descriptor, pointer, socklen_t(length)) }
    if connected != 0, errno == ECONNREFUSED { _ = ArgumentText.withPath(path) { unlink($0) } }
  }
}
