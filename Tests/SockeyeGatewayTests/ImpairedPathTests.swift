import NIOCore
import SockeyeGateway
import SockeyeLink
import SockeyeTransport
import Testing

@Suite("A path between two hosts")
struct ImpairedPathTests {
  /// Opens a stream through a forwarder to a server that echoes what it is told, says `text`, and gives what comes back.
  private func echo(_ text: String, over network: String) async throws -> String {
    let path = try ImpairedPath(ImpairmentSpecification(network), seed: 1)
    let transport = Transport.kernel(on: MultiThreaded.loops)
    let target = try await transport.listen(on: Endpoint.parse("127.0.0.1:0")) { channel in
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
    let forwarder = StreamForwarder(over: path, by: transport, to: try target.endpoint) { _ in }
    let listener = try await forwarder.listen(on: Endpoint.parse("127.0.0.1:0"))
    let answer = transport.eventLoopGroup.any().makePromise(of: String.self)
    let channel = try await transport.connect(to: listener.endpoint) { channel in
      try channel.pipeline.syncOperations.addHandler(Collector(answer))
    }
    try await channel.writeAndFlush(ByteBuffer(string: text)).get()
    try await channel.close(mode: .output).get()
    let result = try await answer.futureResult.get()
    await listener.close()
    await target.close()
    await path.shutDown()
    return result
  }

  @Test(
    "a stream arrives whole, whatever happens to its packets",
    arguments: ["", "loss=5%", "delay=1ms,jitter=3ms,reorder=5%", "duplicate=20%,corrupt=2%", "rate=50Mbps,queue=20kB"]
  )
  func whole(network: String) async throws {
    let text = String(repeating: "what was said comes back. ", count: 8_000)
    #expect(try await echo(text, over: network) == text)
  }
}

private enum MultiThreaded {
  static let loops = Transport.kernel().eventLoopGroup
}

extension Listener {
  fileprivate var endpoint: Endpoint {
    get throws { try Endpoint.parse("127.0.0.1:\(addresses.first?.port ?? 0)") }
  }
}

/// Sends back what comes, and its end.
private final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.write(data, promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.flush()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(mode: .output, promise: nil) }
  }
}

/// Gives all that comes once the peer has ended, or why that is not known.
private final class Collector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let promise: EventLoopPromise<String>
  private var text = ByteBuffer()

  init(_ promise: EventLoopPromise<String>) {
    self.promise = promise
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    text.writeBuffer(&buffer)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event {
      promise.succeed(String(buffer: text))
      context.close(promise: nil)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    promise.fail(error)
    context.close(promise: nil)
  }

  /// The kernel's channels tell no other end of input once their output has ended.
  func channelInactive(context: ChannelHandlerContext) {
    promise.succeed(String(buffer: text))
  }
}
