package import NIOCore

/// What stands behind a ``Transport``: somebody who makes channels for addresses.
package protocol TransportProvider: Sendable {
  /// The event loops that the channels run on.
  var eventLoopGroup: any EventLoopGroup { get }

  /// Whether there are Unix domain sockets.
  var hasUnixSockets: Bool { get }

  /// The clocks, threads and chance that go with it.
  var surroundings: Surroundings { get }

  /// Looks a host up; `nil` where names are the machine's.
  func addresses(ofHost host: String?, port: UInt16, for purpose: Resolver.Purpose) throws(Failure) -> [SocketAddress]?

  /// Connects a stream. The channel does not read by itself, and allows the peer to half-close.
  func connect(
    to address: SocketAddress,
    from source: SocketAddress?,
    options: ConnectOptions,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel>

  /// Listens for streams, which allow the peer to half-close.
  func listen(
    on address: SocketAddress,
    options: ListenOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel>

  /// Accepts streams on a listening socket of the operating system; `nil` where there are no such sockets.
  func listen(
    onInherited descriptor: CInt,
    options: ListenOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel>?

  /// Binds a socket for datagrams.
  func bindDatagrams(
    on address: SocketAddress,
    options: DatagramOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel>

  /// Opens a socket for datagrams along a route. What ICMP says of them is an error of its pipeline.
  func openDatagrams(
    on route: DatagramRoute,
    options: DatagramOptions,
    on eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel>
}

extension TransportProvider {
  package var surroundings: Surroundings { .machine }

  package func addresses(
    ofHost host: String?,
    port: UInt16,
    for purpose: Resolver.Purpose
  ) throws(Failure) -> [SocketAddress]? { nil }

  package func listen(
    onInherited descriptor: CInt,
    options: ListenOptions,
    initializer: @escaping Transport.Initializer
  ) -> EventLoopFuture<any Channel>? { nil }
}

extension NIOClientTCPBootstrapProtocol {
  /// Sets what ``TransportProvider`` promises of a stream that it connects, and what its caller asks for, whoever's TCP it is.
  func stream(_ options: ConnectOptions) -> Self {
    var bootstrap = channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connectTimeout(options.timeout)
    for (option, value) in options.keepAlive?.socketOptions ?? [] {
      bootstrap = bootstrap.channelOption(option, value: value)
    }
    guard let size = options.receiveBufferSize else { return bootstrap }
    return bootstrap.channelOption(.socketOption(.so_rcvbuf), value: .init(clamping: size))
  }
}
