internal import NIOCore

/// Questions or answers on a stream, each behind its length in two bytes (RFC 1035 section 4.2.2, RFC 7766).
final class NameStream: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let take: (ByteBuffer) -> Void
  private let ended: (any Error) -> Void
  private var held = ByteBuffer()

  /// - Parameters:
  ///   - take: called with each message.
  ///   - ended: called when no more will come.
  init(_ take: @escaping (ByteBuffer) -> Void, ended: @escaping (any Error) -> Void) {
    self.take = take
    self.ended = ended
  }

  /// A message behind its length.
  static func framed(_ message: ByteBuffer) -> ByteBuffer {
    var framed = ByteBuffer()
    framed.writeInteger(UInt16(clamping: message.readableBytes))
    framed.writeImmutableBuffer(message)
    return framed
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    held.writeBuffer(&buffer)
    while let length = held.getInteger(at: held.readerIndex, as: UInt16.self) {
      guard held.readableBytes >= 2 + Int(length) else { break }
      held.moveReaderIndex(forwardBy: 2)
      if let message = held.readSlice(length: Int(length)) { take(message) }
    }
    held.discardReadBytes()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case ChannelEvent.inputClosed = event else { return }
    ended(ChannelError.eof)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    ended(error)
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended(ChannelError.eof)
  }
}
