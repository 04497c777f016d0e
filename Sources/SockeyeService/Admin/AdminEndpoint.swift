public import NIOCore
import NIOHTTP1
public import SockeyeTransport

/// What operators ask about a service, on an endpoint of its own: `/metrics` in the text format of Prometheus, and
/// `/healthz`.
public struct AdminEndpoint: Sendable {
  private let listener: Listener

  /// Begins to answer.
  ///
  /// - Throws: A failure of kind `network` or `usage`.
  public static func start(
    for service: FileService,
    on endpoint: Endpoint,
    transport: Transport
  ) async throws(Failure) -> AdminEndpoint {
    AdminEndpoint(
      listener: try await transport.listen(on: endpoint) { channel in
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(AdminHandler(service: service))
      }
    )
  }

  /// The addresses actually bound.
  public var addresses: [SocketAddress] { listener.addresses }

  /// Stops answering.
  public func close() async { await listener.close() }
}

/// Answers one operator's connection.
private final class AdminHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let service: FileService
  private var request: HTTPRequestHead?

  init(service: FileService) { self.service = service }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head(let head): self.request = head
    case .body: break
    case .end:
      guard let request = self.request else { return }
      self.request = nil
      answer(request, context: context)
    }
  }

  private func answer(_ request: HTTPRequestHead, context: ChannelHandlerContext) {
    var status = HTTPResponseStatus.ok
    var type = "text/plain; charset=utf-8"
    let text: String
    switch (request.method, request.uri) {
    case (.GET, "/metrics"), (.HEAD, "/metrics"):
      type = "text/plain; version=0.0.4; charset=utf-8"
      text = service.metrics
    case (.GET, "/healthz"), (.HEAD, "/healthz"):
      // Draining is the moment for a balancer to send people elsewhere.
      status = service.isDraining ? .serviceUnavailable : .ok
      text = service.isDraining ? "draining\n" : "ok\n"
    case (.GET, _), (.HEAD, _):
      status = .notFound
      text = "there are /metrics and /healthz\n"
    default:
      status = .methodNotAllowed
      text = "GET or HEAD\n"
    }
    var head = HTTPResponseHead(version: .http1_1, status: status)
    head.headers = ["Content-Type": type, "Content-Length": String(text.utf8.count), "Cache-Control": "no-store"]
    if status == .methodNotAllowed { head.headers.add(name: "Allow", value: "GET, HEAD") }
    let isLast = !request.isKeepAlive
    if isLast { head.headers.add(name: "Connection", value: "close") }
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD {
      context.write(Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: text)))), promise: nil)
    }
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
    if isLast { context.close(promise: nil) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
