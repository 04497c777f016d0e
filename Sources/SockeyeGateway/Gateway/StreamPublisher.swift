internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeTransport
internal import SockeyeWire

/// Lets the machine's clients reach servers of a gateway's child: each stream is joined to one of our host's to the child, which
/// comes from the client's own address and port, as far as that can be.
final class StreamPublisher: @unchecked Sendable {
  // Unchecked for its count, which `loop` alone touches: `publish`, which may be called from anywhere, reads constants, and each
  // client's stream is executed on the loop.

  private let loop: HostEventLoop
  private let network: GatewayNetwork
  private let most: Int
  private var count = 0

  /// How long the child may take to answer.
  private static let openingTime = TimeAmount.seconds(10)

  init(on loop: HostEventLoop, _ configuration: GatewayConfiguration) {
    self.loop = loop
    network = configuration.network
    most = configuration.mostStreams
  }

  /// Begins to listen at a port of the machine's.
  ///
  /// - Throws: a failure of kind `network` or `usage`.
  func publish(_ published: PublishedPort, by outside: Transport) async throws(Failure) -> Listener {
    var options = ListenOptions()
    options.autoRead = false
    let port = published.port
    return try await outside.listen(on: published.endpoint, options: options) { client in
      try client.pipeline.syncOperations.addHandler(JunctionEnd())
      self.loop.execute { self.carry(client, to: port) }
    }
  }

  private func carry(_ client: any Channel, to port: UInt16) {
    guard count < most, let address = client.remoteAddress, let source = try? HostEndpoint(address) else {
      return Junction.reset(client)
    }
    count += 1
    client.closeFuture.hop(to: loop).assumeIsolated().whenComplete { _ in self.count -= 1 }
    let from = network.source(for: source)
    connect(from: from, to: port).assumeIsolated().flatMapError { _ in
      // Another stream of ours has the client's port.
      self.connect(from: HostEndpoint(from.address, port: 0), to: port)
    }.whenComplete { result in
      switch result {
      case .success(let channel): Junction.join(client, channel)
      case .failure: Junction.reset(client)
      }
    }
  }

  private func connect(from source: HostEndpoint, to port: UInt16) -> EventLoopFuture<any Channel> {
    let child = source.address.isIPv4 ? IPAddress.v4(network.child4) : .v6(network.child6)
    return HostClientBootstrap(group: loop)
      .channelOption(.autoRead, value: false)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connectTimeout(Self.openingTime)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(JunctionEnd()) }
      }
      .bind(to: SocketAddress(source))
      .connect(to: SocketAddress(HostEndpoint(child, port: port)))
  }
}

extension GatewayNetwork {
  /// Where a client appears to come from inside: from where it does, unless that means somebody else there. The machine itself,
  /// and what the child's own network has an address for, come from the gateway.
  func source(for client: HostEndpoint) -> HostEndpoint {
    var address = client.address
    if case .v6(let mapping) = address, let mapped = mapping.mapped { address = .v4(mapped) }
    let isElsewhere: Bool
    switch address {
    case .v4(let address): isElsewhere = !address.isIn(gateway4, prefixLength: prefixLength4)
    case .v6(let address): isElsewhere = !address.isIn(gateway6, prefixLength: prefixLength6) && !address.isLinkLocal
    }
    guard !isElsewhere || address.isNeverForwarded else { return HostEndpoint(address, port: client.port) }
    return HostEndpoint(address.isIPv4 ? .v4(gateway4) : .v6(gateway6), port: client.port)
  }
}
