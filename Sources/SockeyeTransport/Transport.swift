public import NIOCore

/// The one thing that applications take to reach a network: somebody's TCP and UDP, as SwiftNIO channels.
///
/// Whose TCP it is, nobody above knows. What comes out is ordinary channels, with NIO's pipelines, back-pressure and
/// half-closure.
///
/// Channels are handed to their initializer on their event loop. An accepted channel is initialized before it is
/// active. A connected one is active already, and has read nothing: its handlers learn so in `handlerAdded`, not in
/// `channelActive`.
public struct Transport: Sendable {
  /// Adds the handlers of a new channel; called on the channel's event loop.
  public typealias Initializer = @Sendable (any Channel) throws -> Void

  let provider: any TransportProvider

  /// Creates a transport over something that provides channels.
  package init(_ provider: any TransportProvider) {
    self.provider = provider
  }

  /// The event loops that the channels run on.
  public var eventLoopGroup: any EventLoopGroup { provider.eventLoopGroup }

  /// The clocks, threads and chance that go with the network.
  public var surroundings: Surroundings { provider.surroundings }

  /// Connects a stream to an endpoint, trying all of its addresses in the manner of RFC 8305.
  ///
  /// - Parameters:
  ///   - endpoint: A host and port, or a Unix domain socket. Its scheme is ignored.
  ///   - options: Families, local address, time limit.
  ///   - initializer: Adds handlers to the channel that won.
  /// - Returns: A channel that is connected. Half-closure by the peer is reported as `ChannelEvent.inputClosed`.
  /// - Throws: A failure of kind `network`, `timedOut` or `usage`.
  public func connect(
    to endpoint: Endpoint,
    options: ConnectOptions = ConnectOptions(),
    initializer: @escaping Initializer
  ) async throws(Failure) -> any Channel {
    let eventLoop = eventLoopGroup.next()
    let deadline = eventLoop.now + options.timeout
    let addresses: [SocketAddress]
    switch endpoint.location {
    case .unix, .abstract:
      addresses = [try unixAddress(endpoint.location)]
    case .network(_, port: 0):
      throw Failure(.usage, .portZero)
    case .network(let host, let port):
      addresses = try await resolve(
        host: host,
        port: port,
        family: options.family,
        numericOnly: options.numericOnly,
        for: .connecting,
        before: deadline,
        on: eventLoop
      )
    }
    let local = try await localAddresses(options, on: eventLoop)

    let race = race(addresses, from: local, before: deadline, options: options, on: eventLoop, initializer: initializer)
    do {
      return try await race.get()
    } catch let lost as RaceLost {
      throw Failure.connecting(endpoint, from: local, lost: lost, timeout: options.timeout)
    } catch let failure as Failure {
      throw failure
    } catch {
      throw Failure(.network, .cannotConnect(endpoint, "\(error)"))
    }
  }

  /// Connects a stream to the first of some addresses that answers.
  ///
  /// - Returns: A channel as `connect(to:options:initializer:)` gives it; fails with ``RaceLost`` where there is none.
  package func race(
    _ addresses: [SocketAddress],
    from local: [SocketAddress],
    before deadline: NIODeadline,
    options: ConnectOptions,
    on eventLoop: any EventLoop,
    initializer: @escaping Initializer
  ) -> EventLoopFuture<any Channel> {
    let provider = self.provider
    return eventLoop.flatSubmit {
      ConnectionRace.run(addresses, before: deadline, on: eventLoop) { address in
        let source = local.first { $0.protocol == address.protocol }
        guard local.isEmpty || source != nil else {
          return eventLoop.makeFailedFuture(Failure(.network, .localFamilyIsOther))
        }
        return provider.connect(to: address, from: source, options: options, on: eventLoop)
      }.flatMapThrowing { try Self.setUp($0, options, initializer) }
    }
  }

  /// Connects a stream to an address that is known already, on an event loop of one's choice.
  ///
  /// - Returns: A channel as `connect(to:options:initializer:)` gives it, or why there is none.
  package func connect(
    to address: SocketAddress,
    on eventLoop: any EventLoop,
    options: ConnectOptions = ConnectOptions(),
    initializer: @escaping Initializer
  ) -> EventLoopFuture<any Channel> {
    // On the loop from the beginning: what is added to a future from elsewhere may run a turn later, when the peer has ended.
    let provider = self.provider
    return eventLoop.flatSubmit {
      provider.connect(to: address, from: nil, options: options, on: eventLoop).flatMapThrowing { channel in
        try Self.setUp(channel, options, initializer)
      }
    }
  }

  /// At once: a peer's end of stream makes NIO read everything before it, asked or not, and what nobody handles is lost.
  private static func setUp(
    _ channel: any Channel,
    _ options: ConnectOptions,
    _ initializer: Initializer
  ) throws -> any Channel {
    do {
      try initializer(channel)
    } catch {
      channel.close(promise: nil)
      throw error
    }
    if options.autoRead { _ = channel.setOption(.autoRead, value: true) }
    return channel
  }

  /// Listens for streams on an endpoint.
  ///
  /// An endpoint without a host is listened on in both families, on the same port.
  ///
  /// - Parameters:
  ///   - endpoint: A host and port, or a Unix domain socket; port 0 asks the system for one.
  ///   - options: Families, backlog, sharing.
  ///   - initializer: Adds handlers to each accepted channel.
  /// - Throws: A failure of kind `network` or `usage`.
  public func listen(
    on endpoint: Endpoint,
    options: ListenOptions = ListenOptions(),
    initializer: @escaping Initializer
  ) async throws(Failure) -> Listener {
    let addresses = try await listeningAddresses(
      endpoint,
      family: options.family,
      numericOnly: options.numericOnly
    )
    return try await bindAll(addresses, of: endpoint) { address in
      try await provider.listen(on: address, options: options, initializer: initializer).get()
    }
  }

  /// Binds sockets for datagrams on an endpoint.
  ///
  /// Each channel's inbound and outbound messages are `AddressedEnvelope<ByteBuffer>`. On a socket for every address of the
  /// machine, `metadata.packetInfo` says which one was asked, as far as the transport can know; an answer that carries it comes
  /// from there.
  ///
  /// - Parameters:
  ///   - endpoint: A host and port, or a Unix domain socket; port 0 asks the system for one. No host means both families.
  ///   - options: Families, broadcast, multicast.
  ///   - initializer: Adds handlers to each bound channel, of which there may be one for each family.
  /// - Throws: A failure of kind `network` or `usage`.
  public func bindDatagrams(
    on endpoint: Endpoint,
    options: DatagramOptions = DatagramOptions(),
    initializer: @escaping Initializer
  ) async throws(Failure) -> Listener {
    let addresses = try await listeningAddresses(
      endpoint,
      family: options.family,
      numericOnly: options.numericOnly
    )
    return try await bindAll(addresses, of: endpoint) { address in
      try await provider.bindDatagrams(on: address, options: options, initializer: initializer).get()
    }
  }
}

// MARK: Names

extension Transport {
  /// Looks a host up as whoever provides the channels does, or else as the machine does.
  package func resolve(
    host: String?,
    port: UInt16,
    family: AddressFamily,
    numericOnly: Bool,
    for purpose: Resolver.Purpose,
    before deadline: NIODeadline = .distantFuture,
    on eventLoop: any EventLoop
  ) async throws(Failure) -> [SocketAddress] {
    if let addresses = try provider.addresses(ofHost: host, port: port, for: purpose) { return addresses }
    return try await Resolver.resolve(
      host: host,
      port: port,
      family: family,
      numericOnly: numericOnly,
      for: purpose,
      before: deadline,
      on: eventLoop
    )
  }
}

// MARK: Inherited sockets

extension Transport {
  func inherit(
    _ descriptor: CInt,
    options: ListenOptions,
    initializer: @escaping Initializer
  ) async throws -> any Channel {
    guard let future = provider.listen(onInherited: descriptor, options: options, initializer: initializer) else {
      throw Failure(.usage, .noInheritance)
    }
    return try await future.get()
  }
}

// MARK: Addresses

extension Transport {
  func unixAddress(_ location: Endpoint.Location) throws(Failure) -> SocketAddress {
    guard provider.hasUnixSockets else {
      throw Failure(.usage, .noUnixSockets)
    }
    switch location {
    case .unix(let path): return try .unix(path: path)
    case .abstract(let name): return try .abstract(name: name)
    case .network: throw Failure(.usage, .badEndpoint)
    }
  }

  package func localAddresses(
    _ options: ConnectOptions,
    on eventLoop: any EventLoop
  ) async throws(Failure) -> [SocketAddress] {
    guard let local = options.localEndpoint else { return [] }
    guard case .network(let host, let port) = local.location else {
      throw Failure(.usage, .badLocalEnd(local))
    }
    return try await resolve(
      host: host,
      port: port,
      family: options.family,
      numericOnly: options.numericOnly,
      for: .listening,
      on: eventLoop
    )
  }

  private func listeningAddresses(
    _ endpoint: Endpoint,
    family: AddressFamily,
    numericOnly: Bool
  ) async throws(Failure) -> [SocketAddress] {
    switch endpoint.location {
    case .unix, .abstract:
      return [try unixAddress(endpoint.location)]
    case .network(let host, let port):
      return try await resolve(
        host: host,
        port: port,
        family: family,
        numericOnly: numericOnly,
        for: .listening,
        on: eventLoopGroup.next()
      )
    }
  }

  /// Binds one socket for each address, all on the port that the first one got.
  ///
  /// A family that this machine lacks is left out as long as the other is there.
  private func bindAll(
    _ addresses: [SocketAddress],
    of endpoint: Endpoint,
    bind: (SocketAddress) async throws -> any Channel
  ) async throws(Failure) -> Listener {
    // The system may give the first family a port that somebody holds in the second.
    let attempts = endpoint.port == 0 ? 16 : 1
    var failure: Failure?
    for _ in 0..<attempts {
      var channels: [any Channel] = []
      do {
        for address in addresses {
          var address = address
          if endpoint.port == 0, let port = channels.first?.localAddress?.port { address.port = port }
          do {
            channels.append(try await bind(address))
          } catch let error as IOError where Self.familyIsMissing(error) && addresses.count > 1 {
            failure = .listening(endpoint, error: error)
          }
        }
        if !channels.isEmpty { return Listener(channels: channels) }
      } catch {
        for channel in channels { try? await channel.close() }
        failure = .listening(endpoint, error: error)
        guard (error as? IOError)?.errnoCode == IOError.addressInUse else { break }
      }
    }
    throw failure ?? Failure(.network, .noAddress(endpoint))
  }

  private static func familyIsMissing(_ error: IOError) -> Bool {
    error.errnoCode == IOError.familyNotSupported || error.errnoCode == IOError.addressNotAvailable
  }
}
