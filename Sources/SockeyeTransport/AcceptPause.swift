import Glibc
import NIOCore
import SockeyeText

/// Stops accepting for half a second when a listening socket can't accept, for want of descriptors or memory.
///
/// A failed accept leaves the connection in the kernel's queue and the socket registered for reading, so that the event loop
/// would be woken again at once, and again; NIO's own handler for this, which drops reads, changes nothing of that. Turning
/// `autoRead` off takes the registration away.
final class AcceptPause: ChannelInboundHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel

  static let pause = TimeAmount.milliseconds(500)

  private let told: (@Sendable (Failure) -> Void)?
  private var isPaused = false
  /// The error that was told last: it is told once, until accepting has worked again.
  private var lastError: CInt?

  init(_ told: (@Sendable (Failure) -> Void)?) { self.told = told }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastError = nil
    context.fireChannelRead(data)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let number = (error as? IOError)?.errnoCode, Self.isShortage(number) else {
      return context.fireErrorCaught(error)
    }
    if lastError != number {
      lastError = number
      told?(Failure(.other, .cannotAccept(.system(number).lowercased())))
    }
    guard !isPaused, let options = context.channel.syncOptions else { return }
    isPaused = true
    try? options.setOption(.autoRead, value: false)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
      self.isPaused = false
      try? options.setOption(.autoRead, value: true)
    }
  }

  private static func isShortage(_ number: CInt) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) }
}
