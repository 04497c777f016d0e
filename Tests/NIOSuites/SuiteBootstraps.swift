import NIOConcurrencyHelpers
import NIOCore
import SockeyeNIO

// NIO's bootstraps by our own, for tests that know no address but the loopback's.

/// Stands for NIO's `ServerBootstrap`. Connections run on their listener's loop.
package struct SuiteServerBootstrap: Sendable {
  private let group: any EventLoopGroup
  private var change: @Sendable (HostServerBootstrap) -> HostServerBootstrap = { $0 }

  package init(group: any EventLoopGroup) {
    self.group = group
  }

  package init(group: any EventLoopGroup, childGroup: any EventLoopGroup) {
    self.group = group
  }

  package init?(validatingGroup group: any EventLoopGroup, childGroup: (any EventLoopGroup)? = nil) {
    guard HostServerBootstrap(validatingGroup: group) != nil else { return nil }
    if let childGroup, HostServerBootstrap(validatingGroup: childGroup) == nil { return nil }
    self.group = group
  }

  private func adding(_ next: @escaping @Sendable (HostServerBootstrap) -> HostServerBootstrap) -> Self {
    var copy = self
    copy.change = { [change] in next(change($0)) }
    return copy
  }

  package func serverChannelInitializer(_ body: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    adding { $0.serverChannelInitializer(body) }
  }

  package func childChannelInitializer(_ body: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    adding { $0.childChannelInitializer(body) }
  }

  package func serverChannelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    adding { $0.serverChannelOption(option, value: value) }
  }

  package func childChannelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    adding { $0.childChannelOption(option, value: value) }
  }

  package func bindTimeout(_ timeout: TimeAmount) -> Self { self }

  package func bind(host: String, port: Int) -> EventLoopFuture<any Channel> {
    withAddress(host, port, group) { bind(to: $0) }
  }

  package func bind(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    let loop = group.next()
    return change(HostServerBootstrap(group: loop)).bind(to: SuiteNetwork.bindable(address, on: loop)).map {
      SuiteNetwork.note($0)
      return $0
    }
  }

  package func bind(unixDomainSocketPath path: String) -> EventLoopFuture<any Channel> {
    group.next().makeCompletedFuture { try SocketAddress(unixDomainSocketPath: path) }.flatMap { bind(to: $0) }
  }

  package func bind<Output: Sendable>(
    host: String,
    port: Int,
    serverBackPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark? = nil,
    childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> NIOAsyncChannel<Output, Never> {
    try await bind(
      to: SocketAddress.makeAddressResolvingHost(host, port: port),
      serverBackPressureStrategy: serverBackPressureStrategy,
      childChannelInitializer: childChannelInitializer
    )
  }

  package func bind<Output: Sendable>(
    to address: SocketAddress,
    serverBackPressureStrategy: NIOAsyncSequenceProducerBackPressureStrategies.HighLowWatermark? = nil,
    childChannelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> NIOAsyncChannel<Output, Never> {
    let loop = group.next()
    let server = try await change(HostServerBootstrap(group: loop)).bind(
      to: SuiteNetwork.bindable(address, on: loop),
      serverBackPressureStrategy: serverBackPressureStrategy,
      childChannelInitializer: childChannelInitializer
    )
    SuiteNetwork.note(server.channel)
    return server
  }
}

/// Stands for NIO's `ClientBootstrap`.
package struct SuiteClientBootstrap: NIOClientTCPBootstrapProtocol, Sendable {
  private let group: any EventLoopGroup
  private var change: @Sendable (HostClientBootstrap) -> HostClientBootstrap = { $0 }
  private var source: SocketAddress?

  package init(group: any EventLoopGroup) {
    self.group = group
  }

  package init?(validatingGroup group: any EventLoopGroup) {
    guard HostClientBootstrap(validatingGroup: group) != nil else { return nil }
    self.group = group
  }

  private func adding(_ next: @escaping @Sendable (HostClientBootstrap) -> HostClientBootstrap) -> Self {
    var copy = self
    copy.change = { [change] in next(change($0)) }
    return copy
  }

  package func channelInitializer(_ body: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    adding { $0.channelInitializer(body) }
  }

  package func protocolHandlers(_ handlers: @escaping @Sendable () -> [any ChannelHandler]) -> Self {
    adding { $0.protocolHandlers(handlers) }
  }

  package func channelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    adding { $0.channelOption(option, value: value) }
  }

  package func connectTimeout(_ timeout: TimeAmount) -> Self {
    adding { $0.connectTimeout(timeout) }
  }

  package func bind(to address: SocketAddress) -> Self {
    var copy = self
    copy.source = address
    return copy
  }

  private func bootstrap(on loop: any EventLoop) -> HostClientBootstrap {
    let bootstrap = change(HostClientBootstrap(group: loop))
    guard let source else { return bootstrap }
    return bootstrap.bind(to: SuiteNetwork.bindable(source, on: loop))
  }

  package func connect(host: String, port: Int) -> EventLoopFuture<any Channel> {
    withAddress(host, port, group) { connect(to: $0) }
  }

  package func connect(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    let loop = group.next()
    return bootstrap(on: loop).connect(to: SuiteNetwork.connectable(address, on: loop))
  }

  package func connect(unixDomainSocketPath path: String) -> EventLoopFuture<any Channel> {
    bootstrap(on: group.next()).connect(unixDomainSocketPath: path)
  }

  package func connect<Output: Sendable>(
    unixDomainSocketPath path: String,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    try await connect(to: SocketAddress(unixDomainSocketPath: path), channelInitializer: channelInitializer)
  }

  /// Fails: a descriptor is the kernel's.
  package func withConnectedSocket<Output: Sendable>(
    _ descriptor: CInt,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    throw ChannelError.operationUnsupported
  }

  package func connect<Output: Sendable>(
    host: String,
    port: Int,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    try await connect(
      to: SocketAddress.makeAddressResolvingHost(host, port: port),
      channelInitializer: channelInitializer
    )
  }

  package func connect<Output: Sendable>(
    to address: SocketAddress,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = group.next()
    return try await bootstrap(on: loop).connect(
      to: SuiteNetwork.connectable(address, on: loop),
      channelInitializer: channelInitializer
    )
  }
}

/// Stands for NIO's `DatagramBootstrap`.
package struct SuiteDatagramBootstrap: Sendable {
  private let group: any EventLoopGroup
  private var change: @Sendable (HostDatagramBootstrap) -> HostDatagramBootstrap = { $0 }

  package init(group: any EventLoopGroup) {
    self.group = group
  }

  package init?(validatingGroup group: any EventLoopGroup) {
    guard HostDatagramBootstrap(validatingGroup: group) != nil else { return nil }
    self.group = group
  }

  private func adding(_ next: @escaping @Sendable (HostDatagramBootstrap) -> HostDatagramBootstrap) -> Self {
    var copy = self
    copy.change = { [change] in next(change($0)) }
    return copy
  }

  package func channelInitializer(_ body: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    adding { $0.channelInitializer(body) }
  }

  package func channelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self {
    adding { $0.channelOption(option, value: value) }
  }

  package func bind(host: String, port: Int) -> EventLoopFuture<any Channel> {
    withAddress(host, port, group) { bind(to: $0) }
  }

  package func bind(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    let loop = group.next()
    return change(HostDatagramBootstrap(group: loop)).bind(to: SuiteNetwork.bindable(address, on: loop)).map {
      SuiteNetwork.note($0)
      return $0
    }
  }

  package func connect(host: String, port: Int) -> EventLoopFuture<any Channel> {
    withAddress(host, port, group) { connect(to: $0) }
  }

  package func connect(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    let loop = group.next()
    return change(HostDatagramBootstrap(group: loop)).connect(to: SuiteNetwork.connectable(address, on: loop))
  }

  package func bind<Output: Sendable>(
    to address: SocketAddress,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = group.next()
    let made = NIOLockedValueBox<(any Channel)?>(nil)
    let output = try await change(HostDatagramBootstrap(group: loop)).bind(
      to: SuiteNetwork.bindable(address, on: loop),
      channelInitializer: { channel in
        made.withLockedValue { $0 = channel }
        return channelInitializer(channel)
      }
    )
    if let channel = made.withLockedValue({ $0 }) { SuiteNetwork.note(channel) }
    return output
  }

  package func bind<Output: Sendable>(
    host: String,
    port: Int,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    try await bind(
      to: SocketAddress.makeAddressResolvingHost(host, port: port),
      channelInitializer: channelInitializer
    )
  }

  package func connect<Output: Sendable>(
    to address: SocketAddress,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    let loop = group.next()
    return try await change(HostDatagramBootstrap(group: loop)).connect(
      to: SuiteNetwork.connectable(address, on: loop),
      channelInitializer: channelInitializer
    )
  }

  package func connect<Output: Sendable>(
    host: String,
    port: Int,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    try await connect(
      to: SocketAddress.makeAddressResolvingHost(host, port: port),
      channelInitializer: channelInitializer
    )
  }

  package func connect<Output: Sendable>(
    unixDomainSocketPath path: String,
    channelInitializer: @escaping @Sendable (any Channel) -> EventLoopFuture<Output>
  ) async throws -> Output {
    try await connect(to: SocketAddress(unixDomainSocketPath: path), channelInitializer: channelInitializer)
  }
}

/// Names are looked up at once: no loop is asked for that isn't used.
private func withAddress(
  _ host: String,
  _ port: Int,
  _ group: any EventLoopGroup,
  _ body: (SocketAddress) -> EventLoopFuture<any Channel>
) -> EventLoopFuture<any Channel> {
  do {
    return body(try SocketAddress.makeAddressResolvingHost(host, port: port))
  } catch {
    return group.next().makeFailedFuture(error)
  }
}
