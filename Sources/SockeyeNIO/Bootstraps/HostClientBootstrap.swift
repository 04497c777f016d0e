public import NIOCore
internal import SockeyeHost

/// Connects streams on a host's own TCP: NIO's `ClientBootstrap` for a ``HostEventLoopGroup``.
///
/// ```swift
/// let channel = try await HostClientBootstrap(group: group)
///   .channelInitializer { channel in channel.pipeline.addHandler(EchoHandler()) }
///   .connect(host: "192.0.2.1", port: 7)
///   .get()
/// ```
public struct HostClientBootstrap: NIOClientTCPBootstrapProtocol, Sendable {
  private let group: any EventLoopGroup
  private var options = ChannelOptions.Storage()
  private var initializer: @Sendable (any Channel) -> EventLoopFuture<Void> = {
    $0.eventLoop.makeSucceededVoidFuture()
  }
  private var handlers: (@Sendable () -> [any ChannelHandler])?
  private var source: SocketAddress?

  /// Connects on the loops of `group`: a ``HostEventLoopGroup``, or a ``HostEventLoop``.
  public init(group: any EventLoopGroup) {
    self.group = group
  }

  /// Connects on the loops of `group`, if they are of a kind that has a host; nil if not.
  public init?(validatingGroup group: any EventLoopGroup) {
    guard group.next() is HostEventLoop else { return nil }
    self.init(group: group)
  }

  /// Sets up each channel with `handler`, before it is registered.
  public func channelInitializer(_ handler: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    with { $0.initializer = handler }
  }

  /// Puts the handlers that a protocol needs in front of all others.
  public func protocolHandlers(_ handlers: @escaping @Sendable () -> [any ChannelHandler]) -> Self {
    with { $0.handlers = handlers }
  }

  /// Sets an option of each channel, before it is initialized.
  public func channelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    with { $0.options.append(key: option, value: value) }
  }

  /// Fails a connection that isn't open after `timeout`; 10 seconds unless said.
  public func connectTimeout(_ timeout: TimeAmount) -> Self {
    channelOption(.connectTimeout, value: timeout)
  }

  /// Connects from that address, and from that port unless it is 0.
  public func bind(to address: SocketAddress) -> Self {
    with { $0.source = address }
  }

  private func with(_ change: (inout Self) -> Void) -> Self {
    var copy = self
    change(&copy)
    return copy
  }

  /// Connects to a host by its address or name.
  ///
  /// - Returns: a channel that is active; or why it isn't.
  public func connect(host: String, port: Int) -> EventLoopFuture<any Channel> {
    let loop = group.next()
    do {
      return try HostEventLoop.cast(loop).address(of: host, port: port).flatMap { connect(to: $0, on: loop) }
    } catch {
      return loop.makeFailedFuture(error)
    }
  }

  /// Connects to an address.
  ///
  /// - Returns: a channel that is active; or why it isn't.
  public func connect(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    connect(to: address, on: group.next())
  }

  /// Fails: a network host has no Unix domain sockets.
  public func connect(unixDomainSocketPath: String) -> EventLoopFuture<any Channel> {
    do {
      return connect(to: try SocketAddress(unixDomainSocketPath: unixDomainSocketPath))
    } catch {
      return group.next().makeFailedFuture(error)
    }
  }

  private func connect(to address: SocketAddress, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    makeChannel(for: address, on: loop) { channel in
      channel.pipeline.connect(to: address).map { channel }
    }
  }

  /// Connects to a host by its address or name.
  ///
  /// - Returns: what the initializer made.
  public func connect<Output: Sendable>(
    host: String,
    port: Int,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = try HostEventLoop.cast(group.next())
    return try await connect(to: loop.address(of: host, port: port).get(), on: loop, channelInitializer)
  }

  /// Connects to an address.
  ///
  /// - Returns: what the initializer made.
  public func connect<Output: Sendable>(
    to address: SocketAddress,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    try await connect(to: address, on: group.next(), channelInitializer)
  }

  private func connect<Output: Sendable>(
    to address: SocketAddress,
    on loop: any EventLoop,
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let output = InitializerOutput<Output>(on: loop)
    let connected = with { $0.initializer = output.initializer(initialize, after: initializer) }
      .connect(to: address, on: loop)
    return try await output.of(connected)
  }

  private func makeChannel(
    for address: SocketAddress,
    on loop: any EventLoop,
    _ open: @escaping @Sendable (StreamChannel) -> EventLoopFuture<StreamChannel>
  ) -> EventLoopFuture<any Channel> {
    let (options, initializer, handlers, source) = (options, initializer, handlers, source)
    return loop.flatSubmit {
      let channel: StreamChannel
      do {
        let loop = try HostEventLoop.cast(loop)
        let family = try Endpoint(address).family
        channel = StreamChannel(loop.host.makeSocket(.stream, family), on: loop, parent: nil)
      } catch {
        return loop.makeFailedFuture(error)
      }
      return options.applyAllChannelOptions(to: channel).flatMap {
        guard let source else { return initializer(channel) }
        return channel.pipeline.bind(to: source).flatMap { initializer(channel) }
      }.flatMapThrowing {
        guard let handlers else { return }
        try channel.pipeline.syncOperations.addHandlers(handlers(), position: .first)
      }.flatMap {
        channel.pipeline.register()
      }.flatMap {
        open(channel)
      }.map { $0 as any Channel }.flatMapErrorThrowing { error in
        channel.close0(error: error, mode: .all, promise: nil)
        throw error
      }
    }
  }
}
