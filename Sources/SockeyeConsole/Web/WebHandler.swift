internal import NIOCore
internal import NIOHTTP1
internal import NIOWebSocket
internal import SockeyeTransport

/// Answers one connection's requests: files of the page, the exchange of the token for the cookie.
///
/// The channel's upgrade to a WebSocket is decided before a request comes here; one that was refused comes as any other.
final class WebHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  /// A token has 32 bytes; whoever sends more has none.
  private static let longestBody = 64

  private let access: WebAccess
  private let shelf: RecordShelf
  private let diagrams: DiagramShelf
  private var request: (head: HTTPRequestHead, body: [UInt8])?

  init(_ access: WebAccess, _ shelf: RecordShelf, _ diagrams: DiagramShelf) {
    self.access = access
    self.shelf = shelf
    self.diagrams = diagrams
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch Self.unwrapInboundIn(data) {
    case .head(let head): request = (head, [])
    case .body(let part):
      let room = Self.longestBody + 1 - (request?.body.count ?? 0)
      request?.body.append(contentsOf: part.readableBytesView.prefix(room))
    case .end:
      guard let request = self.request else { return }
      self.request = nil
      answer(request.head, body: request.body, context)
    }
  }

  private func answer(_ head: HTTPRequestHead, body: [UInt8], _ context: ChannelHandlerContext) {
    let path = String(head.uri.prefix { $0 != "?" })
    let local = context.localAddress
    switch (head.method, path) {
    case (.GET, "/socket"):
      let refusal = access.refusal(of: head, at: local, for: .change)
      refuse(refusal?.status ?? .upgradeRequired, head, context)
    case (.POST, "/token"):
      if let refusal = access.refusal(of: head, at: local, for: .exchange) {
        return refuse(refusal.status, head, context)
      }
      guard access.token.equals(body) else { return refuse(.unauthorized, head, context) }
      write(.noContent, WebFields.common(and: ["Set-Cookie": access.cookieField(local)]), "", head, context)
    case (.GET, _) where path.hasPrefix("/saved/"):
      if let refusal = access.refusal(of: head, at: local, for: .secret) {
        return refuse(refusal.status, head, context)
      }
      guard let record = shelf.open(path.dropFirst("/saved/".count)) else { return refuse(.notFound, head, context) }
      write(record, context)
    case (.GET, _) where path.hasPrefix("/diagram/"):
      if let refusal = access.refusal(of: head, at: local, for: .secret) {
        return refuse(refusal.status, head, context)
      }
      guard let draw = diagrams.page(path.dropFirst("/diagram/".count)) else { return refuse(.notFound, head, context) }
      write(draw, head, context)
    case (.GET, _), (.HEAD, _):
      if let refusal = access.refusal(of: head, at: local, for: .page) { return refuse(refusal.status, head, context) }
      guard let file = ConsolePage.file(path) else { return refuse(.notFound, head, context) }
      write(.ok, WebFields.common(and: ["Content-Type": file.type]), file.text, head, context)
    default:
      refuse(.methodNotAllowed, head, context)
    }
  }

  func refuse(_ status: HTTPResponseStatus, _ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    var fields: HTTPHeaders = ["Content-Type": "text/plain; charset=utf-8"]
    if status == .methodNotAllowed { fields.add(name: "Allow", value: "GET, HEAD") }
    if status == .upgradeRequired { fields.add(name: "Upgrade", value: "websocket") }
    write(status, WebFields.common(and: fields), "\(status.code) \(status.reasonPhrase)\n", head, context)
  }

  private func write(
    _ status: HTTPResponseStatus,
    _ fields: HTTPHeaders,
    _ text: String,
    _ request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    write(status, fields, ByteBuffer(string: text), request, context)
  }

  func write(
    _ status: HTTPResponseStatus,
    _ fields: HTTPHeaders,
    _ body: ByteBuffer,
    _ request: HTTPRequestHead,
    _ context: ChannelHandlerContext
  ) {
    var head = HTTPResponseHead(version: .http1_1, status: status, headers: fields)
    if status != .noContent { head.headers.add(name: "Content-Length", value: "\(body.readableBytes)") }
    // A body that was longer than any that means something is not read to its end.
    let isLast = !request.isKeepAlive || status.code >= 400
    if isLast { head.headers.add(name: "Connection", value: "close") }
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    if request.method != .HEAD, body.readableBytes > 0 {
      context.write(Self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    if isLast { written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) } }
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: written)
  }

  /// Sends a record as it is at the moment, to be saved and not to be looked at: it may be anything.
  private func write(_ record: (descriptor: CInt, size: Int, name: String), _ context: ChannelHandlerContext) {
    var head = HTTPResponseHead(version: .http1_1, status: .ok, headers: WebFields.common)
    head.headers.add(name: "Content-Type", value: "application/octet-stream")
    head.headers.add(name: "Content-Length", value: "\(record.size)")
    head.headers.add(name: "Content-Disposition", value: "attachment")
    head.headers.add(name: "Connection", value: "close")
    context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
    let handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: record.descriptor)
    if record.size > 0 {
      let region = FileRegion(fileHandle: handle, readerIndex: 0, endIndex: record.size)
      context.write(Self.wrapOutboundOut(.body(.fileRegion(region))), promise: nil)
    }
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in
      try? handle.close()
      context.close(promise: nil)
    }
    context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: written)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is IdleStateHandler.IdleStateEvent { return context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // An upgrade that was refused comes here as a request, and is answered.
    if error is NIOWebSocketUpgradeError { return }
    context.close(promise: nil)
  }
}
