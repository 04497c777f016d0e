import NIOCore
import SockeyeText
import SockeyeTransport

/// One conversation that this side began. Confined to one event loop.
final class ClientCore: SessionOwner {
  /// How far the conversation has come.
  enum Life {
    /// Nobody is there yet.
    case connecting
    /// It was asked to end before anybody was there.
    case endingEarly
    case speaking(Session)
    /// The connection was lost, and is made again.
    case away
    case done

    var session: Session? { if case .speaking(let session) = self { session } else { nil } }
  }

  let configuration: ClientConfiguration
  let observer: any ConversationObserver
  let eventLoop: any EventLoop
  private let transport: Transport
  private let done: EventLoopPromise<ConversationOutcome>

  var life = Life.connecting
  private var channel: (any Channel)?
  private var pump: InputPump?
  /// Called when the peer can be told more, by whoever tells it without an input.
  var onWritable: (() -> Void)?
  /// What went wrong without the session's knowing.
  var failure: Failure?
  var datagrams = DatagramExchange()
  var backOff: BackOff
  var retry: Scheduled<Void>?
  /// How a connection that was lost is made again.
  var way: WayToPeer?
  /// The session that is there or about to be.
  var latest: Session?
  /// When the peer was there to be spoken to.
  private(set) var openedAt: NIODeadline?
  /// Whether the peer was told, or is about to be, that nothing more comes.
  private(set) var hasEndedOutput = false
  /// How often something was said in place of the input.
  private var utterances = 1

  init(
    _ configuration: ClientConfiguration,
    over transport: Transport,
    observer: any ConversationObserver,
    done: EventLoopPromise<ConversationOutcome>,
    on eventLoop: any EventLoop
  ) {
    self.configuration = configuration
    backOff = BackOff(configuration)
    self.transport = transport
    self.observer = observer
    self.done = done
    self.eventLoop = eventLoop
    observer.onReady = { [weak self] in
      self?.resume()
    }
  }

  private func resume() {
    guard observer.isReady else { return }
    life.session?.resume(.observer)
    if let notice = datagrams.takeNoticeOfDropped() { observer.conversation(.notice(nil, notice)) }
  }

  // MARK: Beginning

  /// Sets the connected channel up.
  ///
  /// - Parameter name: What the peer is called where a proxy leads to it.
  func connected(_ channel: any Channel, tls: TLSHandlers?, named name: String? = nil) throws {
    if case .done = life { throw failure ?? Failure(.other, .conversationBroke("\(ChannelError.alreadyClosed)")) }
    self.channel = channel
    let pipeline = channel.pipeline.syncOperations
    try Self.tune(channel)
    var peer = Peer(
      number: configuration.number,
      remoteAddress: channel.remoteAddress,
      localAddress: channel.localAddress
    )
    peer.name = name
    if let tls { try pipeline.addHandlers(try Self.handlers(tls, peer)) }
    let session = StreamSession(
      channel: channel,
      peer: peer,
      owner: self,
      configuration: configuration.conversation
    )
    latest = session
    try pipeline.addHandler(session)
  }

  /// One connection may use more memory than each of thousands.
  private static func tune(_ channel: any Channel) throws {
    guard let options = channel.syncOptions else { return }
    let allocator = AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 16_384, maximum: 262_144)
    try options.setOption(.recvAllocator, value: allocator)
    try options.setOption(.maxMessagesPerRead, value: 4)
    try options.setOption(.writeBufferWaterMark, value: .init(low: 262_144, high: 1_048_576))
  }

  private static func handlers(_ tls: TLSHandlers, _ peer: Peer) throws -> [any ChannelHandler] {
    guard let language = tls.settings.startTLS else { return try tls.client() }
    return [StartTLSHandler(language, with: peer.address, tls: tls)]
  }

  func sessionOpened(_ session: Session) {
    observer.conversation(.opened(session.peer))
    tellOfHandshake(session)
    let isEnding = if case .endingEarly = life { true } else { false }
    life = .speaking(session)
    openedAt = eventLoop.now
    session.serve()
    onWritable?()
    if isEnding || (configuration.isProbe && !configuration.isDatagram) { return session.finish(.local(.done)) }
    if configuration.isProbe {
      session.send(ByteBuffer())
      session.flush()
      inputEnded()
    } else if let utterance = configuration.utterance {
      utter(utterance, time: utterances)
    } else if let pump {
      sayAgain(pump)
    } else if let input = configuration.input {
      startInput(input)
    } else {
      inputEnded()
    }
  }

  /// Tells another address what was said to one that turned out to be closed, and goes on.
  private func sayAgain(_ pump: InputPump) {
    for datagram in datagrams.said.datagrams { life.session?.send(datagram.bytes) }
    life.session?.flush()
    if pump.left == .ended { inputEnded() } else { pump.pump() }
  }

  private func startInput(_ input: InputSettings) {
    var input = input
    // A stream of input is cut where it has to be.
    if configuration.isDatagram { input.largestPiece = DatagramSession.largestPayload }
    do {
      pump = try InputPump(input, configuration.conversation.composer, target: self, on: eventLoop)
      pump?.pump()
    } catch {
      inputFailed(error)
    }
  }

  private func utter(_ utterance: ClientConfiguration.Utterance, time: Int) {
    guard let session = life.session, !session.isFinishing else { return }
    utterances = time
    session.send(utterance.message)
    session.flush()
    let total = utterance.count ?? (utterance.interval == nil ? 1 : .max)
    guard time < total else { return inputEnded() }
    _ = session.schedule(in: utterance.interval ?? .zero) { [weak self] _ in self?.utter(utterance, time: time + 1) }
  }

  // MARK: Listening

  func session(_ session: Session, heard message: Message) {
    if session.isExpectationMet, configuration.conversation.expectation != nil {
      session.finish(.local(.expectationMet))
    }
    if configuration.isDatagram {
      datagrams.heard(message)
      if configuration.isProbe { return session.finish(.local(.done)) }
      armQuietTimer()
    }
  }

  func sessionInputEnded(_ session: Session) {
    guard !session.isFinishing else { return }
    // What is left of the input is for the next connection.
    guard !configuration.reconnects || hasEndedOutput else { return session.finish(.peerFinished) }
    switch PeerEndPolicy.verdict(configuration.conversation.onPeerEnd, inputLeft(for: session)) {
    case .finish: session.finish(.peerFinished)
    case .goOn: return
    case .goOnWhilePeerStays: session.watchForGonePeer()
    }
  }

  /// What is left to be said.
  private func inputLeft(for session: Session) -> PeerEndPolicy.Input {
    guard !session.isOutputEnded else { return .ended }
    if let pump { return pump.left }
    if configuration.conversation.isDirected { return .person }
    return configuration.utterance == nil ? .ended : .open
  }

  func sessionBecameWritable(_ session: Session) {
    pump?.pump()
    onWritable?()
  }

  func sessionStalled(_ session: Session) {}

  func sessionLeaving(_ session: Session) {}

  // MARK: Ending

  /// Ends the conversation once what was said is sent.
  func end() {
    switch life {
    case .connecting where retry != nil, .away: conclude(.local(.quit), nil)
    case .connecting, .endingEarly: life = .endingEarly
    case .speaking(let session): session.finish(.local(.quit))
    case .done: return
    }
  }

  func sessionClosed(_ session: Session, cause: CloseCause) {
    channel?.close(promise: nil)
    channel = nil
    let lasted = openedAt.map { eventLoop.now - $0 }
    openedAt = nil
    if reconnects(after: cause, of: session, lasting: lasted) { return }
    if speaksToAnother(after: cause) { return }
    let isLeftOver = pump?.hasBytesAtHand == true
    let judged = cause.judged(leftOver: isLeftOver ? .inputLeftOver(session.peer) : nil)
    let failure = session.isExpectationMet ? nil : judged.failure(session.peer) ?? self.failure ?? datagrams.complaint
    conclude(judged, failure)
  }

  func conclude(_ cause: CloseCause, _ failure: Failure?) {
    if case .done = life { return }
    life = .done
    retry?.cancel()
    channel?.close(promise: nil)
    pump?.stop()
    done.succeed(ConversationOutcome(cause: cause, failure: failure))
  }

  // MARK: Datagrams

  /// Speaks to the first of some addresses, and to the next one where one turns out to be closed.
  func speak(to routes: [DatagramRoute]) {
    datagrams = DatagramExchange(routes: routes)
    speakToNext()
  }

  private func speakToNext() {
    retry = nil
    if let route = datagrams.nextRoute() { speak(to: route) }
  }

  private func speaksToAnother(after cause: CloseCause) -> Bool {
    guard case .failed(let failure) = cause, failure.kind == .network, datagrams.canBeginAgain else { return false }
    if let route = datagrams.nextRoute() {
      life = .connecting
      speak(to: route)
      return true
    }
    guard let pause = backOff.next() else { return false }
    life = .connecting
    datagrams.tryAllAgain()
    observer.conversation(.retrying(failure, after: pause, attempt: backOff.attempt, of: backOff.limit))
    retry = eventLoop.assumeIsolated().scheduleTask(in: pause) { [weak self] in self?.speakToNext() }
    return true
  }

  private func speak(to route: DatagramRoute) {
    let opened = transport.openDatagrams(on: route, options: configuration.datagrams, eventLoop: eventLoop)
    opened.assumeIsolated().whenComplete { [self] result in
      do {
        try begin(try result.get(), to: route.address)
      } catch {
        let failure =
          error as? Failure ?? Failure(.network, .cannotSendDatagram(route.address.text, .literal("\(error)")))
        if !speaksToAnother(after: .failed(failure)) { conclude(.failed(failure), failure) }
      }
    }
  }

  private func begin(_ channel: any Channel, to address: SocketAddress) throws {
    self.channel = channel
    try channel.pipeline.syncOperations.addHandler(datagramHandler())
    let session = DatagramSession(
      channel: channel,
      peer: Peer(
        number: configuration.number,
        remoteAddress: address,
        localAddress: channel.localAddress,
        isDatagram: true
      ),
      owner: self,
      configuration: configuration.conversation
    )
    datagrams.begin(with: session)
    session.open()
  }
}

extension CloseCause {
  /// What a client's end for this cause is to whoever started it: a failure, or none.
  func failure(_ peer: Peer) -> Failure? {
    switch self {
    case .failed(let failure): failure
    case .peerReset: Failure(.network, .peerReset(peer.address))
    case .timedOut: Failure(.timedOut, .peerSilent(peer.address))
    case .idle: Failure(.timedOut, .peerIdle(peer.address))
    case .peerFinished, .local: nil
    }
  }
}

// MARK: Speaking

extension ClientCore: InputTarget {
  var takesInput: Bool {
    guard let session = life.session, !session.isFinishing else { return false }
    return session.isWritable
  }

  func take(_ bytes: ByteBuffer) {
    if configuration.isDatagram { datagrams.keep(bytes) }
    life.session?.send(bytes)
    life.session?.flush()
    // The peer may have ended while this was on its way.
    guard let session = life.session, session.isInputEnded, !session.isFinishing else { return }
    sessionInputEnded(session)
  }

  func take(command: InputCommand) {
    if command == .quit { end() }
  }

  func inputEnded() {
    guard let session = life.session else { return }
    switch configuration.conversation.onInputEnd {
    case .hold:
      if session.isInputEnded { session.finish(.peerFinished) }
      return
    case .close:
      hasEndedOutput = true
      return session.finish(.local(.inputEnded))
    case .halfClose: hasEndedOutput = true
    }
    session.endOutput()
    if configuration.isDatagram { armQuietTimer() }
  }

  func inputFailed(_ failure: Failure) {
    self.failure = failure
    life.session?.finish(.failed(failure))
  }
}

extension ClientCore {
  func inputRefused(_ failure: Failure) {
    observer.conversation(.notice(nil, failure.phrase))
  }
}
