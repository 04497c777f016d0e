import Glibc
import NIOCore
import NIOSSL
import NIOTLS
import SockeyeTransport

/// A conversation over a stream: TCP, TLS or a Unix domain socket.
final class StreamSession: Session, ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a peer may take to end its stream after we ended ours.
  static let lingering = TimeAmount.seconds(5)

  private var context: ChannelHandlerContext?
  private var isReadOutstanding = false
  /// Reads are being delivered: what is sent meanwhile is flushed once at their end.
  private var isInRead = false
  private var isOpened = false
  /// Everything is sent, and the peer has been told that nothing more comes.
  private var isOutputShut = false
  private var handshake: Handshake

  private enum Handshake {
    case none
    case pending
    case done
  }

  init(channel: any Channel, peer: Peer, owner: any SessionOwner, configuration: ConversationConfiguration) {
    handshake = configuration.tls == nil ? .none : .pending
    super.init(
      peer: peer,
      owner: owner,
      configuration: configuration,
      eventLoop: channel.eventLoop,
      isDatagram: false
    )
  }

  // MARK: - Life of the channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { channelBecameActive(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    channelBecameActive(context)
    context.fireChannelActive()
  }

  private func channelBecameActive(_ context: ChannelHandlerContext) {
    switch handshake {
    case .none, .done: self.open()
    // Reading is what brings the handshake on.
    case .pending: self.read(context)
    }
  }

  private func open() {
    guard !self.isOpened else { return }
    isOpened = true
    self.configuration.recorder?.opened(self.peer)
    self.owner?.sessionOpened(self)
    flush()
    updateReading()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted:
      handshake = .done
      self.open()
    case ChannelEvent.inputClosed:
      guard isOpened else {
        if self.cause == nil { self.cause = .peerFinished }
        return context.close(promise: nil)
      }
      inputEnded()
      flush()
      if isFinishing { halfClose() }
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE:
      setCause(isInputEnded ? .peerFinished : .peerReset)
    case let error as IOError where error.errnoCode == ETIMEDOUT: setCause(.timedOut)
    case NIOSSLError.uncleanShutdown where handshake == .done:
      if !self.isInputEnded, !self.isFinishing {
        let warning = "ended without TLS close_notify; what it said may be cut short"
        self.owner?.observer.conversation(.notice(self.peer, warning))
      }
      setCause(.peerFinished)
    default:
      setCause(.failed(TLSSettings.failure(error, with: self.peer, isHandshake: handshake == .pending)))
    }
    context.close(promise: nil)
  }

  private func setCause(_ cause: CloseCause) {
    if self.cause == nil { self.cause = cause }
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    // After our half-close the peer's end closes the channel without being announced. Otherwise what closes it without
    // a word is a write that failed, and a reset is all that can have been the reason.
    if isOutputEnded, self.cause == nil { inputEnded() }
    closed(isInputEnded ? .peerFinished : .peerReset)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
  }

  // MARK: - Reading

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isInRead = true
    arrived(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isInRead = false
    isReadOutstanding = false
    flush()
    if handshake == .pending || pauses.isEmpty { self.read(context) }
  }

  override func updateReading() {
    guard pauses.isEmpty, !self.isInRead, let context = self.context else { return }
    self.read(context)
  }

  private func read(_ context: ChannelHandlerContext) {
    guard !self.isReadOutstanding, !self.isInputEnded else { return }
    isReadOutstanding = true
    context.read()
  }

  // MARK: - Writing

  private var needsFlush = false

  override var isWritable: Bool { self.context?.channel.isWritable ?? false }

  override func transmit(_ bytes: ByteBuffer) {
    needsFlush = true
    self.context?.write(wrapOutboundOut(bytes), promise: nil)
  }

  override func flush() {
    guard needsFlush, !self.isInRead else { return }
    needsFlush = false
    self.context?.flush()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { becameWritable() }
    context.fireChannelWritabilityChanged()
  }

  // MARK: - Ending

  override func endOutput() {
    guard !self.isOutputEnded, !self.isFinishing else { return }
    if isInputEnded { isFinishing = true }
    halfClose()
  }

  /// Ends the output once everything is sent, and the channel with it if the input has ended by then.
  ///
  /// NIO gives up what is queued when a channel closes, and closes it when the second direction ends: the channel is
  /// closed only when the first end is through.
  private func halfClose() {
    guard let context = self.context else { return }
    context.flush()
    guard !self.isOutputEnded else {
      if isOutputShut { context.close(promise: nil) }
      return
    }
    isOutputEnded = true
    self.configuration.recorder?.outputEnded(self.peer)
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenComplete { _ in
      self.isOutputShut = true
      if self.isInputEnded { self.context?.close(promise: nil) }
    }
    if isInputEnded {
      // Half-closing now would close at once. An empty write behind all others tells when they are through.
      context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
    } else {
      context.close(mode: .output, promise: sent)
    }
  }

  override func finish(_ cause: CloseCause) {
    guard !self.isFinishing else { return }
    isFinishing = true
    setCause(cause)
    defer { self.owner?.sessionLeaving(self) }
    // Closing with something unread would reset the connection, and what the peer has not read yet would be lost: it
    // is told of the end, and heard out for a while.
    halfClose()
    guard !self.isInputEnded else { return }
    resumeAll()
    _ = schedule(in: Self.lingering) { session in (session as? StreamSession)?.context?.close(promise: nil) }
  }

  override func abort(_ cause: CloseCause) {
    isFinishing = true
    setCause(cause)
    self.context?.close(promise: nil)
  }
}
