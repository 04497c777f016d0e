import NIOCore
import NIOSSL
import SockeyeTransport

/// One conversation that this side began. Confined to one event loop.
final class ClientCore: SessionOwner {
  /// How far the conversation has come.
  private enum Life {
    /// Nobody is there yet.
    case connecting
    /// It was asked to end before anybody was there.
    case endingEarly
    case speaking(Session)
    case done

    var session: Session? { if case .speaking(let session) = self { session } else { nil } }
  }

  let configuration: ClientConfiguration
  let observer: any ConversationObserver
  private let eventLoop: any EventLoop
  private let done: EventLoopPromise<ConversationOutcome>

  private var life = Life.connecting
  private var channel: (any Channel)?
  private var pump: InputPump?
  /// What went wrong without the session's knowing.
  private var failure: Failure?
  private var datagrams = DatagramExchange()

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
    guard observer.isReady else { return }
    life.session?.resume(.observer)
    if let notice = datagrams.takeNoticeOfDropped() { observer.conversation(.notice(nil, notice)) }
  }

  // MARK: Beginning

  /// Sets the connected channel up.
  func connected(_ channel: any Channel, tls: (context: NIOSSLContext, host: String?)?) throws {
    self.channel = channel
    let pipeline = channel.pipeline.syncOperations
    try Self.tune(channel)
    if let tls { try pipeline.addHandlers([DeliveryBeforeError(), try Self.tlsHandler(tls.context, host: tls.host)]) }
    let session = StreamSession(
      channel: channel,
      peer: Peer(number: 1, remoteAddress: channel.remoteAddress, localAddress: channel.localAddress),
      owner: self,
      configuration: configuration.conversation
    )
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
      completed: { [weak self] in self?.life.session?.flush() },
      failed: { [weak self] error in self?.datagramFailed(error) }
    )
    try channel.pipeline.syncOperations.addHandler(handler)
    let session = DatagramSession(
      channel: channel,
      peer: Peer(number: 1, remoteAddress: address, localAddress: channel.localAddress, isDatagram: true),
      owner: self,
      configuration: configuration.conversation
    )
    datagrams.begin(with: session)
  }

  /// Begins to speak over the socket for datagrams.
  func startDatagrams() { datagrams.session?.open() }

  func sessionOpened(_ session: Session) {
    observer.conversation(.opened(session.peer))
    let isEnding = if case .endingEarly = life { true } else { false }
    life = .speaking(session)
    session.serve()
    if isEnding || (configuration.isProbe && !configuration.isDatagram) { return session.finish(.local(.done)) }
    if configuration.isProbe {
      session.send(ByteBuffer())
      session.flush()
      inputEnded()
    } else if let utterance = configuration.utterance {
      utter(utterance, time: 1)
    } else if let input = configuration.input {
      startInput(input)
    } else {
      inputEnded()
    }
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
    return configuration.utterance == nil ? .ended : .open
  }

  func sessionBecameWritable(_ session: Session) { pump?.pump() }

  func sessionStalled(_ session: Session) {}

  func sessionLeaving(_ session: Session) {}

  // MARK: Ending

  /// Ends the conversation once what was said is sent.
  func end() {
    switch life {
    case .connecting, .endingEarly: life = .endingEarly
    case .speaking(let session): session.finish(.local(.quit))
    case .done: return
    }
  }

  func sessionClosed(_ session: Session, cause: CloseCause) {
    life = .done
    let isLeftOver = pump?.hasBytesAtHand == true
    pump?.stop()
    channel?.close(promise: nil)
    let judged = cause.judged(leftOver: isLeftOver ? .inputLeftOver(session.peer) : nil)
    let failure = session.isExpectationMet ? nil : judged.failure(session.peer) ?? self.failure
    done.succeed(ConversationOutcome(cause: judged, failure: failure))
  }
}

extension CloseCause {
  /// What a client's end for this cause is to whoever started it: a failure, or none.
  fileprivate func failure(_ peer: Peer) -> Failure? {
    switch self {
    case .failed(let failure): failure
    case .peerReset: Failure(.network, "\(peer.address) reset the connection; what was said may be cut short")
    case .timedOut: Failure(.timedOut, "\(peer.address) does not answer any more; check the network")
    case .idle: Failure(.timedOut, "nothing was said to or by \(peer.address) for the time that --idle allows")
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
    case .close: return session.finish(.local(.inputEnded))
    case .halfClose: break
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
    observer.conversation(.notice(nil, failure.message))
  }
}

// MARK: Datagrams

extension ClientCore {
  private func datagramArrived(_ envelope: AddressedEnvelope<ByteBuffer>) {
    guard let session = life.session, !session.isFinishing else { return }
    // What nobody can take is dropped, as a socket that is full would drop it.
    guard observer.isReady else { return datagrams.drop() }
    var marks: Message.Marks = .datagram
    if !isExpected(envelope.remoteAddress) {
      marks.insert(.unexpectedSource)
      let notice = "a datagram came from \(envelope.remoteAddress.text), which was not spoken to"
      observer.conversation(.notice(session.peer, notice))
    }
    let datagram = configuration.datagrams.cut(envelope.data, &marks)
    let isFromPeer = envelope.remoteAddress == session.peer.remoteAddress
    session.arrived(datagram, marks: marks, from: isFromPeer ? nil : envelope.remoteAddress)
  }

  /// Whoever answers a broadcast or a multicast does so under its own address.
  private func isExpected(_ source: SocketAddress) -> Bool {
    guard let peer = life.session?.peer.remoteAddress else { return true }
    if peer.isMulticast || configuration.datagrams.broadcast { return true }
    return source.port == peer.port && SocketAddressBytes.of(source) == SocketAddressBytes.of(peer)
  }

  /// An error of the socket: what an ICMP message said of something that was sent.
  private func datagramFailed(_ error: any Error) {
    guard let session = life.session, !session.isFinishing else { return }
    let failure = DatagramFailure.of(error, to: session.peer)
    guard !datagrams.hasHeard else { return observer.conversation(.notice(session.peer, failure.message)) }
    session.finish(.failed(failure))
  }

  func session(_ session: Session, couldNotSend failure: Failure) {
    session.finish(.failed(failure))
  }

  /// Datagrams have no end: once all is said, silence is taken for it.
  private func armQuietTimer() {
    guard let session = life.session, session.isOutputEnded else { return }
    // An explicit limit on an answer speaks for itself.
    guard configuration.conversation.expectation == nil else { return }
    session.leaveSilenceToOwner()
    let limit = configuration.conversation.idleTimeout
    let patience = limit ?? configuration.datagramPatience
    let quiet = limit ?? configuration.datagramQuiet
    let hasHeard = datagrams.hasHeard
    let isProbe = configuration.isProbe
    datagrams.wait(
      session.schedule(in: hasHeard ? quiet : patience) { [weak self] session in
        if !hasHeard {
          let notice = "no answer within \(patience.text)"
          let meaning = isProbe ? ", and no refusal: whether anybody receives there can't be known" : ""
          self?.observer.conversation(.notice(session.peer, notice + meaning))
        }
        session.finish(.local(.done))
      }
    )
  }
}
