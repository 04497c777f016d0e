import NIOCore
import NIOHTTP1
import SockeyeText

/// Responses that say why there is no other.
extension HTTPExchange {
  /// Answers with a status and an explanation in the client's language: a page for a browser, a line for all others.
  ///
  /// - Parameter reason: What to tell instead of what the status always means.
  func respond(
    _ status: HTTPStatus,
    to request: Request,
    fields: [(StaticString, String)] = [],
    because reason: ServiceSentence? = nil
  ) {
    guard let context = self.context else { return }
    let language = Language(accepting: request.fields.acceptLanguage)
    let explanation = reason?.phrase ?? status.explanation
    // Only who asks for it by name gets HTML: to others a line says more.
    let isPage = request.fields.accept?.contains("text/html") == true
    let body =
      isPage
      ? ErrorPage(status: status, reason: explanation, language: language, ways: ways(from: request)).text
      : "\(status.rawValue) \(status.title.text(in: language)): \(explanation.text(in: language))\n"
    var head = ResponseHead(
      status,
      date: worker.date,
      allocator: context.channel.allocator,
      capacity: 1024 + body.utf8.count
    )
    for (name, value) in fields { head.field(name, value) }
    switch status {
    case .methodNotAllowed: head.field("Allow", allowedMethods)
    case .unauthorized: head.field("WWW-Authenticate", "Basic realm=\"sockeye\", charset=\"UTF-8\"")
    case .serviceUnavailable, .tooManyRequests: head.field("Retry-After", "5")
    default: break
    }
    head.field("Content-Type", isPage ? "text/html; charset=utf-8" : "text/plain; charset=utf-8")
    head.field("Content-Language", language.rawValue)
    head.lines("Vary: Accept, Accept-Language\r\nX-Content-Type-Options: nosniff\r\n")
    if isPage { head.buffer.writeString(ErrorPage.securityFields) }
    head.field("Content-Length", Int64(body.utf8.count))
    head.end(request)
    if !request.isHead { head.buffer.writeString(body) }
    send(head.buffer, status: status, bodyBytes: request.isHead ? 0 : Int64(body.utf8.count), for: request)
  }

  private func ways(from request: Request) -> ErrorPage.Ways {
    guard let prefix = shared.pathPrefix else { return ErrorPage.Ways(from: request.head.uri) }
    let isInside = if case .inside = locate(request) { true } else { false }
    return ErrorPage.Ways(from: isInside ? request.head.uri : "", prefixDepth: prefix.depth)
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
}
