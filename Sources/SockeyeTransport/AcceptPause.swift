import Glibc
import NIOCore
import SockeyeText

/// Pauses a listening socket that can't accept, for want of descriptors or memory.
///
/// The connection stays in the kernel's queue and the socket stays readable: whoever tried again at once would do nothing
/// else.
final class AcceptPause: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias OutboundIn = any Channel

  private enum State {
    case open
    case paused(isReadWanted: Bool)
  }

  static let pause = TimeAmount.milliseconds(500)

  private let told: (@Sendable (Failure) -> Void)?
  private var state = State.open
  /// The error that was told last: it is told once, until accepting has worked again.
  private var lastError: CInt?

  init(_ told: (@Sendable (Failure) -> Void)?) { self.told = told }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    lastError = nil
    context.fireChannelRead(data)
  }

  func read(context: ChannelHandlerContext) {
    guard case .paused = state else { return context.read() }
    state = .paused(isReadWanted: true)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let number = (error as? IOError)?.errnoCode, Self.isShortage(number) else {
      return context.fireErrorCaught(error)
    }
    if lastError != number {
      lastError = number
      told?(Failure(.other, .cannotAccept(.system(number).lowercased())))
    }
    guard case .open = state else { return }
    state = .paused(isReadWanted: false)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.pause) {
      guard case .paused(let isReadWanted) = self.state else { return }
      self.state = .open
      if isReadWanted { context.read() }
    }
  }

  private static func isShortage(_ number: CInt) -> Bool { [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(number) }
}
