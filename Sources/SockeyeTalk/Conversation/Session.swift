import DequeModule
import NIOCore
import SockeyeTransport

/// Whoever a session belongs to. Called on the session's event loop.
protocol SessionOwner: AnyObject {
  var observer: any ConversationObserver { get }

  /// The peer is there and can be spoken to.
  func sessionOpened(_ session: Session)
  /// The peer said something, which has been shown; answers are the session's own business.
  func session(_ session: Session, heard message: Message)
  /// The peer has no more to say.
  func sessionInputEnded(_ session: Session)
  /// More can be sent again.
  func sessionBecameWritable(_ session: Session)
  /// The session will read no more because of what the observer can take; it has to be resumed.
  func sessionStalled(_ session: Session)
  /// The session has nothing more to say and is not listened to; it is about to be closed.
  func sessionLeaving(_ session: Session)
  /// Nothing more comes from the session.
  func sessionClosed(_ session: Session, cause: CloseCause)
}

/// One conversation with one peer: what was said, what is answered, and how it ends.
///
/// How bytes travel is left to subclasses: ``StreamSession`` and ``DatagramSession``. Confined to its event loop.
class Session {
  /// Why a session does not read at the moment.
  struct Pause: OptionSet {
    let rawValue: UInt8
    /// It is not its turn yet.
    static let turn = Pause(rawValue: 1 << 0)
    /// The observer can't take more.
    static let observer = Pause(rawValue: 1 << 1)
    /// What was answered has not been sent yet.
    static let answers = Pause(rawValue: 1 << 2)
    /// Another peer can't take what is relayed.
    static let relay = Pause(rawValue: 1 << 3)
  }

  let peer: Peer
  let eventLoop: any EventLoop
  let configuration: ConversationConfiguration
  private(set) var owner: (any SessionOwner)?

  private(set) var received: UInt64 = 0
  private(set) var sent: UInt64 = 0
  private(set) var pauses: Pause = []
  var isInputEnded = false
  var isOutputEnded = false
  /// What was said when the end came is being sent; nothing more is listened to.
  var isFinishing = false
  private(set) var isClosed = false
  private(set) var isServed = false
  private(set) var answers = 0
  var cause: CloseCause?

  private let opened: NIODeadline
  private var lastActivity: NIODeadline
  private var deframer: Deframer
  private var closeWord: CloseWord?
  private var matcher: ExpectationMatcher?
  private(set) var isExpectationMet = false
  private var rateLimit: RateLimit?
  private var delayedAnswers: Deque<Message> = []
  private var loopGuard: LoopGuard?
  private var command: CommandBridge?
  private var idleTimer: Scheduled<Void>?
  private var gapTimer: Scheduled<Void>?
  private var expectationTimer: Scheduled<Void>?

  init(
    peer: Peer,
    owner: any SessionOwner,
    configuration: ConversationConfiguration,
    eventLoop: any EventLoop,
    isDatagram: Bool
  ) {
    self.peer = peer
    self.owner = owner
    self.eventLoop = eventLoop
    self.configuration = configuration
    opened = eventLoop.now
    lastActivity = opened
    // A datagram is a message of its own.
    deframer = Deframer(
      isDatagram ? .raw : configuration.composer.framing,
      largestFrame: configuration.largestFrame
    )
    let automation = configuration.automation
    closeWord = automation.closeWord.map(CloseWord.init)
    if let perSecond = automation.answersPerSecond { rateLimit = RateLimit(perSecond: perSecond, at: opened) }
    if isDatagram, automation.guardsAgainstLoops, automation.answers { loopGuard = LoopGuard() }
  }

  // MARK: - What subclasses do

  /// Whether more can be sent without piling up.
  var isWritable: Bool { true }
  /// Queues bytes.
  func transmit(_ bytes: ByteBuffer) {}
  /// Sends what is queued.
  func flush() {}
  /// Starts or stops reading, as ``pauses`` says.
  func updateReading() {}
  /// Tells the peer that nothing more comes, once everything is sent.
  func endOutput() {}
  /// Sends what is queued, hears the peer out without listening, and closes.
  func finish(_ cause: CloseCause) {}
  /// Closes at once.
  func abort(_ cause: CloseCause) {}

  // MARK: - Beginning

  /// Begins to serve the peer: it is greeted and listened to.
  func serve() {
    guard !self.isServed, !self.isClosed else { return }
    isServed = true
    resume(.turn)
    startTimers()
    let automation = self.configuration.automation
    if let greeting = automation.greeting { self.send(greeting) }
    if case .command(let command) = automation.answer {
      do {
        self.command = try CommandBridge(command: command, session: self)
      } catch {
        finish(.failed(error))
      }
    }
  }

  /// Holds the peer until its turn comes.
  func holdForTurn() { self.pause(.turn) }

  private func startTimers() {
    watchForSilence()
    if let expectation = self.configuration.expectation {
      matcher = ExpectationMatcher(expectation, encoding: self.configuration.encoding)
      expectationTimer = schedule(in: expectation.limit) { session in
        session.finish(.failed(session.unmetExpectation(expectation)))
      }
    }
  }

  func unmetExpectation(_ expectation: Expectation) -> Failure {
    Failure(
      .expectationUnmet,
      "\(self.peer.address) did not say /\(expectation.pattern)/ within \(expectation.limit.text)"
    )
  }

  /// Schedules work on this session, which goes away with it.
  func schedule(in delay: TimeAmount, _ body: @escaping (Session) -> Void) -> Scheduled<Void> {
    self.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      guard let self, !self.isClosed else { return }
      body(self)
    }
  }

  /// Ends the conversation once nothing has been said for as long as that is allowed.
  func watchForSilence() {
    guard idleTimer == nil, let limit = self.configuration.idleTimeout else { return }
    armIdleTimer(limit, after: limit)
  }

  private func armIdleTimer(_ limit: TimeAmount, after delay: TimeAmount) {
    idleTimer = schedule(in: delay) { session in
      let idle = session.eventLoop.now - session.lastActivity
      if idle >= limit {
        session.finish(.idle)
      } else {
        session.armIdleTimer(limit, after: limit - idle)
      }
    }
  }

  func noteActivity() {
    if idleTimer != nil { lastActivity = self.eventLoop.now }
  }

  // MARK: - Reading

  func pause(_ reason: Pause) {
    guard !self.pauses.contains(reason) else { return }
    pauses.insert(reason)
    updateReading()
  }

  func resume(_ reason: Pause) {
    guard pauses.contains(reason) else { return }
    pauses.remove(reason)
    updateReading()
  }

  /// Reads on whatever stood against it: what comes is passed over.
  func resumeAll() {
    pauses = []
    updateReading()
  }

  /// Takes bytes, or a datagram, that arrived.
  func arrived(_ bytes: ByteBuffer, marks: Message.Marks = []) {
    received += UInt64(bytes.readableBytes)
    noteActivity()
    self.configuration.recorder?.received(bytes, from: self.peer)
    guard !self.isFinishing else { return }
    if case .raw = deframer.framing {
      return handle(Message(bytes, marks: marks))
    }
    deframer.append(bytes)
    do {
      while !self.isFinishing, let message = try deframer.next() { handle(message) }
    } catch {
      return finish(.failed(error))
    }
    if case .gap(let silence) = deframer.framing { restartGapTimer(silence) }
  }

  private func restartGapTimer(_ silence: TimeAmount) {
    gapTimer?.cancel()
    guard deframer.isHolding else { return }
    gapTimer = schedule(in: silence) { session in
      if let message = session.deframer.flush() { session.handle(message) }
      session.flush()
    }
  }

  /// Takes the end of what the peer has to say.
  func inputEnded() {
    guard !self.isInputEnded else { return }
    isInputEnded = true
    self.configuration.recorder?.inputEnded(self.peer)
    if !self.isFinishing, let message = deframer.flush() {
      handle(message)
      if message.marks.contains(.incomplete), self.cause == nil {
        let failure = Failure(.peerProtocol, "\(self.peer.address) ended in the middle of a frame; check --frame")
        self.cause = .failed(failure)
      }
    }
    self.command?.inputEnded()
    if isFinishing { return }
    self.owner?.observer.conversation(.inputEnded(self.peer))
    self.owner?.sessionInputEnded(self)
  }

  /// Whether a command still has something to say to the peer.
  var isCommandRunning: Bool { self.command?.isRunning ?? false }

  private func handle(_ message: Message) {
    guard let owner = self.owner else { return }
    owner.observer.conversation(.received(self.peer, message))
    if !owner.observer.isReady {
      self.pause(.observer)
      owner.sessionStalled(self)
    }
    if matcher?.consume(message.payload) == true {
      isExpectationMet = true
      expectationTimer?.cancel()
      matcher = nil
    }
    if closeWord?.isCompleted(by: message.payload) == true {
      if let goodbye = self.configuration.automation.goodbye { self.send(goodbye) }
      return finish(.local(.closeWord))
    }
    answer(message)
    owner.session(self, heard: message)
  }

  // MARK: - Answering

  private func answer(_ message: Message) {
    switch self.configuration.automation.answer {
    case .none, .relay: return
    case .command: self.command?.take(message.bytes)
    case .echo, .reply:
      guard loopGuardAdmits(message), takeToken(for: message) else { return }
      sendAnswer(to: message)
    }
  }

  private func sendAnswer(to message: Message) {
    switch self.configuration.automation.answer {
    case .echo: self.send(message.bytes)
    case .reply(let reply): self.send(reply)
    case .none, .relay, .command: return
    }
    self.answers += 1
    if !self.isWritable { self.pause(.answers) }
    if let limit = self.configuration.automation.answerLimit, self.answers >= limit { finish(.local(.done)) }
  }

  private func loopGuardAdmits(_ message: Message) -> Bool {
    switch loopGuard?.consider(message.bytes, at: self.eventLoop.now) {
    case .answer?, nil: return true
    case .ignore?: return false
    case .suspect?:
      let advice = "answers our answers by itself; not answered for \(LoopGuard.silence.text)"
      self.owner?.observer.conversation(.notice(self.peer, advice))
      return false
    }
  }

  /// Takes a token for an answer. A datagram over the limit goes unanswered; a stream is not read on until its turn.
  private func takeToken(for message: Message) -> Bool {
    guard rateLimit != nil else { return true }
    if delayedAnswers.isEmpty {
      guard let delay = rateLimit?.take(at: self.eventLoop.now) else { return true }
      guard !message.marks.contains(.datagram) else { return false }
      self.pause(.answers)
      scheduleDelayedAnswer(in: delay)
    }
    delayedAnswers.append(message)
    return false
  }

  private func scheduleDelayedAnswer(in delay: TimeAmount) {
    _ = schedule(in: delay) { session in
      while !session.isFinishing, !session.delayedAnswers.isEmpty {
        if let delay = session.rateLimit?.take(at: session.eventLoop.now) {
          session.flush()
          return session.scheduleDelayedAnswer(in: delay)
        }
        if let message = session.delayedAnswers.popFirst() { session.sendAnswer(to: message) }
      }
      session.flush()
      if session.isWritable { session.resume(.answers) }
      if session.isInputEnded { session.owner?.sessionInputEnded(session) }
    }
  }

  /// Whether everything that asked for an answer has got it.
  var isAllAnswered: Bool { delayedAnswers.isEmpty }

  // MARK: - Sending

  /// Queues a message; ``flush()`` sends it.
  func send(_ bytes: ByteBuffer) {
    guard !self.isOutputEnded, !self.isFinishing, !self.isClosed else { return }
    sent += UInt64(bytes.readableBytes)
    noteActivity()
    self.configuration.recorder?.sent(bytes, to: self.peer)
    if self.configuration.reportsSent { self.owner?.observer.conversation(.sent(self.peer, bytes)) }
    transmit(bytes)
  }

  /// Tells that more can be sent.
  func becameWritable() {
    self.command?.sessionBecameWritable()
    if self.command == nil, delayedAnswers.isEmpty { resume(.answers) }
    self.owner?.sessionBecameWritable(self)
  }

  /// The command takes, or does not take, more of what the peer says.
  func commandIsReady(_ isReady: Bool) {
    if isReady { resume(.answers) } else { self.pause(.answers) }
  }

  // MARK: - Ending

  /// Ends the session for good.
  func closed(_ fallback: CloseCause) {
    guard !self.isClosed else { return }
    isClosed = true
    idleTimer?.cancel()
    gapTimer?.cancel()
    expectationTimer?.cancel()
    self.command?.sessionClosed()
    self.command = nil
    let cause = self.cause ?? fallback
    self.configuration.recorder?.closed(self.peer, cause)
    guard let owner = self.owner else { return }
    self.owner = nil
    let lasted = self.eventLoop.now - opened
    owner.observer.conversation(
      .closed(self.peer, cause, received: received, sent: sent, lasted: lasted)
    )
    owner.sessionClosed(self, cause: cause)
  }
}
