import NIOCore
import SockeyeTransport

/// Keeps a stream full: so many pieces are with the channel, and one that it has passed on is followed by another.
final class BulkSource {
  private static let pieces = 4
  private static let pieceSize = 256 << 10
  /// So many bytes are made, and then repeated.
  private static let period = 1021
  /// Every source sends the same buffer, so that none costs memory or copying.
  static let piece = filler(pieceSize)

  /// Bytes that aren't all alike.
  static func filler(_ count: Int) -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: count)
    var state: UInt32 = 12_345
    while buffer.readableBytes < min(count, period) {
      state = state &* 1_664_525 &+ 1_013_904_223
      buffer.writeInteger(UInt8(truncatingIfNeeded: state >> 24))
    }
    while buffer.readableBytes < count {
      let rest = min(buffer.readableBytes, count - buffer.readableBytes)
      if let copy = buffer.getSlice(at: buffer.readerIndex, length: rest) { buffer.writeImmutableBuffer(copy) }
    }
    return buffer
  }

  private let context: ChannelHandlerContext
  private let sent: (Int) -> Void
  private var isRunning = true

  /// - Parameter sent: Told how many bytes the channel has passed on.
  init(_ context: ChannelHandlerContext, sent: @escaping (Int) -> Void) {
    self.context = context
    self.sent = sent
    for _ in 0..<Self.pieces { context.write(NIOAny(Self.piece), promise: promise()) }
    context.flush()
  }

  /// Sends nothing more than what the channel has.
  func stop() { isRunning = false }

  private func promise() -> EventLoopPromise<Void> {
    let promise = context.eventLoop.makePromise(of: Void.self)
    promise.futureResult.assumeIsolated().whenComplete { result in
      guard case .success = result else { return self.stop() }
      self.sent(Self.pieceSize)
      guard self.isRunning else { return }
      // Other connections of the event loop have their turn in between, and those that read too.
      self.context.eventLoop.executeAfterPolling {
        guard self.isRunning else { return }
        self.context.writeAndFlush(NIOAny(Self.piece), promise: self.promise())
      }
    }
    return promise
  }
}
