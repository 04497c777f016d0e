public import NIOCore
public import SockeyeTransport

/// A conversation that this side begins.
public struct ConversationClient: Sendable {
  let core: NIOLoopBound<ClientCore>
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
    let tls = try configuration.conversation.tls.map { settings throws(Failure) in
      TLSHandlers(context: try settings.clientContext(), host: endpoint.host, settings: settings)
    }
    let done = eventLoop.makePromise(of: ConversationOutcome.self)
    let core = try await eventLoop.make {
      ClientCore(configuration, over: transport, observer: makeObserver(eventLoop), done: done, on: eventLoop)
    }
    let deadline = configuration.totalTime.map { eventLoop.now + $0 }
    if let deadline { eventLoop.scheduleTask(deadline: deadline) { core.value.timeIsUp() } }
    do {
      let client = ConversationClient(core: core, eventLoop: eventLoop, done: done.futureResult)
      if configuration.isDatagram {
        try await client.speak(endpoint, transport, configuration)
      } else {
        let way = try WayToPeer(to: endpoint, over: transport, configuration, tls, until: deadline)
        eventLoop.execute { core.value.way = way }
        try await client.connect(way, configuration)
      }
      return client
    } catch {
      done.succeed(ConversationOutcome(cause: .failed(error), failure: error))
      throw error
    }
  }

  private func connect(_ way: WayToPeer, _ configuration: ClientConfiguration) async throws(Failure) {
    var backOff = BackOff(configuration)
    while true {
      do {
        return try await way.connect(core)
      } catch {
        guard way.remaining != .zero else { throw Failure(.timedOut, .totalTimeIsUp) }
        guard error.kind == .network || error.kind == .timedOut, let pause = backOff.next() else { throw error }
        await announce(
          .retrying(error, after: pause, attempt: backOff.attempt, of: backOff.limit),
          for: min(pause, way.remaining ?? pause)
        )
      }
    }
  }

  private func announce(_ event: ConversationEvent, for pause: TimeAmount) async {
    eventLoop.execute { core.value.observer.conversation(event) }
    try? await eventLoop.scheduleTask(in: pause) {}.futureResult.get()
  }

  private func speak(
    _ endpoint: Endpoint,
    _ transport: Transport,
    _ configuration: ClientConfiguration
  ) async throws(Failure) {
    let routes = try await transport.datagramRoutes(to: endpoint, options: configuration.connect)
    eventLoop.execute { core.value.speak(to: routes) }
  }

  /// Ends the conversation once what was said is sent.
  public func end() {
    eventLoop.execute { core.value.end() }
  }

  /// Waits for the end.
  public func waitUntilDone() async -> ConversationOutcome {
    do {
      return try await done.get()
    } catch {
      let failure = Failure(.other, .conversationBroke("\(error)"))
      return ConversationOutcome(cause: .failed(failure), failure: failure)
    }
  }
}
