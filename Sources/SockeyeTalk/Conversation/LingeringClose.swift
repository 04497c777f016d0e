import NIOCore

/// Lets a peer hear why TLS came to nothing.
///
/// TLS closes its channel right behind the alert that says why a handshake failed. With something of the peer's unread that
/// close is a reset, and a reset may overtake the alert. So, until the handshake is through, a close only ends our
/// direction, and what still comes is passed over until the peer ends or some seconds have gone.
final class LingeringClose: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer

  private enum State {
    case handshaking
    case lingering
    case passive
  }

  private var state = State.handshaking

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .lingering = state { return }
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    guard case .lingering = state else { return context.fireChannelReadComplete() }
    context.read()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .lingering = state, case ChannelEvent.inputClosed = event { return context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    context.write(data, promise: promise)
  }

  /// The handshake is through: a close is TLS's own business.
  func handshakeCompleted() { state = .passive }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard case .handshaking = state, mode == .all, context.channel.isActive else {
      if case .lingering = state, mode == .all {
        context.channel.closeFuture.cascade(to: promise)
        return
      }
      return context.close(mode: mode, promise: promise)
    }
    state = .lingering
    context.channel.closeFuture.cascade(to: promise)
    context.close(mode: .output, promise: nil)
    context.read()
    context.eventLoop.assumeIsolated().scheduleTask(in: StreamCarrier.lingering) { context.close(promise: nil) }
  }
}
