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
    self.opened = eventLoop.now
    self.lastActivity = self.opened
    // A datagram is a message of its own.
    self.deframer = Deframer(
      isDatagram ? .raw : configuration.composer.framing,
      largestFrame: configuration.largestFrame
    )
    let automation = configuration.automation
    self.closeWord = automation.closeWord.map(CloseWord.init)
    if let perSecond = automation.answersPerSecond { self.rateLimit = RateLimit(perSecond: perSecond, at: self.opened) }
    if isDatagram, automation.guardsAgainstLoops, automation.answers { self.loopGuard = LoopGuard() }
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
    self.isServed = true
    self.resume(.turn)
    self.startTimers()
    let automation = self.configuration.automation
    if let greeting = automation.greeting { self.send(greeting) }
    if case .command(let command) = automation.answer {
      do {
        self.command = try CommandBridge(command: command, session: self)
      } catch {
        self.finish(.failed(error))
      }
    }
  }

  /// Holds the peer until its turn comes.
  func holdForTurn() { self.pause(.turn) }

  private func startTimers() {
    self.watchForSilence()
    if let expectation = self.configuration.expectation {
      self.matcher = ExpectationMatcher(expectation, encoding: self.configuration.encoding)
      self.expectationTimer = self.schedule(in: expectation.limit) { session in
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
    guard self.idleTimer == nil, let limit = self.configuration.idleTimeout else { return }
    self.armIdleTimer(limit, after: limit)
  }

  private func armIdleTimer(_ limit: TimeAmount, after delay: TimeAmount) {
    self.idleTimer = self.schedule(in: delay) { session in
      let idle = session.eventLoop.now - session.lastActivity
      if idle >= limit {
        session.finish(.idle)
      } else {
        session.armIdleTimer(limit, after: limit - idle)
      }
    }
  }

  func noteActivity() {
    if self.idleTimer != nil { self.lastActivity = self.eventLoop.now }
  }

  // MARK: - Reading

  func pause(_ reason: Pause) {
    guard !self.pauses.contains(reason) else { return }
    self.pauses.insert(reason)
    self.updateReading()
  }

  func resume(_ reason: Pause) {
    guard self.pauses.contains(reason) else { return }
    self.pauses.remove(reason)
    self.updateReading()
  }

  /// Reads on whatever stood against it: what comes is passed over.
  func resumeAll() {
    self.pauses = []
    self.updateReading()
  }

  /// Takes bytes, or a datagram, that arrived.
  func arrived(_ bytes: ByteBuffer, marks: Message.Marks = []) {
    self.received += UInt64(bytes.readableBytes)
    self.noteActivity()
    self.configuration.recorder?.received(bytes, from: self.peer)
    guard !self.isFinishing else { return }
    if case .raw = self.deframer.framing {
      return self.handle(Message(bytes, marks: marks))
    }
    self.deframer.append(bytes)
    do {
      while !self.isFinishing, let message = try self.deframer.next() { self.handle(message) }
    } catch {
      return self.finish(.failed(error))
    }
    if case .gap(let silence) = self.deframer.framing { self.restartGapTimer(silence) }
  }

  private func restartGapTimer(_ silence: TimeAmount) {
    self.gapTimer?.cancel()
    guard self.deframer.isHolding else { return }
    self.gapTimer = self.schedule(in: silence) { session in
      if let message = session.deframer.flush() { session.handle(message) }
      session.flush()
    }
  }

  /// Takes the end of what the peer has to say.
  func inputEnded() {
    guard !self.isInputEnded else { return }
    self.isInputEnded = true
    self.configuration.recorder?.inputEnded(self.peer)
    if !self.isFinishing, let message = self.deframer.flush() {
      self.handle(message)
      if message.marks.contains(.incomplete), self.cause == nil {
        let failure = Failure(.peerProtocol, "\(self.peer.address) ended in the middle of a frame; check --frame")
        self.cause = .failed(failure)
      }
    }
    self.command?.inputEnded()
    if self.isFinishing { return }
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
    if self.matcher?.consume(message.payload) == true {
      self.isExpectationMet = true
      self.expectationTimer?.cancel()
      self.matcher = nil
    }
    if self.closeWord?.isCompleted(by: message.payload) == true {
      if let goodbye = self.configuration.automation.goodbye { self.send(goodbye) }
      return self.finish(.local(.closeWord))
    }
    self.answer(message)
    owner.session(self, heard: message)
  }

  // MARK: - Answering

  private func answer(_ message: Message) {
    switch self.configuration.automation.answer {
    case .none, .relay: return
    case .command: self.command?.take(message.bytes)
    case .echo, .reply:
      guard self.loopGuardAdmits(message), self.takeToken(for: message) else { return }
      self.sendAnswer(to: message)
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
    if let limit = self.configuration.automation.answerLimit, self.answers >= limit { self.finish(.local(.done)) }
  }

  private func loopGuardAdmits(_ message: Message) -> Bool {
    switch self.loopGuard?.consider(message.bytes, at: self.eventLoop.now) {
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
    guard self.rateLimit != nil else { return true }
    if self.delayedAnswers.isEmpty {
      guard let delay = self.rateLimit?.take(at: self.eventLoop.now) else { return true }
      guard !message.marks.contains(.datagram) else { return false }
      self.pause(.answers)
      self.scheduleDelayedAnswer(in: delay)
    }
    self.delayedAnswers.append(message)
    return false
  }

  private func scheduleDelayedAnswer(in delay: TimeAmount) {
    _ = self.schedule(in: delay) { session in
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
  var isAllAnswered: Bool { self.delayedAnswers.isEmpty }

  // MARK: - Sending

  /// Queues a message; ``flush()`` sends it.
  func send(_ bytes: ByteBuffer) {
    guard !self.isOutputEnded, !self.isFinishing, !self.isClosed else { return }
    self.sent += UInt64(bytes.readableBytes)
    self.noteActivity()
    self.configuration.recorder?.sent(bytes, to: self.peer)
    if self.configuration.reportsSent { self.owner?.observer.conversation(.sent(self.peer, bytes)) }
    self.transmit(bytes)
  }

  /// Tells that more can be sent.
  func becameWritable() {
    self.command?.sessionBecameWritable()
    if self.command == nil, self.delayedAnswers.isEmpty { self.resume(.answers) }
    self.owner?.sessionBecameWritable(self)
  }

  /// The command takes, or does not take, more of what the peer says.
  func commandIsReady(_ isReady: Bool) {
    if isReady { self.resume(.answers) } else { self.pause(.answers) }
  }

  // MARK: - Ending

  /// Ends the session for good.
  func closed(_ fallback: CloseCause) {
    guard !self.isClosed else { return }
    self.isClosed = true
    self.idleTimer?.cancel()
    self.gapTimer?.cancel()
    self.expectationTimer?.cancel()
    self.command?.sessionClosed()
    self.command = nil
    let cause = self.cause ?? fallback
    self.configuration.recorder?.closed(self.peer, cause)
    guard let owner = self.owner else { return }
    self.owner = nil
    let lasted = self.eventLoop.now - self.opened
    owner.observer.conversation(
      .closed(self.peer, cause, received: self.received, sent: self.sent, lasted: lasted)
    )
    owner.sessionClosed(self, cause: cause)
  }
}
