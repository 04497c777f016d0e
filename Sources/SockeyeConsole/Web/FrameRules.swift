internal import NIOCore
internal import NIOWebSocket

/// Refuses frames that no browser sends: RFC 6455, section 5.1, has clients mask theirs, and section 5.2 has nobody use a bit
/// that no extension has given a meaning. What is put together of several frames no longer shows either.
final class FrameRules: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias InboundOut = WebSocketFrame

  /// A frame broke a rule.
  struct Violation: Error {}

  private var hasFailed = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !hasFailed else { return }
    let frame = Self.unwrapInboundIn(data)
    guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else {
      hasFailed = true
      context.fireErrorCaught(Violation())
      return
    }
    context.fireChannelRead(data)
  }
}
