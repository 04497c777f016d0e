public import NIOCore

/// Where datagrams of a conversation go to and come from.
public struct DatagramRoute: Hashable, Sendable {
  /// Whom they go to.
  public let address: SocketAddress
  /// The local address that they come from, where one was asked for.
  public let source: SocketAddress?

  /// A route to an address that is known already.
  package init(address: SocketAddress, source: SocketAddress?) {
    self.address = address
    self.source = source
  }
}

extension Transport {
  /// Looks up where datagrams for an endpoint may be sent.
  ///
  /// - Parameters:
  ///   - endpoint: A host and port, or a Unix domain socket.
  ///   - options: Families, local address, time limit for names.
  /// - Returns: At least one route, the system's best first.
  /// - Throws: A failure of kind `network`, `timedOut` or `usage`.
  public func datagramRoutes(
    to endpoint: Endpoint,
    options: ConnectOptions = ConnectOptions()
  ) async throws(Failure) -> [DatagramRoute] {
    if endpoint.isUnix { return [DatagramRoute(address: try unixAddress(endpoint.location), source: nil)] }
    guard case .network(let host, let port) = endpoint.location, port != 0 else {
      throw Failure(.usage, .datagramsNeedPort(endpoint))
    }
    let eventLoop = eventLoopGroup.next()
    let addresses = try await resolve(
      host: host,
      port: port,
      family: options.family,
      numericOnly: options.numericOnly,
      for: .connecting,
      before: eventLoop.now + options.timeout,
      on: eventLoop
    )
    let local = try await localAddresses(options, on: eventLoop)
    let routes = addresses.compactMap { address -> DatagramRoute? in
      guard let source = local.first(where: { $0.protocol == address.protocol }) else {
        return local.isEmpty ? DatagramRoute(address: address, source: nil) : nil
      }
      return DatagramRoute(address: address, source: source)
    }
    guard !routes.isEmpty else {
      throw Failure(.network, .localFamilyDiffers(endpoint))
    }
    return routes
  }

  /// Opens a socket for datagrams to an address.
  ///
  /// Its messages are `AddressedEnvelope<ByteBuffer>`. What ICMP says of a datagram, that nobody receives it or that it got
  /// stuck on the way, is an `IOError` of the pipeline, as far as the transport can know; it closes nothing.
  ///
  /// - Parameters:
  ///   - route: Where to, and where from.
  ///   - options: Broadcast, multicast, sizes.
  ///   - eventLoop: The channel's.
  /// - Returns: The channel; fails with a ``Failure`` of kind `network` or `usage`.
  public func openDatagrams(
    on route: DatagramRoute,
    options: DatagramOptions = DatagramOptions(),
    eventLoop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    provider.openDatagrams(on: route, options: options, on: eventLoop).flatMapErrorThrowing { error in
      if let failure = route.source.flatMap({ Failure.binding($0, error: error) }) { throw failure }
      throw error as? Failure ?? Failure(.network, .cannotSendDatagrams(route.address.text, Failure.reason(error)))
    }
  }
}

extension DatagramRoute {
  /// The local address to bind to: any of the address's family, unless one was asked for.
  func localAddress() throws -> SocketAddress {
    if let source { return source }
    return try SocketAddress(ipAddress: address.protocol == .inet6 ? "::" : "0.0.0.0", port: 0)
  }
}
