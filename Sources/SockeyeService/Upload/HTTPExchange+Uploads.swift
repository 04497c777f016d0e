import NIOCore
import NIOHTTP1

/// Files that clients put into the directory.
extension HTTPExchange {
  /// Begins to receive a file, if that is what a request is for.
  ///
  /// - Returns: Whether the request has been taken care of.
  func beginUpload(_ request: Request, hasBody: Bool) -> Bool {
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
    guard case .inside(let target) = locate(request), target.query.isEmpty else {
      if case .outside = locate(request) { fail(request, .notFound) } else { fail(request, .badRequest) }
      return true
    }
    // RFC 9110, section 13.1.1: nothing is overwritten, so that there is nothing that could match.
    guard request.fields.ifMatch == nil else {
      fail(request, .preconditionFailed)
      return true
    }
    let range = request.fields.contentRange.map { ContentRange($0) }
    if case .some(.none) = range {
      fail(request, .badRequest)
      return true
    }
    let length = request.fields.contentLength.flatMap { Int64($0) }
    let digest: FileDigest?
    do {
      digest = try ReprDigestField.sha256(in: request.fields.reprDigest)
    } catch {
      fail(request, .badRequest)
      return true
    }
    let plan = Upload.Plan(path: target.path, range: range ?? nil, length: length, digest: digest)
    beginWaiting(request)
    authenticated(request, refusing: { $0.fail($1, $2) }) { exchange, request in
      switch Upload.begin(plan, area: area, worker: exchange.worker) {
      case .success(let upload): exchange.receiveUpload(upload, for: request)
      case .failure(.status(let status)): exchange.fail(request, status)
      case .failure(.wrongOffset(let size)):
        request.keepAlive = false
        exchange.finishUpload(.wrongOffset(size: size), request: request)
      }
    }
    return true
  }

  /// Says how an upload ended.
  func finishUpload(_ outcome: Upload.Outcome, request: Request) {
    switch outcome {
    case .stored:
      var fields = [("Location", Self.reference(to: request))] as [(StaticString, String)]
      // It was held against what arrived: who announced it is told that it holds.
      if let digest = try? ReprDigestField.sha256(in: request.fields.reprDigest) {
        fields.append(("Repr-Digest", ReprDigestField.text(digest)))
      }
      respondEmpty(.created, to: request, fields: fields)
    case .partial(let size):
      respondEmpty(.noContent, to: request, fields: [("Upload-Offset", String(size))])
    case .wrongOffset(let size):
      respond(.conflict, to: request, fields: [("Upload-Offset", String(size))])
    case .refused(let status):
      respond(status, to: request)
    }
  }

  /// Where the file is, relative to what was asked for, so that it holds behind a proxy with a prefix.
  private static func reference(to request: Request) -> String {
    var text = ""
    PercentEncoding.append((try? RequestTarget(request.head.uri))?.path.name ?? [], to: &text)
    return text
  }
}
