import NIOCore
import NIOHTTP1

/// Responses without a file.
extension HTTPExchange {
  /// Answers with a status and a line for whoever reads it.
  ///
  /// - Parameter reason: What to tell instead of what the status always means.
  func respond(
    _ status: HTTPStatus,
    to request: Request,
    fields: [(StaticString, String)] = [],
    because reason: String? = nil
  ) {
    guard let context = self.context else { return }
    let body = "\(status.rawValue) \(status.phrase): \(reason ?? status.explanation)\n"
    var head = ResponseHead(status, date: worker.date, allocator: context.channel.allocator)
    for (name, value) in fields { head.field(name, value) }
    switch status {
    case .methodNotAllowed: head.field("Allow", allowedMethods)
    case .unauthorized: head.field("WWW-Authenticate", "Basic realm=\"sockeye\", charset=\"UTF-8\"")
    case .serviceUnavailable, .tooManyRequests: head.field("Retry-After", "5")
    default: break
    }
    head.lines("Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n")
    head.field("Content-Length", Int64(body.utf8.count))
    head.end(keepAlive: request.keepAlive, isHTTP10: request.isHTTP10)
    if !request.isHead { head.buffer.writeString(body) }
    send(head.buffer, status: status, bodyBytes: request.isHead ? 0 : Int64(body.utf8.count), for: request)
  }

  /// Answers without a body.
  func respondEmpty(_ status: HTTPStatus, to request: Request, fields: [(StaticString, String)] = []) {
    guard let context = self.context else { return }
    var head = ResponseHead(status, date: worker.date, allocator: context.channel.allocator)
    for (name, value) in fields { head.field(name, value) }
    if status != .noContent, status != .notModified { head.lines("Content-Length: 0\r\n") }
    head.end(keepAlive: request.keepAlive, isHTTP10: request.isHTTP10)
    send(head.buffer, status: status, bodyBytes: 0, for: request)
  }

  /// Answers with a text that was made for the occasion.
  func respond(_ text: [UInt8], type: String, to request: Request) {
    guard let context = self.context else { return }
    var head = ResponseHead(
      .ok,
      date: worker.date,
      allocator: context.channel.allocator,
      capacity: 512 + text.count
    )
    head.field("Content-Type", type)
    head.lines("Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n")
    head.field("Content-Length", Int64(text.count))
    head.end(keepAlive: request.keepAlive, isHTTP10: request.isHTTP10)
    if !request.isHead { head.buffer.writeBytes(text) }
    send(head.buffer, status: .ok, bodyBytes: request.isHead ? 0 : Int64(text.count), for: request)
  }

  func respondToOptions(_ request: Request) {
    respondEmpty(.noContent, to: request, fields: [("Allow", allowedMethods)])
  }

  /// Answers for something that could not be opened.
  func respond(cannotOpen refusal: ServedDirectory.Refusal, to request: Request) {
    switch refusal {
    case .notFound: respond(.notFound, to: request)
    case .forbidden: respond(.forbidden, to: request)
    case .exhausted: respond(.serviceUnavailable, to: request)
    case .system: respond(.internalError, to: request)
    }
  }

  var allowedMethods: String { shared.uploads == nil ? "GET, HEAD, OPTIONS" : "GET, HEAD, OPTIONS, PUT" }
}
