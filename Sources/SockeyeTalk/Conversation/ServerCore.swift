import DequeModule
import NIOCore
import SockeyeText
import SockeyeTransport

/// All conversations of one server. Confined to one event loop.
final class ServerCore: SessionOwner {
  /// Whether clients are still taken.
  enum Life {
    /// They are.
    case listening
    /// As many wait as may: none is accepted until one of them leaves.
    case full
    /// The only client that was asked for is there.
    case engaged
    /// None is; those who are there are served on.
    case draining
    case done

    var admits: Bool {
      switch self {
      case .listening, .full: true
      case .engaged, .draining, .done: false
      }
    }
  }

  let configuration: ServerConfiguration
  let observer: any ConversationObserver
  let eventLoop: any EventLoop
  private let tls: TLSHandlers?
  private let done: EventLoopPromise<CloseCause?>

  private(set) var life = Life.listening
  private(set) var listener: Listener?
  var clientele: Clientele
  /// What clients are behind with, by their numbers.
  var backlogs: [Int: Backlog] = [:]
  var pump: InputPump?
  var datagrams = DatagramPeers()
  private var lastNumber = 0
  private var stalled: [Session] = []
  private var lastCause: CloseCause?
  private var bareEchoes = 0

  init(
    _ configuration: ServerConfiguration,
    tls: TLSHandlers?,
    observer: any ConversationObserver,
    done: EventLoopPromise<CloseCause?>,
    on eventLoop: any EventLoop
  ) {
    self.configuration = configuration
    self.tls = tls
    self.observer = observer
    self.done = done
    self.eventLoop = eventLoop
    clientele = Clientele(limit: configuration.maximumClients)
    observer.onReady = { [weak self] in self?.resume() }
  }

  var isRelay: Bool {
    if case .relay = configuration.conversation.automation.answer { true } else { false }
  }

  // MARK: Listening

  /// Sets an accepted channel up.
  func accept(_ channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    try Self.tune(channel)
    if let tls { try pipeline.addHandlers(try tls.server()) }
    if configuration.isBareEcho, tls == nil {
      bareEchoes += 1
      channel.closeFuture.assumeIsolated().whenComplete { _ in
        self.bareEchoes -= 1
        self.endIfDone()
      }
      return try pipeline.addHandler(EchoHandler())
    }
    let session = StreamSession(
      channel: channel,
      peer: nextPeer(channel.remoteAddress, channel.localAddress),
      owner: self,
      configuration: configuration.conversation
    )
    try pipeline.addHandler(session)
  }

  /// Reads as much as is likely to be there with one call, and no more than a share of a loop's turn.
  private static func tune(_ channel: any Channel) throws {
    guard let options = channel.syncOptions else { return }
    let allocator = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 65_536)
    try options.setOption(.recvAllocator, value: allocator)
    try options.setOption(.maxMessagesPerRead, value: 4)
    try options.setOption(.writeBufferWaterMark, value: .init(low: 65_536, high: 262_144))
  }

  func listening(_ listener: Listener) {
    self.listener = listener
    observer.conversation(.listening(listener.addresses))
    // A person may type before anybody is there; a pipe is kept for the first who comes.
    if configuration.input?.isInteractive == true { startInput() }
  }

  func nextPeer(_ remote: SocketAddress?, _ local: SocketAddress?) -> Peer {
    lastNumber += 1
    return Peer(
      number: lastNumber,
      remoteAddress: remote,
      localAddress: local,
      isDatagram: configuration.isDatagram
    )
  }

  private func updateAccepting() {
    guard !configuration.isDatagram else { return }
    let isFull = clientele.waiting.count >= configuration.maximumWaiting
    switch life {
    case .listening where isFull: life = .full
    case .full where !isFull: life = .listening
    default: return
    }
    for channel in listener?.channels ?? [] { _ = channel.setOption(.autoRead, value: !isFull) }
  }

  private func stopListening() {
    for channel in listener?.channels ?? [] { channel.close(promise: nil) }
  }

  // MARK: Sessions

  func sessionOpened(_ session: Session) {
    let isAdmitted = configuration.filter.admits(session.peer.remoteAddress)
    guard life.admits, isAdmitted else {
      clientele.turnAway(session)
      return session.abort(.local(life.admits ? .notAllowed : .quit))
    }
    if configuration.isOnce {
      life = .engaged
      if !configuration.isDatagram { stopListening() }
    }
    switch clientele.admit(session) {
    case .serve: serve(session, hasWaited: false)
    case .wait(let ahead):
      session.holdForTurn()
      observer.conversation(.waiting(session.peer, ahead: ahead))
      updateAccepting()
    }
  }

  private func serve(_ session: Session, hasWaited: Bool) {
    observer.conversation(hasWaited ? .served(session.peer) : .opened(session.peer))
    tellOfHandshake(session)
    session.serve()
    if pump == nil, configuration.input != nil { startInput() }
    pump?.pump()
  }

  private func serveNext() {
    guard configuration.maximumClients != nil else { return }
    while !isDraining, let next = clientele.next() {
      updateAccepting()
      serve(next, hasWaited: true)
      // What came while it waited, its end too, is dealt with now.
      if next.isInputEnded { sessionInputEnded(next) }
    }
    updateAccepting()
  }

  var isDraining: Bool {
    switch life {
    case .draining, .done: true
    case .listening, .full, .engaged: false
    }
  }

  func session(_ session: Session, heard message: Message) {
    if isRelay { relay(message, from: session) }
    if configuration.isDatagram, configuration.isOnce { session.finish(.local(.done)) }
  }

  func sessionInputEnded(_ session: Session) {
    guard clientele.served[session.peer.number] === session, session.isAllAnswered else { return }
    if session.isCommandRunning || session.isFinishing { return }
    let isDirected = configuration.conversation.isDirected
    let input = session.isOutputEnded ? .ended : pump?.left ?? (isDirected ? .person : .ended)
    switch PeerEndPolicy.verdict(configuration.conversation.onPeerEnd, input) {
    case .finish: session.finish(.peerFinished)
    case .goOn: return
    case .goOnWhilePeerStays: session.watchForGonePeer()
    }
  }

  func sessionBecameWritable(_ session: Session) {
    backlogs[session.peer.number] = nil
    if isRelay { resumeRelay() }
    pump?.pump()
  }

  func sessionStalled(_ session: Session) { stalled.append(session) }

  private func resume() {
    guard observer.isReady else { return }
    let sessions = stalled
    stalled.removeAll(keepingCapacity: true)
    for session in sessions { session.resume(.observer) }
    if let notice = datagrams.takeNoticeOfDropped() { observer.conversation(.notice(nil, notice)) }
  }

  func sessionLeaving(_ session: Session) {
    if clientele.leave(session) { serveNext() }
  }

  func sessionClosed(_ session: Session, cause: CloseCause) {
    if clientele.remove(session) { lastCause = cause.judged(leftOver: leftOver(for: session)) }
    backlogs[session.peer.number] = nil
    datagrams.remove(session)
    stalled.removeAll { $0 === session }
    if isRelay { resumeRelay() }
    serveNext()
    pump?.pump()
    endIfDone()
  }

  /// Whether the only client went before it was told everything.
  private func leftOver(for session: Session) -> Failure? {
    guard configuration.isOnce, configuration.input?.isInteractive == false, pump?.hasBytesAtHand == true else {
      return nil
    }
    return .inputLeftOver(session.peer)
  }

  // MARK: Ending

  /// Accepts no more; those who are there are served on.
  func drain() {
    guard !isDraining else { return }
    life = .draining
    stopListening()
    for session in clientele.waiting { session.abort(.local(.quit)) }
    if configuration.isDatagram { for session in clientele.served.values { session.finish(.local(.quit)) } }
    endIfDone()
  }

  /// Ends all conversations, saying what is still to be said.
  func end() {
    drain()
    for session in clientele.served.values { session.finish(.local(.quit)) }
    endIfDone()
  }

  private func endIfDone() {
    switch life {
    case .listening, .full, .done: return
    case .engaged, .draining: break
    }
    guard clientele.isEmpty, bareEchoes == 0 else { return }
    life = .done
    stopListening()
    pump?.stop()
    done.succeed(lastCause)
  }
}

extension CloseCause {
  /// The cause, or what has been lost by it if that is more to say.
  func judged(leftOver: Failure?) -> CloseCause {
    guard case .peerFinished = self, let leftOver else { return self }
    return .failed(leftOver)
  }
}

extension Failure {
  /// A peer that went before it was told everything.
  static func inputLeftOver(_ peer: Peer) -> Failure {
    Failure(.network, .closedEarly(peer.address))
  }
}
