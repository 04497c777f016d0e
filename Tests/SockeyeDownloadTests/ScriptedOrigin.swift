import NIOCore
import SockeyeTransport
import Synchronization

/// An HTTP server on a port of its own that does with each request what a test says.
final class ScriptedOrigin: Sendable {
  /// A request as it came.
  struct Request: Sendable {
    /// Which connection it came over, and which request of that one it is; both from 0.
    var connection: Int
    var number: Int
    var head: String

    var method: Substring { head.prefix { $0 != " " } }

    var target: String {
      let words = head.split(separator: " ", maxSplits: 2)
      return words.count > 1 ? String(words[1]) : ""
    }

    /// The value of a field.
    func field(_ name: String) -> String? {
      for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("\(name.lowercased()): ") {
        return String(line.dropFirst(name.utf8.count + 2))
      }
      return nil
    }

    /// The first byte of the range that is asked for.
    var first: Int? {
      field("Range").flatMap { Int($0.dropFirst("bytes=".count).prefix { $0.isNumber }) }
    }
  }

  /// What is sent back.
  struct Reply: Sendable {
    /// The reply to a request for a whole or a part, as it should be.
    static func file(_ body: [UInt8], _ request: Request, _ fields: [String] = []) -> Reply {
      guard let first = request.first, first < body.count else { return Reply(fields: fields, body: body) }
      let range = "Content-Range: bytes \(first)-\(body.count - 1)/\(body.count)"
      return Reply(status: "206 Partial Content", fields: fields + [range], body: Array(body[first...]))
    }

    var status = "200 OK"
    var fields: [String] = []
    var body: [UInt8] = []
    /// Whether it says how long its body is.
    var saysLength = true
    /// After how many bytes of the body the connection ends, if before it is asked for more.
    var cut: Int?

    fileprivate var bytes: [UInt8] {
      let length = saysLength ? ["Content-Length: \(body.count)"] : []
      let lines = ["HTTP/1.1 \(status)"] + fields + length + ["", ""]
      return Array(lines.joined(separator: "\r\n").utf8) + body.prefix(cut ?? body.count)
    }
  }

  typealias Answer = @Sendable (Request) -> Reply?

  let url: String
  private let listener: Listener
  private let asked: Requests

  private final class Requests: Sendable {
    let all = Mutex<[Request]>([])
    let connections = Atomic(0)
  }

  /// - Parameter respond: Nothing closes the connection.
  init(_ transport: Transport, respond: @escaping Answer) async throws {
    let asked = Requests()
    let listener = try await transport.listen(
      on: Endpoint(location: .network(host: "127.0.0.1", port: 0)),
      initializer: { channel in
        let connection = asked.connections.add(1, ordering: .relaxed).oldValue
        let handler = Handler(connection) { request in
          asked.all.withLock { $0.append(request) }
          return respond(request)
        }
        try channel.pipeline.syncOperations.addHandler(handler)
      }
    )
    self.listener = listener
    self.asked = asked
    url = "http://127.0.0.1:\(listener.addresses.first?.port ?? 0)"
  }

  /// Answers each target with a body, or with 404.
  convenience init(_ transport: Transport, _ answer: @escaping @Sendable (String) -> String?) async throws {
    try await self.init(transport) { request in
      guard let body = answer(request.target) else { return Reply(status: "404 Not Found") }
      return Reply(body: Array(body.utf8))
    }
  }

  /// What has been asked for, in order.
  var requests: [Request] { asked.all.withLock { $0 } }

  var targets: [String] { requests.map(\.target) }

  func close() async { await listener.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let connection: Int
    private let respond: Answer
    private var number = 0
    private var unread = ""

    init(_ connection: Int, _ respond: @escaping Answer) {
      self.connection = connection
      self.respond = respond
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      unread += String(buffer: unwrapInboundIn(data))
      while let end = unread.firstRange(of: "\r\n\r\n") {
        let request = Request(connection: connection, number: number, head: String(unread[..<end.lowerBound]))
        unread = String(unread[end.upperBound...])
        number += 1
        guard let reply = respond(request) else { return context.close(promise: nil) }
        let written = context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: reply.bytes)))
        guard reply.cut != nil else { continue }
        let channel = context.channel
        return written.whenComplete { _ in channel.close(promise: nil) }
      }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
      if case ChannelEvent.inputClosed = event { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
