public import NIOCore
import NIOSSL
public import SockeyeTransport

/// A conversation that this side begins.
public struct ConversationClient: Sendable {
  private let core: NIOLoopBound<ClientCore>
  private let eventLoop: any EventLoop
  private let done: EventLoopFuture<ConversationOutcome>

  /// Connects, or gets ready to send datagrams, and begins to speak.
  ///
  /// - Parameters:
  ///   - endpoint: Whom to speak to.
  ///   - transport: Whose TCP and UDP; it must have a single event loop.
  ///   - configuration: How to behave.
  ///   - makeObserver: Makes the observer, on the event loop.
  /// - Throws: A failure of kind `network`, `timedOut`, `usage` or `localFile`.
  public static func start(
    to endpoint: Endpoint,
    over transport: Transport,
    configuration: ClientConfiguration,
    makeObserver: @escaping @Sendable (any EventLoop) -> any ConversationObserver
  ) async throws(Failure) -> ConversationClient {
    let eventLoop = transport.eventLoopGroup.next()
    let tlsContext = try configuration.conversation.tls?.clientContext()
    let done = eventLoop.makePromise(of: ConversationOutcome.self)
    let core = try await eventLoop.make {
      ClientCore(configuration, observer: makeObserver(eventLoop), done: done, on: eventLoop)
    }
    do {
      let client = ConversationClient(core: core, eventLoop: eventLoop, done: done.futureResult)
      if configuration.isDatagram {
        let observe: @Sendable (ConversationEvent) -> Void = { event in
          eventLoop.execute { core.value.observer.conversation(event) }
        }
        if let outcome = try await probe(endpoint, transport, configuration, telling: observe) {
          done.succeed(outcome)
          return client
        }
        try await client.bind(endpoint, transport, configuration)
      } else {
        try await client.connect(endpoint, transport, configuration, tlsContext)
      }
      return client
    } catch {
      done.succeed(ConversationOutcome(cause: .failed(error), failure: error))
      throw error
    }
  }

  private func connect(
    _ endpoint: Endpoint,
    _ transport: Transport,
    _ configuration: ClientConfiguration,
    _ tlsContext: NIOSSLContext?
  ) async throws(Failure) {
    var options = configuration.connect
    options.autoRead = false
    let core = self.core
    let tls = tlsContext.map { (context: $0, host: endpoint.host) }
    var pause = configuration.backOff.lowerBound
    var attempt = 0
    while true {
      do {
        _ = try await transport.connect(to: endpoint, options: options) { channel in
          try core.value.connected(channel, tls: tls)
        }
        return
      } catch {
        guard attempt < configuration.retries, error.kind == .network || error.kind == .timedOut else { throw error }
        attempt += 1
        await announce(.retrying(error, after: pause, attempt: attempt, of: configuration.retries), for: pause)
        pause = min(
          .nanoseconds(pause.nanoseconds.multipliedReportingOverflow(by: 2).partialValue),
          configuration.backOff.upperBound
        )
      }
    }
  }

  private func announce(_ event: ConversationEvent, for pause: TimeAmount) async {
    self.eventLoop.execute { self.core.value.observer.conversation(event) }
    try? await self.eventLoop.scheduleTask(in: pause) {}.futureResult.get()
  }

  private func bind(
    _ endpoint: Endpoint,
    _ transport: Transport,
    _ configuration: ClientConfiguration
  ) async throws(Failure) {
    guard let address = try await transport.resolveDatagramPeer(endpoint, options: configuration.datagrams).first else {
      throw Failure(.network, "\(endpoint) has no address")
    }
    let core = self.core
    let unspecified = address.protocol == .inet6 ? "::" : "0.0.0.0"
    let local = configuration.connect.localEndpoint ?? Endpoint(location: .network(host: unspecified, port: 0))
    _ = try await transport.bindDatagrams(on: local, options: configuration.datagrams) { channel in
      try core.value.bound(channel, to: address)
    }
    self.eventLoop.execute { core.value.startDatagrams() }
  }

  /// Ends the conversation once what was said is sent.
  public func end() {
    self.eventLoop.execute { self.core.value.end() }
  }

  /// Waits for the end.
  public func waitUntilDone() async -> ConversationOutcome {
    do {
      return try await self.done.get()
    } catch {
      let failure = Failure(.other, "the conversation broke: \(error)")
      return ConversationOutcome(cause: .failed(failure), failure: failure)
    }
  }
}
