internal import NIOCore
internal import NIOWebSocket
internal import SockeyeTransport

/// A page's WebSocket: each text frame is a request, or what the page is told; what it is told may come in blocks, too.
///
/// Requests that wait for their answers are bounded: meanwhile nothing more is read, and TCP makes the page wait.
final class SocketHandler: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame
  typealias OutboundOut = WebSocketFrame

  private let console: Console
  private var line: ConsoleLine.Key?
  private var isClosing = false

  init(_ console: Console) { self.console = console }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    let line = ConsoleLine.Key()
    console.attach(
      line,
      ConsoleLine.Sink(
        isForProgram: false,
        isWritable: { channel.isWritable },
        write: { text in
          let frame = WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text))
          channel.writeAndFlush(frame, promise: nil)
        },
        writeBlock: { bytes in
          channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .binary, data: bytes), promise: nil)
        },
        hold: { isHeld in _ = channel.setOption(.autoRead, value: !isHeld) }
      )
    )
    self.line = line
    channel.closeFuture.assumeIsolated().whenComplete { [console] _ in console.detach(line) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = Self.unwrapInboundIn(data)
    switch frame.opcode {
    case .text:
      guard let line, !isClosing else { return }
      console.take(frame.unmaskedData, from: line)
    case .ping:
      // Whoever asks without reading the answers gets none.
      guard context.channel.isWritable else { return }
      let pong = WebSocketFrame(fin: true, opcode: .pong, data: frame.unmaskedData)
      context.writeAndFlush(Self.wrapOutboundOut(pong), promise: nil)
    case .connectionClose: close(.normalClosure, context)
    case .binary: close(.unacceptableData, context)
    case .pong: return
    // RFC 6455, section 5.2: an opcode that nobody knows fails the connection. Fragments have been put together before.
    default: close(.protocolError, context)
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, let line { console.becameWritable(line) }
    context.fireChannelWritabilityChanged()
  }

  /// Says why, and closes.
  private func close(_ code: WebSocketErrorCode, _ context: ChannelHandlerContext) {
    guard !isClosing else { return }
    isClosing = true
    var data = context.channel.allocator.buffer(capacity: 2)
    data.write(webSocketErrorCode: code)
    let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
    context.writeAndFlush(Self.wrapOutboundOut(frame), promise: written)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch error {
    case NIOWebSocketError.invalidFrameLength, NIOWebSocketFrameAggregator.Error.accumulatedFrameSizeIsTooLarge:
      close(.messageTooLarge, context)
    case is FrameRules.Violation: close(.protocolError, context)
    case is NIOWebSocketError, is NIOWebSocketFrameAggregator.Error: close(.protocolError, context)
    default: context.close(promise: nil)
    }
  }
}
