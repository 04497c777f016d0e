import NIOCore

/// Stands between a socket and TLS, and makes TLS deliver what it has read before it hears of an end.
///
/// TLS hands over what it deciphered when a read is complete, and there are ends that come first: a read that ends in a reset, a
/// write that fails and takes the unread with it, and a record that can't be deciphered behind ones that could. What came
/// right before would be deciphered and then dropped.
final class DeliveryBeforeError: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private var context: ChannelHandlerContext?
  /// Whether something was read that TLS hasn't been told to be all of it.
  private var isReading = false

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    isReading = true
    context.fireChannelRead(data)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    isReading = false
    context.fireChannelReadComplete()
  }

  /// Has TLS hand over what it holds; whoever hears of an error of TLS's own does so first.
  func deliver() {
    guard isReading, let context else { return }
    channelReadComplete(context: context)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    deliver()
    context.fireErrorCaught(error)
  }

  /// A write that fails closes the channel behind what it could still read, and calls that neither complete nor an error.
  func channelInactive(context: ChannelHandlerContext) {
    deliver()
    context.fireChannelInactive()
  }
}
