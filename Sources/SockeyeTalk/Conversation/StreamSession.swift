import Glibc
import NIOCore
import NIOSSL
import NIOTLS
import SockeyeTransport

/// A session over a stream (TCP, TLS or a Unix domain socket): it turns what happens to the channel into what happens to
/// the session.
final class StreamSession: Session, ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// How long a peer may take to end its stream after we ended ours.
  static let lingering = StreamCarrier.lingering

  private let stream: StreamCarrier
  private var handshake: Handshake

  /// How far TLS has come.
  private enum Handshake {
    /// There is none.
    case none
    case expected
    /// It is under way, and may not take for ever.
    case pending(Scheduled<Void>)
    case done
  }

  init(channel: any Channel, peer: Peer, owner: any SessionOwner, configuration: ConversationConfiguration) {
    handshake = configuration.tls == nil ? .none : .expected
    stream = StreamCarrier()
    super.init(
      peer: peer,
      owner: owner,
      configuration: configuration,
      eventLoop: channel.eventLoop,
      carrier: stream,
      isDatagram: false
    )
  }

  // MARK: Life of the channel

  func handlerAdded(context: ChannelHandlerContext) {
    stream.attach(context)
    if context.channel.isActive { begin() }
  }

  func channelActive(context: ChannelHandlerContext) {
    begin()
    context.fireChannelActive()
  }

  /// A channel that was active before this was added to it may say so once more.
  private func begin() {
    switch handshake {
    case .none: openStream()
    case .expected:
      limitHandshake()
      // Reading is what brings the handshake on.
      stream.read()
    case .pending, .done: return
    }
  }

  private func openStream() {
    open()
    flush()
    if pauses.isEmpty { stream.read() }
  }

  private func limitHandshake() {
    let limit = configuration.handshakeLimit
    handshake = .pending(
      schedule(in: limit) { session in
        let sentence = TalkSentence.handshakeTooSlow(session.peer.address, limit.text)
        session.blame(.failed(Failure(.timedOut, sentence)))
        session.carrier.close()
      }
    )
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted(let agreed):
      noteFacts(context, agreed)
      if case .pending(let limit) = handshake { limit.cancel() }
      handshake = .done
      try? context.pipeline.syncOperations.handler(type: LingeringClose.self).handshakeCompleted()
      openStream()
    case ChannelEvent.inputClosed: peerEnded(context)
    default: break
    }
    context.fireUserInboundEventTriggered(event)
  }

  private func noteFacts(_ context: ChannelHandlerContext, _ agreed: String?) {
    let pipeline = context.pipeline.syncOperations
    guard let observer = try? pipeline.handler(type: HandshakeObserver.self),
      let handler = TLSFailure.handler(in: context.pipeline)
    else { return }
    handshakeFacts = observer.facts(handler, agreed: agreed)
  }

  private func peerEnded(_ context: ChannelHandlerContext) {
    if case .opening = phase {
      blame(.peerFinished)
      return stream.close()
    }
    inputEnded()
    flush()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    try? context.pipeline.syncOperations.handler(type: DeliveryBeforeError.self).deliver()
    switch error {
    // TLS that has nothing to deliver asks its channel whether to read on. A closed one's end is told by itself.
    case ChannelError.ioOnClosedChannel: return
    case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE: blame(reset)
    case let error as IOError where error.errnoCode == ETIMEDOUT: blame(.timedOut)
    case NIOSSLError.uncleanShutdown where isHandshakeDone:
      guard !isInputEnded else { return }
      blame(isFinishing ? .peerFinished : .failed(TLSFailure.cut(peer, hasSpoken: received > 0)))
    default: blame(.failed(TLSFailure.of(error, with: peer, over: context, isHandshake: !isHandshakeDone)))
    }
    stream.close()
  }

  private var isHandshakeDone: Bool { if case .done = handshake { true } else { false } }

  /// A peer that breaks off before it has said anything inside TLS hasn't accepted us.
  private var reset: CloseCause {
    isHandshakeDone && received == 0 && !isInputEnded ? .failed(TLSFailure.cut(peer, hasSpoken: false)) : .peerReset
  }

  func channelInactive(context: ChannelHandlerContext) {
    stream.detach()
    if case .pending(let limit) = handshake { limit.cancel() }
    // After our half-close the peer's end closes the channel without being announced. Otherwise what closes it without
    // a word is a write that failed, and a reset is all that can have been the reason.
    if ends.isOutputOut, !stream.isClosed { inputEnded() }
    if isInputEnded, !ends.isOutputOut { blame(.peerReset) }
    closed(isInputEnded && !ends.takesOutput ? .peerFinished : .peerReset)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    stream.detach()
  }

  // MARK: Reading and writing

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    stream.deliver()
    arrived(unwrapInboundIn(data))
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    stream.delivered()
    if case .pending = handshake { return stream.read() }
    if pauses.isEmpty, !isInputEnded { stream.read() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { becameWritable() }
    context.fireChannelWritabilityChanged()
  }
}
