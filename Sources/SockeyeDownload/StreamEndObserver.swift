internal import NIOCore

/// Remembers whether the peer ended its stream in order: by a FIN, or in TLS by a close_notify.
final class StreamEndObserver: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private(set) var hasEnded = false

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { hasEnded = true }
    context.fireUserInboundEventTriggered(event)
  }
}
