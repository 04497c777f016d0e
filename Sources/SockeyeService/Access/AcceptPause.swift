import NIOCore

/// Stops accepting for a second when accepting fails, because the process or the system is out of descriptors.
///
/// NIO's own handler for this drops reads, but a failed accept leaves the listening socket registered for reading, so that
/// the event loop would be woken again at once, and again. Turning `autoRead` off takes the registration away.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  private var isPaused = false

  private static let pause = TimeAmount.seconds(1)

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard error is IOError, !self.isPaused, let options = context.channel.syncOptions else { return }
    isPaused = true
    try? options.setOption(.autoRead, value: false)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
      self.isPaused = false
      try? options.setOption(.autoRead, value: true)
    }
  }
}
