import NIOCore
import SockeyeText
import SockeyeTransport

/// One conversation with one peer: it moves what arrives through ``Hearing`` and ``Answering``, keeps where both ends
/// stand, and tells its owner.
///
/// How bytes travel is its carrier's business. Confined to its event loop.
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
  let carrier: any SessionCarrier
  private(set) var owner: (any SessionOwner)?

  private(set) var phase = SessionPhase.opening
  private(set) var ends = StreamEnds()
  private(set) var pauses: Pause = []
  private(set) var received: UInt64 = 0
  private(set) var sent: UInt64 = 0
  /// What the end will be put down to, where something is known before it comes.
  private var verdict: CloseCause?

  /// What TLS came to, where that is to be told.
  var handshakeFacts: HandshakeFacts?

  private let opened: NIODeadline
  private var hearing: Hearing
  private var answering: Answering
  private var silence: SilenceLimit?
  private var held = HeldDatagrams()
  private var command: CommandBridge?
  private var timers = Timers()

  private struct Timers {
    var idle: Scheduled<Void>?
    var gap: Scheduled<Void>?
    var expectation: Scheduled<Void>?

    func cancel() {
      for timer in [idle, gap, expectation] { timer?.cancel() }
    }
  }

  init(
    peer: Peer,
    owner: any SessionOwner,
    configuration: ConversationConfiguration,
    eventLoop: any EventLoop,
    carrier: any SessionCarrier,
    isDatagram: Bool
  ) {
    self.peer = peer
    self.owner = owner
    self.eventLoop = eventLoop
    self.configuration = configuration
    self.carrier = carrier
    opened = eventLoop.now
    hearing = Hearing(configuration, isDatagram: isDatagram)
    answering = Answering(configuration.automation, isDatagram: isDatagram, at: opened)
  }

  // MARK: Where it stands

  /// Whether nothing more comes.
  var isClosed: Bool { phase.isClosed }
  /// Whether nothing more is listened to.
  var isFinishing: Bool { phase.cause != nil }
  var isInputEnded: Bool { ends.isInputEnded }
  var isOutputEnded: Bool { !ends.takesOutput }
  var isWritable: Bool { carrier.isWritable }
  var isAllAnswered: Bool { answering.isAllAnswered }
  var isExpectationMet: Bool { hearing.isExpectationMet }
  /// Whether a command still has something to say to the peer.
  var isCommandRunning: Bool { command?.isRunning ?? false }

  // MARK: Beginning

  /// The peer is there.
  func open() {
    guard case .opening = phase else { return }
    configuration.recorder?.opened(peer)
    owner?.sessionOpened(self)
  }

  /// Holds the peer until its turn comes.
  func holdForTurn() {
    phase = .waiting
    pause(.turn)
    // An address that sends datagrams has no other way to leave than to fall silent.
    if carrier.lingering == nil { watchForSilence() }
  }

  /// Begins to serve the peer: it is greeted and listened to.
  func serve() {
    guard !phase.isServed, !isFinishing else { return }
    phase = .served
    resume(.turn)
    watchForSilence()
    watchForExpectation()
    if let greeting = configuration.automation.greeting { send(greeting) }
    startCommand()
    for datagram in held.takeAll() where !isFinishing { arrived(datagram.bytes, marks: datagram.marks) }
    flush()
  }

  private func startCommand() {
    guard case .command(let command) = configuration.automation.answer else { return }
    do {
      self.command = try CommandBridge(command: command, session: self)
    } catch {
      finish(.failed(error))
    }
  }

  /// Schedules work on this session, which goes away with it.
  func schedule(in delay: TimeAmount, _ body: @escaping (Session) -> Void) -> Scheduled<Void> {
    eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      guard let self, !isClosed else { return }
      body(self)
    }
  }

  // MARK: Reading

  func pause(_ reason: Pause) {
    pauses.insert(reason)
  }

  func resume(_ reason: Pause) {
    guard pauses.remove(reason) != nil, pauses.isEmpty else { return }
    carrier.read()
  }

  /// Takes bytes, or a datagram, that arrived.
  func arrived(_ bytes: ByteBuffer, marks: Message.Marks = [], from source: SocketAddress? = nil) {
    if case .waiting = phase, marks.contains(.datagram) {
      silence?.heard(at: eventLoop.now)
      return held.keep(bytes, marks)
    }
    received += UInt64(bytes.readableBytes)
    silence?.heard(at: eventLoop.now)
    configuration.recorder?.received(bytes, from: peer)
    guard !isFinishing else { return }
    hearing.take(bytes, marks: marks, from: source)
    do {
      while !isFinishing, let heard = try hearing.next() { handle(heard) }
    } catch {
      // What is too large is shown as far as it came; nothing answers it.
      if let cut = hearing.cut() { owner?.observer.conversation(.received(peer, cut)) }
      return finish(.failed(error))
    }
    watchForGap()
  }

  private func watchForGap() {
    guard let silence = hearing.silence else { return }
    timers.gap?.cancel()
    timers.gap = schedule(in: silence) { session in
      if let heard = session.hearing.rest() { session.handle(heard) }
      session.flush()
    }
  }

  /// Takes the end of what the peer has to say.
  func inputEnded() {
    guard !ends.isInputEnded else { return }
    let step = ends.inputEnded(at: eventLoop.now, roundTrip: carrier.roundTrip)
    configuration.recorder?.inputEnded(peer)
    if !isFinishing, let heard = hearing.rest() {
      handle(heard)
      if heard.message.marks.contains(.incomplete) {
        blame(.failed(Failure(.peerProtocol, .frameCut(peer.address))))
      }
    }
    command?.inputEnded()
    owner?.observer.conversation(.inputEnded(peer))
    if !isFinishing { owner?.sessionInputEnded(self) }
    perform(step)
  }

  private func handle(_ heard: Hearing.Heard) {
    guard let owner else { return }
    owner.observer.conversation(.received(peer, heard.message))
    if !owner.observer.isReady {
      pause(.observer)
      owner.sessionStalled(self)
    }
    if heard.meetsExpectation { timers.expectation?.cancel() }
    if heard.isClosingWord {
      if let goodbye = configuration.automation.goodbye { send(goodbye) }
      return finish(.local(.closeWord))
    }
    answer(heard.message)
    owner.session(self, heard: heard.message)
  }

  // MARK: Answering

  private func answer(_ message: Message) {
    switch answering.take(message, at: eventLoop.now) {
    case .nothing, .queued: return
    case .say(let answer): say(answer)
    case .hand(let bytes): command?.take(bytes)
    case .later(let delay):
      pause(.answers)
      answerLater(in: delay)
    case .suspect:
      let advice = TalkSentence.answersAnswers(LoopGuard.silence.text).phrase
      owner?.observer.conversation(.notice(peer, advice))
    }
  }

  private func say(_ answer: ByteBuffer) {
    send(answer)
    if !isWritable { pause(.answers) }
    if answering.isExhausted { finish(.local(.done)) }
  }

  private func answerLater(in delay: TimeAmount) {
    _ = schedule(in: delay) { session in session.sayWhatIsDue() }
  }

  private func sayWhatIsDue() {
    while !isFinishing {
      switch answering.next(at: eventLoop.now) {
      case .say(let answer): say(answer)
      case .wait(let delay):
        flush()
        return answerLater(in: delay)
      case .nothing:
        flush()
        if isWritable { resume(.answers) }
        if isInputEnded { owner?.sessionInputEnded(self) }
        return
      }
    }
    flush()
  }

  // MARK: Sending

  /// Queues a message; ``flush()`` sends it.
  func send(_ bytes: ByteBuffer) {
    guard ends.takesOutput, !isFinishing else { return }
    sent += UInt64(bytes.readableBytes)
    silence?.heard(at: eventLoop.now)
    configuration.recorder?.sent(bytes, to: peer)
    if configuration.reportsSent { owner?.observer.conversation(.sent(peer, bytes)) }
    carrier.transmit(bytes)
  }

  /// Sends what is queued.
  func flush() { carrier.flush() }

  /// What was taken for sent hasn't been.
  func notSent(_ count: Int) { sent -= min(sent, UInt64(count)) }

  /// Tells that more can be sent.
  func becameWritable() {
    command?.sessionBecameWritable()
    if command == nil, answering.isAllAnswered { resume(.answers) }
    owner?.sessionBecameWritable(self)
  }

  /// The command takes, or does not take, more of what the peer says.
  func commandIsReady(_ isReady: Bool) {
    if isReady { resume(.answers) } else { pause(.answers) }
  }

  // MARK: Ending

  /// Tells the peer that nothing more comes, once everything is sent.
  func endOutput() {
    guard !isFinishing else { return }
    if isInputEnded { return finish(.peerFinished) }
    perform(ends.endOutput())
  }

  private func perform(_ step: StreamEnds.Step) {
    carrier.perform(step) { [weak self] in self?.outputIsOut() }
  }

  private func outputIsOut() {
    guard !isClosed else { return }
    let step = ends.outputEnded(at: eventLoop.now)
    if ends.isOutputOut {
      configuration.recorder?.outputEnded(peer)
      owner?.observer.conversation(.outputEnded(peer))
    }
    perform(step)
  }

  /// Sends what is queued, hears the peer out without listening, and closes.
  func finish(_ cause: CloseCause) {
    guard !isFinishing else { return }
    phase = .leaving(verdict ?? cause)
    flush()
    defer { owner?.sessionLeaving(self) }
    // Closing with something unread would reset the connection, and what the peer has not read yet would be lost: it
    // is told of the end, and heard out for a while.
    perform(ends.endOutput())
    guard let lingering = carrier.lingering else { return closeSoon(cause) }
    guard !isInputEnded else { return }
    pauses = []
    carrier.read()
    _ = schedule(in: lingering) { session in session.carrier.close() }
  }

  /// Closes at once.
  func abort(_ cause: CloseCause) {
    guard !isFinishing else { return }
    phase = .leaving(verdict ?? cause)
    owner?.sessionLeaving(self)
    if carrier.lingering == nil { closeSoon(cause) } else { carrier.close() }
  }

  /// The owner may be in the middle of using the session.
  private func closeSoon(_ cause: CloseCause) {
    eventLoop.assumeIsolated().execute { self.closed(cause) }
  }

  /// Puts the end, when it comes, down to something: what is known first counts, unless it turns out that what this side
  /// took for its own good end wasn't one.
  func blame(_ cause: CloseCause) {
    switch phase {
    case .leaving(let known) where known.isOverruled(by: cause, with: ends, isDatagram: carrier.lingering == nil):
      phase = .leaving(cause)
    case .leaving, .closed: return
    case .opening, .waiting, .served: verdict = verdict ?? cause
    }
  }

  /// Ends the session for good.
  func closed(_ fallback: CloseCause) {
    guard !isClosed else { return }
    let cause = outcome(phase.cause ?? verdict ?? fallback)
    phase = .closed(cause)
    timers.cancel()
    let commandEnd = command?.end
    command?.sessionClosed()
    command = nil
    configuration.recorder?.closed(peer, cause)
    guard let owner else { return }
    self.owner = nil
    var summary = self.summary
    summary.command = commandEnd
    owner.observer.conversation(.closed(peer, cause, summary))
    owner.sessionClosed(self, cause: cause)
  }

  /// A peer that ended without saying what was expected of it has failed, however it ended.
  private func outcome(_ cause: CloseCause) -> CloseCause {
    guard let expectation = configuration.expectation, !isExpectationMet, timers.expectation != nil else {
      return cause
    }
    if case .failed = cause { return cause }
    return .failed(
      Failure(.expectationUnmet, .endedWithoutSaying(peer.address, expectation.pattern))
    )
  }

  private var summary: ConversationSummary {
    var summary = ConversationSummary(received: received, sent: sent, lasted: eventLoop.now - opened)
    summary.ourEnd = ends.ours.map { $0 - opened }
    summary.peerEnd = ends.theirs.map { $0 - opened }
    summary.order = carrier.lingering == nil ? nil : ends.order
    return summary
  }
}

// MARK: Time limits

extension Session {
  /// Ends the conversation once nothing has been said for as long as that is allowed.
  private func watchForSilence() {
    guard silence == nil, let limit = configuration.idleTimeout else { return }
    silence = SilenceLimit(limit, at: eventLoop.now)
    armIdleTimer(after: limit)
  }

  private func armIdleTimer(after delay: TimeAmount) {
    timers.idle = schedule(in: delay) { session in
      guard let remaining = session.silence?.remaining(at: session.eventLoop.now) else {
        return session.finish(.idle)
      }
      session.armIdleTimer(after: remaining)
    }
  }

  /// Leaves it to the owner to say what silence means from here on.
  func leaveSilenceToOwner() {
    timers.idle?.cancel()
  }

  private func watchForExpectation() {
    guard let expectation = configuration.expectation else { return }
    hearing.expect(expectation, in: configuration.encoding)
    timers.expectation = schedule(in: expectation.limit) { session in
      let sentence = TalkSentence.didNotSay(session.peer.address, expectation.pattern, expectation.limit.text)
      session.finish(.failed(Failure(.expectationUnmet, sentence)))
    }
  }
}

extension CloseCause {
  /// Whether what this side took for its good end turns out to have been none: what was said has not arrived, or the peer
  /// refuses to have spoken with it.
  fileprivate func isOverruled(by cause: CloseCause, with ends: StreamEnds, isDatagram: Bool) -> Bool {
    switch (self, cause) {
    case (.local, .failed) where isDatagram: true
    case (.local, .failed(let failure)), (.peerFinished, .failed(let failure)): failure.kind == .tls
    case (.peerFinished, .peerReset): !ends.isOutputOut
    case (.local(.inputEnded), .peerReset), (.local(.inputEnded), .timedOut): true
    default: false
    }
  }
}
