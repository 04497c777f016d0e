import NIOCore
import NIOSSL
import SockeyeTransport

/// One conversation that this side began. Confined to one event loop.
final class ClientCore: SessionOwner, InputTarget {
  let configuration: ClientConfiguration
  let observer: any ConversationObserver
  private let eventLoop: any EventLoop
  private let done: EventLoopPromise<ConversationOutcome>

  private var session: Session?
  private var channel: (any Channel)?
  private var pump: InputPump?
  private var failure: Failure?
  private var utterances = 0
  private var isEnding = false
  private var quietTimer: Scheduled<Void>?
  private var droppedDatagrams = 0

  init(
    _ configuration: ClientConfiguration,
    observer: any ConversationObserver,
    done: EventLoopPromise<ConversationOutcome>,
    on eventLoop: any EventLoop
  ) {
    self.configuration = configuration
    self.observer = observer
    self.done = done
    self.eventLoop = eventLoop
    observer.onReady = { [weak self] in
      self?.resume()
    }
  }

  private func resume() {
    guard self.observer.isReady else { return }
    self.session?.resume(.observer)
    guard droppedDatagrams > 0 else { return }
    self.observer.conversation(.notice(nil, "\(droppedDatagrams) datagrams dropped: the output was not read"))
    droppedDatagrams = 0
  }

  // MARK: - Beginning

  /// Sets the connected channel up.
  func connected(_ channel: any Channel, tls: (context: NIOSSLContext, host: String?)?) throws {
    self.channel = channel
    let pipeline = channel.pipeline.syncOperations
    try Self.tune(channel)
    if let tls { try pipeline.addHandler(try Self.tlsHandler(tls.context, host: tls.host)) }
    let session = StreamSession(
      channel: channel,
      peer: Peer(number: 1, remoteAddress: channel.remoteAddress, localAddress: channel.localAddress),
      owner: self,
      configuration: self.configuration.conversation
    )
    self.session = session
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

  /// An address is no name for the server to choose a certificate by; the certificate is checked against it all the
  /// same.
  private static func tlsHandler(_ context: NIOSSLContext, host: String?) throws -> NIOSSLClientHandler {
    guard let host, (try? SocketAddress(ipAddress: host, port: 0)) == nil else {
      return try NIOSSLClientHandler(context: context, serverHostname: nil)
    }
    return try NIOSSLClientHandler(context: context, serverHostname: host)
  }

  /// Sets the socket for datagrams up.
  func bound(_ channel: any Channel, to address: SocketAddress) throws {
    self.channel = channel
    let handler = DatagramHandler(
      arrived: { [weak self] _, envelope in self?.datagramArrived(envelope) },
      completed: { [weak self] in self?.session?.flush() }
    )
    try channel.pipeline.syncOperations.addHandler(handler)
    let session = DatagramSession(
      channel: channel,
      peer: Peer(number: 1, remoteAddress: address, localAddress: nil),
      owner: self,
      configuration: self.configuration.conversation
    )
    self.session = session
    self.configuration.conversation.recorder?.opened(session.peer)
  }

  /// Begins to speak over the socket for datagrams.
  func startDatagrams() {
    if let session = self.session { sessionOpened(session) }
  }

  func sessionOpened(_ session: Session) {
    self.observer.conversation(.opened(session.peer))
    session.serve()
    if isEnding || self.configuration.isProbe { return session.finish(.local(.done)) }
    if self.configuration.utterance != nil {
      utter()
    } else if let input = self.configuration.input {
      do {
        pump = try InputPump(input, self.configuration.conversation.composer, target: self, on: self.eventLoop)
        pump?.pump()
      } catch {
        inputFailed(error)
      }
    } else {
      inputEnded()
    }
  }

  private func utter() {
    guard let utterance = self.configuration.utterance, let session = self.session, !session.isFinishing else { return }
    session.send(utterance.message)
    session.flush()
    utterances += 1
    let total = utterance.count ?? (utterance.interval == nil ? 1 : .max)
    guard utterances < total else { return inputEnded() }
    _ = session.schedule(in: utterance.interval ?? .zero) { [weak self] _ in self?.utter() }
  }

  // MARK: - Listening

  func session(_ session: Session, heard message: Message) {
    if session.isExpectationMet, self.configuration.conversation.expectation != nil {
      session.finish(.local(.expectationMet))
    }
    if self.configuration.isDatagram { armQuietTimer() }
  }

  private func datagramArrived(_ envelope: AddressedEnvelope<ByteBuffer>) {
    guard let session = self.session, !session.isFinishing else { return }
    // What nobody can take is dropped, as a socket that is full would drop it.
    guard self.observer.isReady else { return droppedDatagrams += 1 }
    var marks: Message.Marks = .datagram
    if !self.isExpected(envelope.remoteAddress) {
      marks.insert(.unexpectedSource)
      let notice = "a datagram came from \(envelope.remoteAddress.text), which was not spoken to"
      self.observer.conversation(.notice(session.peer, notice))
    }
    let datagram = self.configuration.datagrams.cut(envelope.data, &marks)
    session.arrived(datagram, marks: marks)
  }

  /// Whoever answers a broadcast or a multicast does so under its own address.
  private func isExpected(_ source: SocketAddress) -> Bool {
    guard let peer = self.session?.peer.remoteAddress else { return true }
    if peer.isMulticast || self.configuration.datagrams.broadcast { return true }
    return source.port == peer.port && SocketAddressBytes.of(source) == SocketAddressBytes.of(peer)
  }

  func sessionInputEnded(_ session: Session) {
    checkExpectation(session)
    switch self.configuration.conversation.onPeerEnd {
    case .hold where !session.isOutputEnded && (pump.map { !$0.hasEnded } ?? false): return
    case .hold: break
    // What is at hand is still sent: a file does not stay half sent because the peer has nothing to say.
    case .exit: if !session.isOutputEnded, pump?.hasMoreAtHand == true { return }
    }
    session.finish(.peerFinished)
  }

  private func checkExpectation(_ session: Session) {
    guard let expectation = self.configuration.conversation.expectation, !session.isExpectationMet else { return }
    if self.failure == nil {
      self.failure = Failure(
        .expectationUnmet,
        "\(session.peer.address) ended without saying /\(expectation.pattern)/"
      )
    }
  }

  func sessionBecameWritable(_ session: Session) { pump?.pump() }

  func sessionStalled(_ session: Session) {}

  func sessionLeaving(_ session: Session) {}

  // MARK: - Speaking

  var takesInput: Bool {
    guard let session = self.session, !session.isFinishing else { return false }
    return session.isWritable
  }

  func take(_ bytes: ByteBuffer) {
    self.session?.send(bytes)
    self.session?.flush()
    // The peer may have ended while this was on its way.
    guard let session = self.session, session.isInputEnded, !session.isFinishing else { return }
    sessionInputEnded(session)
  }

  func take(command: InputCommand) {
    if command == .quit { end() }
  }

  func inputEnded() {
    guard let session = self.session else { return }
    switch self.configuration.conversation.onInputEnd {
    case .hold:
      if session.isInputEnded { session.finish(.peerFinished) }
      return
    case .close: return session.finish(.local(.inputEnded))
    case .halfClose: break
    }
    session.endOutput()
    if self.configuration.isDatagram { armQuietTimer() }
  }

  /// Datagrams have no end: once all is said, silence is taken for it.
  private func armQuietTimer() {
    guard let session = self.session, session.isOutputEnded else { return }
    // An explicit limit on silence, or on an answer, speaks for itself.
    guard self.configuration.conversation.expectation == nil else { return }
    quietTimer?.cancel()
    let hasHeard = session.received > 0
    let patience = self.configuration.conversation.idleTimeout ?? self.configuration.datagramPatience
    quietTimer = session.schedule(in: hasHeard ? self.configuration.datagramQuiet : patience) {
      [weak self] session in
      if !hasHeard { self?.observer.conversation(.notice(session.peer, "no answer within \(patience.text)")) }
      session.finish(.local(.done))
    }
  }

  func inputFailed(_ failure: Failure) {
    self.failure = failure
    self.session?.finish(.failed(failure))
  }

  // MARK: - Ending

  /// Ends the conversation once what was said is sent.
  func end() {
    isEnding = true
    self.session?.finish(.local(.quit))
  }

  /// Ends the conversation at once: nobody listens any more.
  func abandon(_ failure: Failure) {
    self.failure = failure
    self.session?.abort(.failed(failure))
  }

  func sessionClosed(_ session: Session, cause: CloseCause) {
    pump?.stop()
    self.channel?.close(promise: nil)
    if session.isExpectationMet {
      self.failure = nil
    } else {
      checkExpectation(session)
      if self.failure == nil || cause.isFailure { self.failure = Self.failure(cause, session) ?? self.failure }
    }
    self.done.succeed(ConversationOutcome(cause: cause, failure: self.failure))
  }

  private static func failure(_ cause: CloseCause, _ session: Session) -> Failure? {
    let address = session.peer.address
    return switch cause {
    case .failed(let failure): failure
    case .peerReset: Failure(.network, "\(address) reset the connection; what it said may be cut short")
    case .timedOut: Failure(.timedOut, "\(address) does not answer any more; check the network")
    case .idle: Failure(.timedOut, "nothing was said to or by \(address) for the time that --idle allows")
    case .peerFinished, .local: nil
    }
  }
}

extension CloseCause {
  fileprivate var isFailure: Bool {
    if case .failed = self { true } else { false }
  }
}
