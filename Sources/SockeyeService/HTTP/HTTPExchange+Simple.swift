import NIOCore
import NIOHTTP1

/// Responses without a file.
extension HTTPExchange {
  /// Answers without a body.
  func respondEmpty(_ status: HTTPStatus, to request: Request, fields: [(StaticString, String)] = []) {
    guard let context = self.context else { return }
    var head = ResponseHead(status, date: worker.date, allocator: context.channel.allocator)
    for (name, value) in fields { head.field(name, value) }
    if status != .noContent, status != .notModified { head.lines("Content-Length: 0\r\n") }
    head.end(request)
    send(head.buffer, status: status, bodyBytes: 0, for: request)
  }

  /// Answers with a text that was made for the occasion.
  func respond(
    _ text: [UInt8],
    type: String,
    status: HTTPStatus = .ok,
    fields: [(StaticString, String)] = [],
    to request: Request
  ) {
    guard let context = self.context else { return }
    var head = ResponseHead(
      status,
      date: worker.date,
      allocator: context.channel.allocator,
      capacity: 512 + text.count
    )
    for (name, value) in fields { head.field(name, value) }
    head.field("Content-Type", type)
    head.lines("Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n")
    head.field("Content-Length", Int64(text.count))
    head.end(request)
    if !request.isHead { head.buffer.writeBytes(text) }
    send(head.buffer, status: status, bodyBytes: request.isHead ? 0 : Int64(text.count), for: request)
  }

  func respondToOptions(_ request: Request) {
    var fields = [("Allow", allowedMethods)] + webDAVFields
    // A preflight: section 3.2.2 of the Fetch standard.
    if shared.configuration.crossOrigin.admits(request.fields.origin),
      request.head.headers.contains(name: "access-control-request-method")
    {
      fields.append(("Access-Control-Allow-Methods", allowedMethods))
      fields += CrossOriginPolicy.preflightFields
    }
    respondEmpty(.noContent, to: request, fields: fields)
  }

  var allowedMethods: String {
    var methods = "GET, HEAD, OPTIONS"
    if shared.configuration.webDAV { methods += ", PROPFIND" }
    guard shared.uploads != nil else { return methods }
    methods += ", PUT, MKCOL"
    // Nobody removes anything who has not been given the right to.
    if shared.authority != nil { methods += ", DELETE" }
    guard shared.locks != nil else { return methods }
    if shared.authority != nil { methods += ", MOVE" }
    return methods + ", COPY, PROPPATCH, LOCK, UNLOCK"
  }
}
