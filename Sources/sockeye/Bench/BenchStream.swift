import NIOCore

/// A stream that is measured: however its connection ends, it is told once that it has lost it, and knows whether it minds.
protocol BenchStream: ChannelInboundHandler, AnyObject {
  /// The handler's place; none once the connection is gone.
  var context: ChannelHandlerContext? { get set }
  /// The connection has ended, or failed.
  func lost(_ error: any Error)
}

extension BenchStream {
  func channelInactive(context: ChannelHandlerContext) {
    self.context = nil
    lost(ChannelError.eof)
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    lost(error)
    context.close(promise: nil)
  }
}
