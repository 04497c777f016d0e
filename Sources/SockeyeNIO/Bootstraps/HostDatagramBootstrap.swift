public import NIOCore
internal import SockeyeHost

/// Binds or connects UDP sockets on a host: NIO's `DatagramBootstrap` for a ``HostEventLoopGroup``. Messages are
/// `AddressedEnvelope<ByteBuffer>`s.
public struct HostDatagramBootstrap: Sendable {
  private let group: any EventLoopGroup
  private var options = ChannelOptions.Storage()
  private var initializer: @Sendable (any Channel) -> EventLoopFuture<Void> = {
    $0.eventLoop.makeSucceededVoidFuture()
  }

  /// Makes channels on the loops of `group`: a ``HostEventLoopGroup``, or a ``HostEventLoop``.
  public init(group: any EventLoopGroup) {
    self.group = group
  }

  /// Makes channels on the loops of `group`, if they are of a kind that has a host; nil if not.
  public init?(validatingGroup group: any EventLoopGroup) {
    guard group.next() is HostEventLoop else { return nil }
    self.init(group: group)
  }

  /// Sets up each channel, before it is registered.
  public func channelInitializer(_ handler: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    with { $0.initializer = handler }
  }

  /// Sets an option of each channel, before it is initialized.
  public func channelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    with { $0.options.append(key: option, value: value) }
  }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  /// Binds to an address or name of the host's.
  ///
  /// - Parameters:
  ///   - host: an address, or a name that stands for one.
  ///   - port: 0 for any that is free.
  public func bind(host: String, port: Int) -> EventLoopFuture<any Channel> {
    resolved(host, port) { bind(to: $0, on: $1) }
  }

  /// Binds to an address of the host's, or to the unspecified one for all of them.
  public func bind(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    bind(to: address, on: group.next())
  }

  /// Connects to a host by its address or name: datagrams go there and come from there alone.
  public func connect(host: String, port: Int) -> EventLoopFuture<any Channel> {
    resolved(host, port) { connect(to: $0, on: $1) }
  }

  /// Connects to an address: datagrams go there and come from there alone.
  public func connect(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    connect(to: address, on: group.next())
  }

  /// Binds to an address or name of the host's.
  ///
  /// - Returns: what the initializer made.
  public func bind<Output: Sendable>(
    host: String,
    port: Int,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = try HostEventLoop.cast(group.next())
    let address = try await loop.address(of: host, port: port).get()
    return try await open(on: loop, channelInitializer) { $0.bind(to: address, on: loop) }
  }

  /// Binds to an address of the host's, or to the unspecified one for all of them.
  ///
  /// - Returns: what the initializer made.
  public func bind<Output: Sendable>(
    to address: SocketAddress,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = group.next()
    return try await open(on: loop, channelInitializer) { $0.bind(to: address, on: loop) }
  }

  /// Connects to a host by its address or name: datagrams go there and come from there alone.
  ///
  /// - Returns: what the initializer made.
  public func connect<Output: Sendable>(
    host: String,
    port: Int,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = try HostEventLoop.cast(group.next())
    let address = try await loop.address(of: host, port: port).get()
    return try await open(on: loop, channelInitializer) { $0.connect(to: address, on: loop) }
  }

  /// Connects to an address: datagrams go there and come from there alone.
  ///
  /// - Returns: what the initializer made.
  public func connect<Output: Sendable>(
    to address: SocketAddress,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = group.next()
    return try await open(on: loop, channelInitializer) { $0.connect(to: address, on: loop) }
  }

  private func open<Output: Sendable>(
    on loop: any EventLoop,
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>,
    _ body: (Self) -> EventLoopFuture<any Channel>
  ) async throws -> Output {
    let output = InitializerOutput<Output>(on: loop)
    return try await output.of(body(with { $0.initializer = output.initializer(initialize, after: initializer) }))
  }

  private func bind(to address: SocketAddress, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    makeChannel(for: address, on: loop) { $0.pipeline.bind(to: address) }
  }

  private func connect(to address: SocketAddress, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    makeChannel(for: address, on: loop) { $0.pipeline.connect(to: address) }
  }

  private func resolved(
    _ host: String,
    _ port: Int,
    _ body: @escaping @Sendable (SocketAddress, any EventLoop) -> EventLoopFuture<any Channel>
  ) -> EventLoopFuture<any Channel> {
    let loop = group.next()
    do {
      return try HostEventLoop.cast(loop).address(of: host, port: port).flatMap { body($0, loop) }
    } catch {
      return loop.makeFailedFuture(error)
    }
  }

  private func makeChannel(
    for address: SocketAddress,
    on loop: any EventLoop,
    _ open: @escaping @Sendable (DatagramChannel) -> EventLoopFuture<Void>
  ) -> EventLoopFuture<any Channel> {
    let (options, initializer) = (options, initializer)
    return loop.flatSubmit {
      let channel: DatagramChannel
      do {
        let loop = try HostEventLoop.cast(loop)
        let family = try Endpoint(address).family
        channel = DatagramChannel(loop.host.makeSocket(.datagram, family), on: loop)
      } catch {
        return loop.makeFailedFuture(error)
      }
      return options.applyAllChannelOptions(to: channel).flatMap {
        initializer(channel)
      }.flatMap {
        channel.pipeline.register()
      }.flatMap {
        open(channel)
      }.map { channel as any Channel }.flatMapErrorThrowing { error in
        channel.close0(error: error, mode: .all, promise: nil)
        throw error
      }
    }
  }
}
