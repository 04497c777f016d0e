public import NIOCore
public import SockeyeTransport
internal import Synchronization

/// Connects for others: clients that speak SOCKS version 5 or ask by HTTP's CONNECT, on one port.
///
/// Everything is bounded: how many clients there are, how long they may take to say what they want, how long a connection may take
/// to open, and what waits on a connection that the other side doesn't read from.
public final class ProxyService: Sendable {
  /// How a proxy behaves.
  public struct Configuration: Sendable {
    /// Where its clients may go. Loopback, links and the machine's own addresses are closed unless a rule names the address.
    public var rules = AccessPolicy()
    /// Whether that is a user with that password; called on threads where it may take its time. Nothing serves everybody.
    public var isUser: (@Sendable (String, [UInt8]) -> Bool)?
    /// How streams are listened for. Silent clients are asked after two minutes if they are still there.
    public var listen = ListenOptions()
    /// How destinations are connected to: families, and how long it may take.
    public var connect = ConnectOptions()
    /// How many clients there may be at once.
    public var mostClients = 1024
    /// How long a client may take to say what it wants.
    public var openingTime = TimeAmount.seconds(10)

    /// The defaults.
    public init() {
      listen.keepAlive = KeepAlive(idle: 120)
    }
  }

  /// What is told of clients.
  public enum Event: Sendable {
    /// A client's destination is connected to; nothing instead of one where datagrams are carried.
    case opened(client: SocketAddress?, protocol: String, ProxyDestination?)
    /// A client's destination isn't allowed.
    case refused(client: SocketAddress?, ProxyDestination, RefusalReason)
    /// A client's destination can't be reached; nothing where its name is nobody's.
    case failed(client: SocketAddress?, ProxyDestination, OpeningFailure?)
    /// A client was not served.
    case faulty(client: SocketAddress?, ProxyFault)
    /// A client was turned away: there are as many as may be.
    case turnedAway(client: SocketAddress?)
    /// No connection can be accepted, for want of something.
    case cannotAccept(Failure)
    /// A client for whom something was open is gone.
    case closed(client: SocketAddress?)
  }

  private struct Clients {
    var count = 0
    /// Told when the last of them is gone.
    var drained: CheckedContinuation<Void, Never>?
  }

  let configuration: Configuration
  let transport: Transport
  let report: @Sendable (Event) -> Void
  private let users: ProxyUsers?
  private let clients = Mutex(Clients())
  private let ownPorts = Mutex(Set<UInt16>())

  /// The ports that clients come to.
  var listeningPorts: Set<UInt16> { ownPorts.withLock { $0 } }

  /// - Parameters:
  ///   - configuration: Whom it serves, and where they may go.
  ///   - transport: Whose TCP and UDP; it must have a single event loop.
  ///   - report: Called on event loops.
  public init(
    _ configuration: Configuration,
    over transport: Transport,
    report: @escaping @Sendable (Event) -> Void
  ) {
    self.configuration = configuration
    self.transport = transport
    self.report = report
    users = configuration.isUser.map { ProxyUsers($0) }
  }

  /// Begins to serve clients.
  ///
  /// - Returns: What listens for them.
  /// - Throws: A failure of kind `network` or `usage`.
  public func listen(on endpoint: Endpoint) async throws(Failure) -> Listener {
    let listener = try await transport.listen(on: endpoint, options: listenOptions) { [self] channel in
      try accept(channel)
    }
    ownPorts.withLock { $0.formUnion(listener.addresses.compactMap { $0.port.map { UInt16(clamping: $0) } }) }
    return listener
  }

  private var listenOptions: ListenOptions {
    var options = configuration.listen
    options.autoRead = false
    options.acceptFailed = { [report] failure in report(.cannotAccept(failure)) }
    return options
  }

  private func accept(_ client: any Channel) throws {
    let address = client.remoteAddress
    guard addClient() else {
      report(.turnedAway(client: address))
      return Junction.reset(client)
    }
    client.closeFuture.whenComplete { [self] _ in removeClient() }
    let handler = ProxyReceptionHandler(
      users: users,
      limit: configuration.openingTime,
      fail: { [report] fault in report(.faulty(client: address, fault)) },
      serve: { [self] request, reception, channel in try serve(request, reception, channel) }
    )
    try client.pipeline.syncOperations.addHandler(handler)
  }

  private func addClient() -> Bool {
    clients.withLock { clients in
      guard clients.count < configuration.mostClients else { return false }
      clients.count += 1
      return true
    }
  }

  private func removeClient() {
    let drained = clients.withLock { clients in
      clients.count -= 1
      guard clients.count == 0 else { return nil as CheckedContinuation<Void, Never>? }
      return clients.drained.take()
    }
    drained?.resume()
  }

  /// Waits until all clients are gone. To be called once, when nobody comes any more.
  public func waitUntilDrained() async {
    await withCheckedContinuation { continuation in
      let isEmpty = clients.withLock { clients in
        if clients.count > 0 { clients.drained = continuation }
        return clients.count == 0
      }
      if isEmpty { continuation.resume() }
    }
  }

  private func serve(_ request: ProxyRequest, _ reception: any ProxyReception, _ client: any Channel) throws {
    let answer = NIOLoopBound(reception, eventLoop: client.eventLoop)
    switch request {
    case .connect(let destination):
      try client.pipeline.syncOperations.addHandler(JunctionEnd())
      Task { [self] in
        let outcome = await reach(destination, on: client.eventLoop)
        client.eventLoop.execute { [self] in conclude(outcome, destination, answer.value, client) }
      }
    case .associate(let port):
      let association = UDPAssociation(of: client, from: port, in: self)
      try client.pipeline.syncOperations.addHandler(association)
      association.open { [self] outcome in
        client.writeAndFlush(answer.value.answer(to: outcome), promise: nil)
        guard case .done = outcome else { return client.close(promise: nil) }
        report(.opened(client: client.remoteAddress, protocol: "udp", nil))
        client.closeFuture.whenComplete { [self] _ in report(.closed(client: client.remoteAddress)) }
      }
    }
  }

  private func conclude(
    _ reached: Reached,
    _ destination: ProxyDestination,
    _ reception: any ProxyReception,
    _ client: any Channel
  ) {
    let address = client.remoteAddress
    switch reached {
    case .channel(let channel):
      report(.opened(client: address, protocol: reception.name, destination))
      client.closeFuture.whenComplete { [report] _ in report(.closed(client: address)) }
      client.writeAndFlush(reception.answer(to: .done(channel.localAddress)), promise: nil)
      return Junction.join(client, channel)
    case .refused(let reason): report(.refused(client: address, destination, reason))
    case .failed(let failure): report(.failed(client: address, destination, failure))
    case .unknownName: report(.failed(client: address, destination, nil))
    }
    client.sendLast(reception.answer(to: reached.outcome))
  }

  /// What became of an attempt to reach somebody.
  private enum Reached: Sendable {
    case channel(any Channel)
    case refused(RefusalReason)
    case failed(OpeningFailure)
    case unknownName

    var outcome: ProxyOutcome {
      switch self {
      case .channel(let channel): .done(channel.localAddress)
      case .refused(let reason): .refused(reason)
      case .failed(let failure): .failed(failure)
      case .unknownName: .unknownName
      }
    }
  }

  private func race(
    to addresses: [SocketAddress],
    before deadline: NIODeadline,
    on loop: any EventLoop
  ) -> EventLoopFuture<any Channel> {
    var options = configuration.connect
    options.autoRead = false
    return transport.race(addresses, from: [], before: deadline, options: options, on: loop) { channel in
      try channel.pipeline.syncOperations.addHandler(JunctionEnd())
    }
  }

  private func reach(_ destination: ProxyDestination, on loop: any EventLoop) async -> Reached {
    let deadline = loop.now + configuration.connect.timeout
    let addresses: [SocketAddress]
    switch await look(up: destination, before: deadline, on: loop) {
    case .open(let found): addresses = found
    case .refused(let reason): return .refused(reason)
    case .unknownName: return .unknownName
    }
    do {
      return .channel(try await race(to: addresses, before: deadline, on: loop).get())
    } catch let lost as RaceLost {
      return .failed(lost.failures.first.map { OpeningFailure($0.error) } ?? .timedOut)
    } catch {
      return .failed(OpeningFailure(error))
    }
  }
}
