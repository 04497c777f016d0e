import DequeModule
import NIOCore
import NIOSSL
import SockeyeText
import SockeyeTransport

/// All conversations of one server. Confined to one event loop.
final class ServerCore: SessionOwner, InputTarget {
  private struct DatagramPeer: Hashable {
    let channel: ObjectIdentifier
    let address: SocketAddress
  }

  let configuration: ServerConfiguration
  let observer: any ConversationObserver
  private let eventLoop: any EventLoop
  private let tlsContext: NIOSSLContext?
  private let done: EventLoopPromise<CloseCause?>

  private(set) var listener: Listener?
  private var lastNumber = 0
  private var served: [Int: Session] = [:]
  private var waiting: Deque<Session> = []
  /// Sessions that hear their peer out after all was said; they take no teller.
  private var leaving: [Int: Session] = [:]
  private var stalled: [Session] = []
  private var datagramPeers: [DatagramPeer: DatagramSession] = [:]
  private var touchedDatagramPeers: [DatagramSession] = []
  private var hasToldOfCrowd = false
  private var droppedDatagrams = 0
  private var pump: InputPump?
  private var isAccepting = true
  private var isDraining = false
  private var isDone = false
  private var onceServed = false
  private var lastCause: CloseCause?
  private var bareEchoes = 0

  init(
    _ configuration: ServerConfiguration,
    tlsContext: NIOSSLContext?,
    observer: any ConversationObserver,
    done: EventLoopPromise<CloseCause?>,
    on eventLoop: any EventLoop
  ) {
    self.configuration = configuration
    self.tlsContext = tlsContext
    self.observer = observer
    self.done = done
    self.eventLoop = eventLoop
    observer.onReady = { [weak self] in self?.resume() }
  }

  // MARK: - Listening

  /// Sets an accepted channel up.
  func accept(_ channel: any Channel) throws {
    let pipeline = channel.pipeline.syncOperations
    try Self.tune(channel)
    if let context = self.tlsContext {
      try pipeline.addHandler(NIOSSLServerHandler(context: context))
    }
    if self.configuration.isBareEcho, self.tlsContext == nil {
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
      configuration: self.configuration.conversation
    )
    try pipeline.addHandler(session)
  }

  /// Reads as much as is likely to be there with one call, and no more than a share of a loop's turn.
  static func tune(_ channel: any Channel) throws {
    guard let options = channel.syncOptions else { return }
    let allocator = AdaptiveRecvByteBufferAllocator(minimum: 512, initial: 1024, maximum: 65_536)
    try options.setOption(.recvAllocator, value: allocator)
    try options.setOption(.maxMessagesPerRead, value: 4)
    try options.setOption(.writeBufferWaterMark, value: .init(low: 65_536, high: 262_144))
  }

  /// Sets a channel for datagrams up.
  func bind(_ channel: any Channel) throws {
    if self.configuration.isBareEcho {
      let handler = DatagramEchoHandler(
        guardsAgainstLoops: self.configuration.conversation.automation.guardsAgainstLoops
      ) { [weak self] address in
        let notice = "\(address.text) answers our answers by itself; not answered for \(LoopGuard.silence.text)"
        self?.observer.conversation(.notice(nil, notice))
      }
      return try channel.pipeline.syncOperations.addHandler(handler)
    }
    let handler = DatagramHandler(
      arrived: { [weak self] channel, envelope in self?.datagramArrived(envelope, on: channel) },
      completed: { [weak self] in self?.flushDatagrams() }
    )
    try channel.pipeline.syncOperations.addHandler(handler)
  }

  func listening(_ listener: Listener) {
    self.listener = listener
    self.observer.conversation(.listening(listener.addresses))
    // A person may type before anybody is there; a pipe is kept for the first who comes.
    if self.configuration.input?.isInteractive == true { startInput() }
  }

  private func nextPeer(_ remote: SocketAddress?, _ local: SocketAddress?) -> Peer {
    lastNumber += 1
    return Peer(number: lastNumber, remoteAddress: remote, localAddress: local)
  }

  private func updateAccepting() {
    let should = !self.isDraining && waiting.count < self.configuration.maximumWaiting
    guard should != isAccepting, !self.configuration.isDatagram else { return }
    isAccepting = should
    for channel in self.listener?.channels ?? [] { _ = channel.setOption(.autoRead, value: should) }
  }

  private func stopListening() {
    for channel in self.listener?.channels ?? [] { channel.close(promise: nil) }
  }

  // MARK: - Sessions

  func sessionOpened(_ session: Session) {
    guard !self.isDraining, !self.onceServed, self.configuration.filter.admits(session.peer.remoteAddress) else {
      leaving[session.peer.number] = session
      return session.abort(.local(isDraining || onceServed ? .quit : .notAllowed))
    }
    if self.configuration.isOnce {
      onceServed = true
      if !self.configuration.isDatagram { stopListening() }
    }
    if let limit = self.configuration.maximumClients, served.count >= limit {
      session.holdForTurn()
      self.observer.conversation(.waiting(session.peer, ahead: waiting.count))
      waiting.append(session)
      updateAccepting()
      return
    }
    serve(session, hasWaited: false)
  }

  private func serve(_ session: Session, hasWaited: Bool) {
    served[session.peer.number] = session
    self.observer.conversation(hasWaited ? .served(session.peer) : .opened(session.peer))
    session.serve()
    if self.pump == nil, self.configuration.input != nil { startInput() }
    self.pump?.pump()
  }

  private func serveNext() {
    while let limit = self.configuration.maximumClients, served.count < limit, !self.isDraining {
      guard let next = waiting.popFirst() else { break }
      updateAccepting()
      guard !next.isFinishing else {
        leaving[next.peer.number] = next
        continue
      }
      serve(next, hasWaited: true)
      // What came while it waited, its end too, is dealt with now.
      if next.isInputEnded { sessionInputEnded(next) }
    }
  }

  func session(_ session: Session, heard message: Message) {
    if case .relay = self.configuration.conversation.automation.answer { relay(message, from: session) }
    if self.configuration.isDatagram, self.configuration.isOnce { session.finish(.local(.done)) }
  }

  func sessionInputEnded(_ session: Session) {
    guard served[session.peer.number] === session, session.isAllAnswered else { return }
    if session.isCommandRunning { return }
    if self.configuration.conversation.onPeerEnd == .hold, !session.isOutputEnded, hasInput { return }
    // What a pipe still brings is for whoever is still there.
    if !session.isOutputEnded, let pump = self.pump, pump.hasMoreAtHand,
      self.configuration.input?.isInteractive == false
    {
      return
    }
    session.finish(.peerFinished)
  }

  private var hasInput: Bool { self.pump.map { !$0.hasEnded } ?? false }

  func sessionBecameWritable(_ session: Session) {
    if case .relay = self.configuration.conversation.automation.answer { resumeRelay() }
    self.pump?.pump()
  }

  func sessionStalled(_ session: Session) { stalled.append(session) }

  private func resume() {
    guard self.observer.isReady else { return }
    let sessions = stalled
    stalled.removeAll(keepingCapacity: true)
    for session in sessions { session.resume(.observer) }
    guard droppedDatagrams > 0 else { return }
    self.observer.conversation(.notice(nil, "\(droppedDatagrams) datagrams dropped: the output was not read"))
    droppedDatagrams = 0
  }

  func sessionLeaving(_ session: Session) { makeRoom(for: session) }

  func sessionClosed(_ session: Session, cause: CloseCause) {
    let number = session.peer.number
    let wasServed = served.removeValue(forKey: number) != nil
    let wasLeaving = leaving.removeValue(forKey: number) != nil
    if wasServed || wasLeaving {
      lastCause = cause
    } else if let place = waiting.firstIndex(where: { $0 === session }) {
      waiting.remove(at: place)
      updateAccepting()
    }
    if let session = session as? DatagramSession, let address = session.peer.remoteAddress {
      datagramPeers[DatagramPeer(channel: ObjectIdentifier(session.channel), address: address)] = nil
    }
    stalled.removeAll { $0 === session }
    if case .relay = self.configuration.conversation.automation.answer { resumeRelay() }
    serveNext()
    self.pump?.pump()
    endIfDone()
  }

  // MARK: - Relaying

  private var isRelayBlocked = false

  private func relay(_ message: Message, from source: Session) {
    for session in served.values where session !== source {
      session.send(message.bytes)
      session.flush()
    }
    checkSlowReceivers()
    if isRelayBlocked { source.pause(.relay) }
  }

  /// Nobody is read from while somebody can't take what is said; who can't for too long has to go.
  private func checkSlowReceivers() {
    let slow = served.values.filter { !$0.isWritable && !$0.isFinishing }
    isRelayBlocked = !slow.isEmpty
    for session in slow where served.count > 1 {
      _ = self.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { [weak session] in
        guard let session, !session.isClosed, !session.isWritable else { return }
        session.abort(.local(.tooSlow))
      }
    }
  }

  private static let patience = TimeAmount.seconds(30)

  private func resumeRelay() {
    isRelayBlocked = served.values.contains { !$0.isWritable && !$0.isFinishing }
    guard !self.isRelayBlocked else { return }
    for session in served.values { session.resume(.relay) }
  }

  // MARK: - Datagrams

  private func datagramArrived(_ envelope: AddressedEnvelope<ByteBuffer>, on channel: any Channel) {
    // What nobody can take is dropped, as a socket that is full would drop it.
    guard self.observer.isReady else { return droppedDatagrams += 1 }
    let key = DatagramPeer(channel: ObjectIdentifier(channel), address: envelope.remoteAddress)
    let session: DatagramSession
    if let known = datagramPeers[key] {
      session = known
    } else {
      guard let new = newDatagramSession(key, on: channel) else { return }
      session = new
    }
    guard !session.isClosed, !session.isFinishing else { return }
    var marks: Message.Marks = .datagram
    let datagram = self.configuration.datagrams.cut(envelope.data, &marks)
    session.arrived(datagram, marks: marks)
    touchedDatagramPeers.append(session)
  }

  private func newDatagramSession(_ key: DatagramPeer, on channel: any Channel) -> DatagramSession? {
    guard !self.isDraining, !self.onceServed, self.configuration.filter.admits(key.address) else { return nil }
    guard datagramPeers.count < self.configuration.maximumDatagramPeers,
      waiting.count < self.configuration.maximumWaiting
    else {
      tellOfCrowd()
      return nil
    }
    let session = DatagramSession(
      channel: channel,
      peer: nextPeer(key.address, channel.localAddress),
      owner: self,
      configuration: self.configuration.conversation
    )
    datagramPeers[key] = session
    self.configuration.conversation.recorder?.opened(session.peer)
    sessionOpened(session)
    return session
  }

  private func tellOfCrowd() {
    guard !self.hasToldOfCrowd else { return }
    hasToldOfCrowd = true
    let advice = "more addresses send datagrams than can be served; they are not heard until others fall silent"
    self.observer.conversation(.notice(nil, advice))
  }

  private func flushDatagrams() {
    for session in touchedDatagramPeers { session.flush() }
    touchedDatagramPeers.removeAll(keepingCapacity: true)
  }

  // MARK: - Input

  private func startInput() {
    guard let input = self.configuration.input else { return }
    do {
      self.pump = try InputPump(input, self.configuration.conversation.composer, target: self, on: self.eventLoop)
    } catch {
      self.observer.conversation(.notice(nil, error.message))
    }
  }

  var takesInput: Bool {
    if self.configuration.input?.isInteractive == true {
      return served.values.allSatisfy { $0.isWritable }
    }
    return !self.served.isEmpty && served.values.allSatisfy { $0.isWritable }
  }

  func take(_ bytes: ByteBuffer) {
    for session in served.values {
      session.send(bytes)
      session.flush()
    }
    if served.isEmpty, self.configuration.input?.isInteractive == true {
      self.observer.conversation(.notice(nil, "nobody is there to hear that"))
    }
    if served.count > 1 { checkSlowReceivers() }
  }

  func take(command: InputCommand) {
    switch command {
    case .tell(let number, let bytes):
      guard let session = served[number] else { return notThere(number) }
      session.send(ByteBuffer(bytes: bytes))
      session.flush()
    case .kick(let number):
      guard let session = served[number] ?? waiting.first(where: { $0.peer.number == number }) else {
        return notThere(number)
      }
      session.finish(.local(.kicked))
    case .clients:
      let all = served.values.map { ($0, false) } + waiting.map { ($0, true) }
      let rows = all.sorted { $0.0.peer.number < $1.0.peer.number }.map { session, isWaiting in
        (peer: session.peer, isWaiting: isWaiting, received: session.received, sent: session.sent)
      }
      self.observer.conversation(.clients(rows))
    case .quit: end()
    case .unknown(let text):
      let shown = VisibleText.of(text)
      self.observer.conversation(
        .notice(nil, "'\(shown)': there are @N TEXT, /clients, /kick N and /quit; say // for a slash")
      )
    }
  }

  private func notThere(_ number: Int) {
    self.observer.conversation(.notice(nil, "there is no client \(number); /clients lists them"))
  }

  private func makeRoom(for session: Session) {
    guard served.removeValue(forKey: session.peer.number) != nil else { return }
    leaving[session.peer.number] = session
    serveNext()
  }

  func inputEnded() {
    if self.configuration.input?.isInteractive == true { return end() }
    guard self.pump?.hasHadBytes == true else {
      // An input without a byte (`< /dev/null`) means that there is nothing to say, not that something was said.
      for session in served.values where session.isInputEnded { sessionInputEnded(session) }
      return
    }
    for session in served.values {
      switch self.configuration.conversation.onInputEnd {
      case .halfClose: session.endOutput()
      case .close: session.finish(.local(.inputEnded))
      case .hold: break
      }
    }
  }

  func inputFailed(_ failure: Failure) {
    self.observer.conversation(.notice(nil, failure.message))
  }

  // MARK: - Ending

  /// Accepts no more; those who are there are served on.
  func drain() {
    guard !self.isDraining else { return }
    isDraining = true
    stopListening()
    for session in waiting { session.abort(.local(.quit)) }
    if self.configuration.isDatagram { for session in served.values { session.finish(.local(.quit)) } }
    endIfDone()
  }

  /// Ends all conversations, saying what is still to be said.
  func end() {
    drain()
    for session in served.values { session.finish(.local(.quit)) }
    endIfDone()
  }

  private func endIfDone() {
    guard !self.isDone, isDraining || onceServed else { return }
    guard served.isEmpty, waiting.isEmpty, leaving.isEmpty, bareEchoes == 0 else { return }
    isDone = true
    stopListening()
    self.pump?.stop()
    self.done.succeed(lastCause)
  }
}
