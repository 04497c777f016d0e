internal import NIOCore
public import SockeyeTransport

/// Takes lines from whoever connects, and answers each with a line: how a network is changed while it runs.
public enum ControlSocket {
  /// Listens for lines.
  ///
  /// - Parameters:
  ///   - endpoint: a Unix domain socket, which the caller's rights protect.
  ///   - transport: the machine's.
  ///   - answer: called on event loops with a line of up to 4,096 bytes; what it returns is sent.
  /// - Throws: a failure of kind `network` or `usage`.
  public static func listen(
    on endpoint: Endpoint,
    by transport: Transport,
    answer: @escaping @Sendable (String) -> String
  ) async throws(Failure) -> Listener {
    guard case .unix = endpoint.location else {
      throw Failure(.usage, .badControlSocket(endpoint))
    }
    return try await transport.listen(on: endpoint) { channel in
      try channel.pipeline.syncOperations.addHandler(ControlLines(answer))
    }
  }
}

/// Cuts what a control socket's client says into lines.
private final class ControlLines: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private static let longestLine = 4096

  private let answer: (String) -> String
  private var held = ByteBuffer()

  init(_ answer: @escaping (String) -> String) {
    self.answer = answer
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    held.writeBuffer(&buffer)
    while let end = held.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
      let line = held.readString(length: end - held.readerIndex) ?? ""
      held.moveReaderIndex(forwardBy: 1)
      let text = line.hasSuffix("\r") ? String(line.dropLast()) : line
      context.write(wrapOutboundOut(ByteBuffer(string: answer(text) + "\n")), promise: nil)
    }
    context.flush()
    guard held.readableBytes <= Self.longestLine else { return context.close(promise: nil) }
    held.discardReadBytes()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
