import NIOCore
import NIOHTTP1

/// Files that clients put into the directory.
extension HTTPExchange {
  /// Begins to receive a file, if that is what a request is for.
  ///
  /// - Returns: Whether the request has been taken care of.
  func beginUpload(_ request: Request, hasBody: Bool, context: ChannelHandlerContext) -> Bool {
    guard request.head.method == .PUT else { return false }
    guard let area = shared.uploads else {
      guard hasBody else { return false }
      fail(request, .methodNotAllowed)
      return true
    }
    guard request.fields.contentLength != nil || request.fields.transferEncoding != nil else {
      fail(request, .lengthRequired)
      return true
    }
    guard let target = try? RequestTarget(request.head.uri), target.query.isEmpty else {
      fail(request, .badRequest)
      return true
    }
    let range = request.fields.contentRange.map { ContentRange($0) }
    if case .some(.none) = range {
      fail(request, .badRequest)
      return true
    }
    beginWaiting(request)
    authenticated(request, refusing: { $0.fail($1, $2) }) { exchange, request in
      switch Upload.begin(target.path, range: range ?? nil, area: area, worker: exchange.worker) {
      case .success(let upload): exchange.receiveUpload(upload, for: request)
      case .failure(let refusal): exchange.finishUpload(refusal.outcome, request: request, bodyWasRead: false)
      }
    }
    return true
  }

  /// Says how an upload ended.
  func finishUpload(_ outcome: Upload.Outcome, request: Request, bodyWasRead: Bool = true) {
    if !bodyWasRead { request.keepAlive = false }
    switch outcome {
    case .stored:
      let path = (try? RequestTarget(request.head.uri))?.path.percentEncoded ?? "/"
      respondEmpty(.created, to: request, fields: [("Location", path)])
    case .partial(let size):
      respondEmpty(.noContent, to: request, fields: [("Upload-Offset", String(size))])
    case .wrongOffset(let size):
      respond(.conflict, to: request, fields: [("Upload-Offset", String(size))])
    case .refused(let status):
      respond(status, to: request)
    }
  }
}
