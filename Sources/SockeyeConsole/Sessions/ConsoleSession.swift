internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// Whoever a session tells of what happens. On the session's event loop.
protocol SessionAudience: AnyObject {
  /// Whether messages can be taken just now; peers aren't read from while they can't.
  var isReady: Bool { get }
  /// Something happened in a session.
  func tell(_ event: JSONObject)
  /// A message went; `message` makes what is told of it for those who can take it.
  func tellMessage(of session: ConsoleSession, bytes: Int, _ message: () -> ToldMessage)
}

/// A session: settings, and the conversation that they come to while it is open. Confined to one event loop.
final class ConsoleSession {
  /// Where it stands.
  enum State {
    case closed
    case opening
    /// It is to be closed as soon as it has opened.
    case closingEarly
    case open(HeldConversation)
    case waiting(Scheduled<Void>)
    case failed(Phrase)
  }

  /// The number that its name has.
  let number: Int
  let id: String
  let eventLoop: any EventLoop
  let transport: Transport
  /// What a command line calls the stack, if it isn't the kernel's.
  private let stack: String?
  let language: Language
  unowned let audience: any SessionAudience

  var settings: SessionSettings
  private(set) var state = State.closed
  /// Counts how often it was opened.
  private(set) var opening = 0
  var local: [String] = []
  var peers: [Int: SessionPeer] = [:]
  var received = MessageCount()
  var sent = MessageCount()
  /// Counts its messages.
  var lastMessage = 0
  /// What variables stand for in what is said.
  var variables = Variables()
  var cycles: [Cycle] = []
  var lastCycle = 0
  /// The heartbeats, by the peers' numbers.
  var heartbeats: [Int: Cycle] = [:]
  var record: SessionRecord?
  let diagrams: DiagramShelf
  /// The port whose segments are kept.
  var watchedPort: UInt16?
  var statusTimer: Scheduled<Void>?
  /// The connections of a forwarder, by the numbers of those who connected here.
  var forwarded: [Int: ForwardedConnection] = [:]
  var forwardMemory = ForwardMemory()
  /// How many of their lanes take no more: to ask each of ten thousand for every message would take longer than to forward it.
  var fullLanes = 0
  /// Whether messages wait for somebody to let them go on.
  var isHolding = false
  /// What is answered by itself, and how much of it each peer may still get.
  var rules: ReplyRules
  var budgets: [Int: AnswerBudget] = [:]
  /// How many answers wait for their delay, and how many bytes of what they answer.
  var delayed = (answers: 0, bytes: 0)
  /// Who speaks at the moment.
  var speaker = Speaker.user
  private var observer: SessionObserver?
  private var pause = SessionSettings.firstPause
  private var attempt = 0
  private var counterTimer: Scheduled<Void>?

  init(
    _ number: Int,
    _ settings: SessionSettings,
    over transport: Transport,
    stack: String?,
    diagrams: DiagramShelf,
    language: Language,
    audience: any SessionAudience,
    on eventLoop: any EventLoop
  ) {
    self.number = number
    id = Self.id(number)
    self.settings = settings
    rules = settings.rules
    self.transport = transport
    self.stack = stack
    self.diagrams = diagrams
    self.language = language
    self.audience = audience
    self.eventLoop = eventLoop
  }

  /// What the session of a number is called.
  static func id(_ number: Int) -> String { "s\(number)" }

  /// Whether what peers say can be taken: it is neither to be lost to a record nor to a program.
  var isReady: Bool { audience.isReady && record?.isReady != false && fullLanes == 0 }

  /// More can be taken again.
  func becameReady() { observer?.onReady?() }

  var conversation: HeldConversation? { if case .open(let conversation) = state { conversation } else { nil } }

  // MARK: Opening

  /// Opens the session.
  ///
  /// - Parameter answer: Told once it listens or is connected, or why it doesn't.
  func open(_ answer: @escaping (ConsoleError?) -> Void) {
    opening += 1
    state = .opening
    local = []
    peers.removeAll()
    budgets.removeAll()
    endAllForwarding()
    watchSegments()
    tellState()
    let opening = self.opening
    let session = NIOLoopBound(self, eventLoop: eventLoop)
    let settings = self.settings
    let transport = self.transport
    let observe: @Sendable (any EventLoop) -> any ConversationObserver = { _ in
      let observer = SessionObserver(session.value, opening: opening)
      session.value.observe(observer, opening)
      return observer
    }
    let started = eventLoop.makeFutureWithTask { await Self.start(settings, over: transport, observe) }
    started.assumeIsolated().whenSuccess { [self] result in answer(opened(result, opening: opening)) }
  }

  private func observe(_ observer: SessionObserver, _ opening: Int) {
    if opening == self.opening { self.observer = observer }
  }

  /// What opening came to: a conversation, and where its first datagrams go.
  private struct Started: Sendable {
    let conversation: HeldConversation
    var routes: [DatagramRoute] = []
  }

  private static func start(
    _ settings: SessionSettings,
    over transport: Transport,
    _ observe: @escaping @Sendable (any EventLoop) -> any ConversationObserver
  ) async -> Result<Started, Failure> {
    do throws(Failure) {
      if settings.kind.isClient {
        guard let remote = settings.remote else { throw Failure(.usage, .memberMissing("remote")) }
        let client = try await ConversationClient.start(
          to: remote,
          over: transport,
          configuration: settings.client,
          makeObserver: observe
        )
        return .success(Started(conversation: .client(client)))
      }
      let routes = try await Self.routes(settings, over: transport)
      let server = try await ConversationServer.start(
        on: settings.place,
        over: transport,
        configuration: settings.server,
        makeObserver: observe
      )
      return .success(Started(conversation: .server(server), routes: routes))
    } catch {
      return .failure(error)
    }
  }

  /// Where the first datagrams go.
  private static func routes(_ settings: SessionSettings, over transport: Transport) async throws(Failure)
    -> [DatagramRoute]
  {
    guard let peer = settings.firstPeer else { return [] }
    return try await transport.datagramRoutes(to: peer)
  }

  private func opened(
    _ result: Result<Started, Failure>,
    opening: Int
  ) -> ConsoleError? {
    guard opening == self.opening else {
      if case .success(let started) = result { started.conversation.end() }
      return ConsoleError(.other, .closedMeanwhile)
    }
    switch result {
    case .success(let started):
      let conversation = started.conversation
      if case .closingEarly = state {
        closed(opening)
        conversation.end()
        closeUnixSocket()
        return ConsoleError(.other, .closedMeanwhile)
      }
      state = .open(conversation)
      if case .server(let server) = conversation {
        local = server.addresses.map(\.text)
        watchSegmentsOfListener(server.addresses)
        addFirst(started.routes, server)
      }
      watch(conversation)
      tellState()
      if settings.kind == .forwarder { for peer in peers.values { beginForwarding(peer.peer) } }
      return nil
    case .failure(let failure):
      if case .closingEarly = state {
        closed(opening)
        return ConsoleError(.other, .closedMeanwhile)
      }
      if settings.reconnects, settings.kind.isClient, failure.kind != .usage, failure.kind != .localFile {
        retry(failure.phrase)
      } else {
        state = .failed(failure.phrase)
        leaveSegments()
        tellState()
      }
      return ConsoleError(failure)
    }
  }

  private func addFirst(_ routes: [DatagramRoute], _ server: ConversationServer) {
    for route in routes where (try? server.addPeer(route.address)) != nil { return }
    if let route = routes.first {
      tell("notice", ["text": .string(ConsoleSentence.noSocketFor(route.address.text).text(in: language))])
    }
  }

  /// Waits for the conversation's own end.
  private func watch(_ conversation: HeldConversation) {
    let opening = self.opening
    let done = eventLoop.makeFutureWithTask { await conversation.waitUntilDone() }
    done.assumeIsolated().whenSuccess { [weak self] in self?.done(opening) }
  }

  /// A conversation has ended by itself, or because it was asked to.
  private func done(_ opening: Int) {
    guard opening == self.opening, case .open = state else { return }
    if settings.reconnects, settings.kind.isClient { return retry(ConsoleSentence.connectionEnded.phrase) }
    closed(opening)
    closeUnixSocket()
  }

  private func retry(_ phrase: Phrase) {
    attempt += 1
    let pause = self.pause
    self.pause = min(SessionSettings.longestPause, .nanoseconds(pause.nanoseconds * 2))
    peers.removeAll()
    state = .waiting(
      eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.open { _ in } }
    )
    tell(
      "retrying",
      [
        "text": .string(phrase.text(in: language)), "after": .integer(Int(pause.nanoseconds / 1_000_000)),
        "attempt": .integer(attempt),
      ]
    )
  }

  /// A connection that stood for a while makes the next pause short again.
  func connectionStood() {
    pause = SessionSettings.firstPause
    attempt = 0
  }

  // MARK: Closing

  /// Ends its sockets.
  func close() {
    stopCycles()
    switch state {
    case .closed, .closingEarly: return
    case .opening: state = .closingEarly
    case .waiting(let timer):
      timer.cancel()
      closed(opening)
    case .failed: closed(opening)
    case .open(let conversation):
      // The end of each peer is still told.
      state = .closed
      conversation.end()
      leaveSegments()
      closeUnixSocket()
      tellState()
    }
  }

  /// Ends its sockets, and tells when they have ended and its record is written.
  func end() -> EventLoopFuture<Void> {
    let conversation = self.conversation
    close()
    let ended = eventLoop.makeFutureWithTask { () async -> Void in await conversation?.waitUntilDone() }
    let session = NIOLoopBound(self, eventLoop: eventLoop)
    return ended.flatMap { session.value.endRecord() }
  }

  private func closed(_ opening: Int) {
    guard opening == self.opening else { return }
    stopCycles()
    leaveSegments()
    state = .closed
    tellState()
  }

  /// Removes the file of a socket that was this session's: what somebody else listens at stays.
  private func closeUnixSocket() {
    guard settings.kind == .unixServer, case .unix(let path)? = settings.local?.location else { return }
    UnixSocketFile.remove(path)
  }

  // MARK: Telling

  /// Tells of something.
  func tell(_ event: String, _ members: JSONObject = [:]) { audience.tell(self.event(event, members)) }

  /// Something that happened, as it is told.
  func event(_ event: String, _ members: JSONObject) -> JSONObject {
    var result: JSONObject = [
      "event": .string(event), "session": .string(id), "time": .count(WallTime.now.nanoseconds / 1_000_000),
    ]
    for name in members.names { result[name] = members[name] }
    return result
  }

  func tellState() {
    var members: JSONObject = [
      "state": .string(stateName), "local": .strings(local), "command": .string(SessionCommand(settings, stack).line),
      "name": .string(settings.name),
    ]
    if case .failed(let phrase) = state { members["text"] = .string(phrase.text(in: language)) }
    tell("state", members)
  }

  private var stateName: String {
    switch state {
    case .closed, .closingEarly: "closed"
    case .opening, .waiting: "opening"
    case .open(.client): "open"
    case .open(.server): "listening"
    case .failed: "failed"
    }
  }

  /// The settings, with the name and the rules that it was given since.
  var settingsInForce: JSONObject {
    var json = settings.json
    json["name"] = settings.name.isEmpty ? nil : .string(settings.name)
    json["rules"] = rules.json.isEmpty ? nil : .array(rules.json)
    json["perSecond"] = rules.json.isEmpty ? nil : .integer(rules.perSecond)
    return json
  }

  /// All that is known of it.
  var json: JSONValue {
    var result: JSONObject = [
      "id": .string(id), "name": .string(settings.name), "settings": .object(settingsInForce),
      "state": .string(stateName),
      "command": .string(SessionCommand(settings, stack).line), "local": .strings(local),
      "peers": .array(peers.values.sorted { $0.peer.number < $1.peer.number }.map(\.json)),
      "counters": .object(["received": received.json, "sent": sent.json]),
      "record": record.map { .string($0.name.text) } ?? .null, "cycles": .strings(cycles.map(\.id)),
    ]
    if case .failed(let phrase) = state { result["text"] = .string(phrase.text(in: language)) }
    return .object(result)
  }

  /// Tells how much moved, once in a while.
  func countersChanged() {
    guard counterTimer == nil else { return }
    counterTimer = eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [weak self] in
      guard let self else { return }
      counterTimer = nil
      tell("counters", ["received": received.json, "sent": sent.json])
    }
  }
}

extension SessionSettings {
  /// The shortest and the longest pause between two tries of a client.
  static let firstPause = TimeAmount.milliseconds(500)
  static let longestPause = TimeAmount.seconds(10)
}
