import NIOCore
import NIOHTTP1
import SockeyeText

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
    let range = request.fields.contentRange.map { ContentRange($0) }
    if case .some(.none) = range {
      fail(request, .badRequest)
      return true
    }
    let length = request.fields.contentLength.flatMap { Int64($0) }
    let digest: FileDigest?
    do {
      digest = try request.fields.announcedDigest
    } catch {
      fail(request, .badRequest)
      return true
    }
    let ifMatch = request.fields.ifMatch
    let ifNoneMatch = request.fields.ifNoneMatch
    beginWaiting(request)
    authenticated(request, refusing: { $0.fail($1, $2) }) { exchange, request in
      guard let existing = exchange.existingRule(for: target.path, request) else {
        return exchange.fail(request, .forbidden)
      }
      if let refusal = exchange.refusalByLocks(of: target.path, request) { return exchange.fail(request, refusal) }
      let plan = Upload.Plan(
        path: target.path,
        range: range ?? nil,
        length: length,
        digest: digest,
        existing: UploadPlace.Existing(rule: existing, ifMatch: ifMatch, ifNoneMatch: ifNoneMatch)
      )
      switch Upload.begin(plan, area: area, worker: exchange.worker) {
      case .success(let upload): exchange.receiveUpload(upload, for: request)
      // RFC 4918, section 9.7.1: the folder has to be made first.
      case .failure(.status(.notFound)) where exchange.shared.locks != nil: exchange.fail(request, .conflict)
      case .failure(.status(let status)): exchange.fail(request, status)
      case .failure(.wrongOffset(let size)):
        request.keepAlive = false
        exchange.finishUpload(.wrongOffset(size: size), request: request)
      }
    }
    return true
  }

  /// What becomes of something that stands where a file is put by who asks; `nil` if nothing may be put there.
  private func existingRule(
    for path: ResourcePath,
    _ request: Request
  ) -> FileServiceConfiguration.Uploads.ExistingFile? {
    let rights = request.rules.rights(for: path)
    let rule = shared.configuration.uploads?.existing ?? .fail
    guard rights.contains(.add) else { return nil }
    if isOwnLocksFile(path, request) { return .overwrite }
    return rule == .overwrite && !rights.contains(.change) ? .fail : rule
  }

  /// Says how an upload ended.
  func finishUpload(_ outcome: Upload.Outcome, request: Request) {
    switch outcome {
    case .stored(let name):
      var text = ""
      PercentEncoding.append(name, to: &text)
      // Relative to what was asked for, so that it holds behind a proxy with a prefix.
      var fields = [("Location", text)] as [(StaticString, String)]
      // It was held against what arrived: who announced it is told that it holds.
      if let digest = try? request.fields.announcedDigest {
        fields.append(("Repr-Digest", ReprDigest.field(sha256: digest.bytes)))
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
}
