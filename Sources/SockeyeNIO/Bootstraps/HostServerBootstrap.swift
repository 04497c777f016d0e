public import NIOCore
internal import SockeyeHost

/// Listens for streams on a host's own TCP: NIO's `ServerBootstrap` for a ``HostEventLoopGroup``. Connections run on the
/// loop of the listener that they came to.
public struct HostServerBootstrap: Sendable {
  private let group: any EventLoopGroup
  private var serverOptions = ChannelOptions.Storage()
  private var childOptions = ChannelOptions.Storage()
  private var serverInitializer: @Sendable (any Channel) -> EventLoopFuture<Void> = {
    $0.eventLoop.makeSucceededVoidFuture()
  }
  private var childInitializer: @Sendable (any Channel) -> EventLoopFuture<Void> = {
    $0.eventLoop.makeSucceededVoidFuture()
  }

  /// Listens on a loop of `group`: a ``HostEventLoopGroup``, or a ``HostEventLoop``.
  public init(group: any EventLoopGroup) {
    self.group = group
  }

  /// Listens on the loops of `group`, if they are of a kind that has a host; nil if not.
  public init?(validatingGroup group: any EventLoopGroup) {
    guard group.next() is HostEventLoop else { return nil }
    self.init(group: group)
  }

  /// Sets up the listening channel, before it is registered.
  public func serverChannelInitializer(
    _ initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> Self {
    with { $0.serverInitializer = initializer }
  }

  /// Sets up each accepted channel, before it is active.
  public func childChannelInitializer(
    _ initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>
  ) -> Self {
    with { $0.childInitializer = initializer }
  }

  /// Sets an option of the listening channel.
  public func serverChannelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    with { $0.serverOptions.append(key: option, value: value) }
  }

  /// Sets an option of each accepted channel, before it is initialized.
  public func childChannelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    with { $0.childOptions.append(key: option, value: value) }
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
    let loop = group.next()
    do {
      return try HostEventLoop.cast(loop).address(of: host, port: port).flatMap { bind(to: $0, on: loop) }
    } catch {
      return loop.makeFailedFuture(error)
    }
  }

  /// Binds to an address of the host's, or to the unspecified one for all of them.
  public func bind(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    bind(to: address, on: group.next())
  }

  private func bind(to address: SocketAddress, on loop: any EventLoop) -> EventLoopFuture<any Channel> {
    bind(to: address, on: loop) { channel in loop.makeSucceededFuture(channel as any Channel) }
  }

  /// Binds to an address or name of the host's.
  ///
  /// - Returns: the listening channel, whose inbound stream is what the initializer made of each connection.
  public func bind<Output: Sendable>(
    host: String,
    port: Int,
    serverBackPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark? = nil,
    childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> NIOAsyncChannel<Output, Never> {
    let loop = try HostEventLoop.cast(group.next())
    return try await bind(
      to: loop.address(of: host, port: port).get(),
      on: loop,
      strategy: serverBackPressureStrategy,
      childChannelInitializer
    )
  }

  /// Binds to an address of the host's.
  ///
  /// - Returns: the listening channel, whose inbound stream is what the initializer made of each connection.
  public func bind<Output: Sendable>(
    to address: SocketAddress,
    serverBackPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark? = nil,
    childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> NIOAsyncChannel<Output, Never> {
    try await bind(to: address, on: group.next(), strategy: serverBackPressureStrategy, childChannelInitializer)
  }

  private func bind<Output: Sendable>(
    to address: SocketAddress,
    on loop: any EventLoop,
    strategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark?,
    _ initialize: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> NIOAsyncChannel<Output, Never> {
    try await bind(to: address, on: loop) { channel in
      loop.makeCompletedFuture {
        try NIOAsyncChannel<Output, Never>._wrapAsyncChannelWithTransformations(
          wrappingChannelSynchronously: channel,
          backPressureStrategy: strategy,
          channelReadTransformation: { child in child.eventLoop.flatSubmit { initialize(child) } }
        )
      }
    }.get()
  }

  /// Binds a channel of which `wrap` makes something before it is registered.
  private func bind<Result: Sendable>(
    to address: SocketAddress,
    on loop: any EventLoop,
    _ wrap: @escaping @Sendable (ServerChannel) -> EventLoopFuture<Result>
  ) -> EventLoopFuture<Result> {
    let (serverOptions, serverInitializer) = (serverOptions, serverInitializer)
    let (childOptions, childInitializer) = (childOptions, childInitializer)
    return loop.flatSubmit {
      let channel: ServerChannel
      do {
        let loop = try HostEventLoop.cast(loop)
        let family = try Endpoint(address).family
        channel = ServerChannel(loop.host.makeSocket(.stream, family), on: loop)
      } catch {
        return loop.makeFailedFuture(error)
      }
      return serverOptions.applyAllChannelOptions(to: channel).flatMap {
        serverInitializer(channel)
      }.flatMapThrowing {
        let handler = AcceptHandler(options: childOptions, initializer: childInitializer)
        try channel.pipeline.syncOperations.addHandler(handler, name: "AcceptHandler")
      }.flatMap {
        wrap(channel)
      }.flatMap { result in
        channel.pipeline.register().flatMap { channel.pipeline.bind(to: address) }.map { result }
      }.flatMapErrorThrowing { error in
        channel.close0(error: error, mode: .all, promise: nil)
        throw error
      }
    }
  }
}

/// Sets up accepted channels, and hands on those that are ready. One whose listener has closed meanwhile is closed: nobody
/// would register it.
private final class AcceptHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private let options: ChannelOptions.Storage
  private let initializer: @Sendable (any Channel) -> EventLoopFuture<Void>

  init(options: ChannelOptions.Storage, initializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) {
    self.options = options
    self.initializer = initializer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let child = Self.unwrapInboundIn(data)
    let initializer = initializer
    let context = context.loopBound
    options.applyAllChannelOptions(to: child).flatMap {
      initializer(child)
    }.hop(to: context.eventLoop).flatMapThrowing {
      guard context.value.channel.isActive else { throw ChannelError.ioOnClosedChannel }
      context.value.fireChannelRead(NIOAny(child))
    }.whenFailure { error in
      child.close(promise: nil)
      context.value.fireErrorCaught(error)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent {
      let context = context.loopBound
      context.value.channel.close().whenFailure { context.value.fireErrorCaught($0) }
    }
    context.fireUserInboundEventTriggered(event)
  }
}
