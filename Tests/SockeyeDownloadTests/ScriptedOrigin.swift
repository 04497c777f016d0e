import NIOCore
import SockeyeTransport
import Synchronization

/// An HTTP server on a port of its own that answers each target with a body, or with 404.
final class ScriptedOrigin: Sendable {
  let url: String
  private let listener: Listener
  private let asked: Requests

  private final class Requests: Sendable {
    let targets = Mutex<[String]>([])
  }

  init(_ transport: Transport, _ answer: @escaping @Sendable (String) -> String?) async throws {
    let asked = Requests()
    let listener = try await transport.listen(
      on: Endpoint(location: .network(host: "127.0.0.1", port: 0)),
      initializer: { channel in
        let handler = Handler { target in
          asked.targets.withLock { $0.append(target) }
          return answer(target)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
      }
    )
    self.listener = listener
    self.asked = asked
    url = "http://127.0.0.1:\(listener.addresses.first?.port ?? 0)"
  }

  /// What has been asked for, in order.
  var targets: [String] { asked.targets.withLock { $0 } }

  func close() async { await listener.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: (String) -> String?
    private var unread = ""

    init(_ answer: @escaping (String) -> String?) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      unread += String(buffer: unwrapInboundIn(data))
      while let end = unread.firstRange(of: "\r\n\r\n") {
        let words = unread[..<end.lowerBound].split(separator: " ")
        unread = String(unread[end.upperBound...])
        let body = words.count > 1 ? answer(String(words[1])) : nil
        let status = body == nil ? "404 Not Found" : "200 OK"
        let head = "HTTP/1.1 \(status)\r\nContent-Length: \(body?.utf8.count ?? 0)\r\n\r\n"
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head + (body ?? ""))), promise: nil)
      }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
