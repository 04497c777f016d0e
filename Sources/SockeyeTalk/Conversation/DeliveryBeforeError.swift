import NIOCore

/// Stands between a socket and TLS, and makes TLS deliver what it has read before it hears of an error.
///
/// TLS hands over what it deciphered when a read is complete. A read that ends in an error is never called complete, so what
/// came right before a reset would be deciphered and then dropped.
final class DeliveryBeforeError: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.fireChannelReadComplete()
    context.fireErrorCaught(error)
  }
}
