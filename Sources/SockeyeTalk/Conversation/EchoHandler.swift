import NIOCore

/// Sends everything back, and nothing else: what `--echo` is when nobody watches.
///
/// It reads on only while what it sent fits the channel's buffer, so that a peer that does not read is not read from.
final class EchoHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var isInputEnded = false
  private var mustRead = false

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { context.read() }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // One way through the pipeline for both: a single read is all that most turns bring.
    context.writeAndFlush(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      context.read()
    } else {
      mustRead = true
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    guard mustRead, context.channel.isWritable else { return }
    mustRead = false
    context.read()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event, !isInputEnded else { return }
    isInputEnded = true
    // Closing gives up what is queued: an empty write behind it tells when it is gone.
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}

/// Sends datagrams back to where they came from, and nothing else.
final class DatagramEchoHandler: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  /// One guard serves many peers: those that share it only make it slower to suspect.
  private var guards = [LoopGuard](repeating: LoopGuard(), count: 64)
  private let guardsAgainstLoops: Bool
  private let noteSuspect: (SocketAddress) -> Void
  private var now = NIODeadline.now()
  private var unflushed = 0

  /// Answers go out a few at a time: with one system call for them, and while the peer has still something to do.
  private static let flushedAtOnce = 8

  init(guardsAgainstLoops: Bool, noteSuspect: @escaping (SocketAddress) -> Void) {
    self.guardsAgainstLoops = guardsAgainstLoops
    self.noteSuspect = noteSuspect
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    // Datagrams are dropped rather than kept when the network takes no more.
    guard context.channel.isWritable else { return }
    if guardsAgainstLoops {
      let envelope = unwrapInboundIn(data)
      let place = (envelope.remoteAddress.port ?? 0) % guards.count
      switch guards[place].consider(envelope.data, at: now) {
      case .answer: break
      case .suspect:
        noteSuspect(envelope.remoteAddress)
        return
      case .ignore: return
      }
    }
    context.write(data, promise: nil)
    unflushed += 1
    if unflushed == Self.flushedAtOnce { flush(context) }
  }

  private func flush(_ context: ChannelHandlerContext) {
    unflushed = 0
    context.flush()
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    flush(context)
    now = .now()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An answer that could not be delivered to one peer is no reason to stop serving the others.
  }
}
