internal import NIOCore
internal import NIOTLS
internal import SockeyeTransport

/// Ends a TLS handshake that takes too long, however busily the server sends.
final class HandshakeDeadline: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let url: DownloadURL
  private let limit: TimeAmount
  private var timeout: Scheduled<Void>?

  init(url: DownloadURL, limit: TimeAmount) {
    self.url = url
    self.limit = limit
  }

  func handlerAdded(context: ChannelHandlerContext) {
    timeout = context.eventLoop.assumeIsolated().scheduleTask(in: limit) {
      let seconds = self.limit.seconds
      context.fireErrorCaught(
        Failure(.timedOut, .handshakeTooSlow(self.url, seconds))
      )
      context.close(promise: nil)
    }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case TLSUserEvent.handshakeCompleted = event { timeout?.cancel() }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    timeout?.cancel()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { timeout?.cancel() }
}
