import Glibc
public import NIOCore
import SockeyeNIO
import SockeyeText

extension Transport {
  /// Sockeye's own TCP and UDP, on a network host.
  ///
  /// - Parameter group: The host's event loops: a `HostEventLoopGroup`, or a host of a simulated network. Whoever made them ends
  ///   them: what was sent last leaves meanwhile.
  public static func host(on group: any EventLoopGroup) -> Transport {
    Transport(HostTransport(group: group))
  }
}

/// A network host's sockets, by SockeyeNIO.
struct HostTransport: TransportProvider {
  let group: any EventLoopGroup

  var eventLoopGroup: any EventLoopGroup { group }
  var hasUnixSockets: Bool { false }
  var surroundings: Surroundings { Surroundings(virtualLoop) }

  /// The loop, where time is virtual.
  private var virtualLoop: HostEventLoop? {
    guard let loop = group.any() as? HostEventLoop, loop.isInVirtualTime else { return nil }
    return loop
  }

  func addresses(
    ofHost host: String?,
    port: UInt16,
    for purpose: Resolver.Purpose
  ) throws(Failure) -> [SocketAddress]? {
    guard let resolve = virtualLoop?.resolve else { return nil }
    let host = host ?? (purpose == .listening ? "0.0.0.0" : "127.0.0.1")
    do {
      return [try resolve(host, Int(port))]
    } catch {
      throw Failure(.network, .noSuchHost(.literal(host)))
    }
  }

  func connect(
    to address: SocketAddress,
    from source: SocketAddress?,
    options: ConnectOptions,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    var bootstrap = HostClientBootstrap(group: eventLoop).stream(options).channelOption(
      .tcpOption(.tcp_nodelay),
      value: 1
    )
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
    var bootstrap = HostServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Int32(clamping: options.backlog))
      .serverChannelOption(.maxMessagesPerRead, value: options.acceptsAtOnce)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelOption(.autoRead, value: options.autoRead)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try initializer(channel) }
      }
    for (option, value) in options.keepAlive?.socketOptions ?? [] {
      bootstrap = bootstrap.childChannelOption(option, value: value)
    }
    if case .v6 = address { bootstrap = bootstrap.serverChannelOption(KernelSocketOption.v6Only, value: 1) }
    return bootstrap.bind(to: address)
  }

  func bindDatagrams(
    on address: SocketAddress,
    options: DatagramOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel> {
    if let refusal = Self.refusal(of: options) { return group.next().makeFailedFuture(refusal) }
    var bootstrap = HostDatagramBootstrap(group: group).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture { try initializer(channel) }
    }
    if let size = options.receiveBufferSize {
      bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(clamping: size))
    }
    if case .v6 = address { bootstrap = bootstrap.channelOption(KernelSocketOption.v6Only, value: 1) }
    return bootstrap.bind(to: address)
  }

  /// Only a connected socket is told what ICMP says (RFC 1122, section 4.1.3.3).
  func openDatagrams(
    on route: DatagramRoute,
    options: DatagramOptions,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    if let refusal = Self.refusal(of: options) { return eventLoop.makeFailedFuture(refusal) }
    var bootstrap = HostDatagramBootstrap(group: eventLoop)
    if let size = options.receiveBufferSize {
      bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(clamping: size))
    }
    guard let source = route.source else { return bootstrap.connect(to: route.address) }
    return bootstrap.bind(to: source).flatMap { channel in channel.connect(to: route.address).map { channel } }
  }

  private static func refusal(of options: DatagramOptions) -> Failure? {
    guard !options.multicastGroups.isEmpty || options.multicastInterface != nil || options.broadcast else { return nil }
    return Failure(.usage, .noMulticasts)
  }
}
