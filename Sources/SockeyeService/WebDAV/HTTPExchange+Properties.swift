import NIOCore
import NIOHTTP1
import SockeyeText

/// Folders that file managers look into: RFC 4918.
extension HTTPExchange {
  /// How a method of WebDAV is answered; `nil` for one that isn't, where it isn't spoken.
  func webDAVAnswer(for method: HTTPMethod) -> ((HTTPExchange, Request) -> Void)? {
    guard shared.configuration.webDAV else { return nil }
    if method == .PROPFIND { return { $0.tellProperties($1) } }
    guard shared.uploads != nil else { return nil }
    switch method {
    case .PROPPATCH: return { $0.refuseProperties($1) }
    case .COPY: return { $0.relocate($1, isCopy: true) }
    case .MOVE: return { $0.relocate($1, isCopy: false) }
    case .LOCK: return { $0.lock($1) }
    case .UNLOCK: return { $0.unlock($1) }
    default: return nil
    }
  }

  /// Whether what comes with a method is a document.
  static func hasDocument(_ method: HTTPMethod) -> Bool {
    method == .PROPFIND || method == .PROPPATCH || method == .LOCK
  }

  /// What is said of WebDAV to who asks what there is (sections 10.1 and 18). Windows wants to be told twice.
  var webDAVFields: [(StaticString, String)] {
    guard shared.configuration.webDAV else { return [] }
    return [("DAV", shared.locks == nil ? "1" : "1, 2"), ("MS-Author-Via", "DAV")]
  }

  /// What all paths begin with, without a slash at its end.
  var referencePrefix: String {
    let prefix = shared.pathPrefix?.percentEncoded ?? ""
    return prefix.hasSuffix("/") ? String(prefix.dropLast()) : prefix
  }

  // MARK: PROPFIND

  /// Section 9.1.
  func tellProperties(_ request: Request) {
    guard let target = target(of: request) else { return }
    guard request.rules.rights(for: target.path).contains(.read) else { return respond(.forbidden, to: request) }
    let depth = request.head.headers.first(name: "Depth")?.lowercased() ?? "infinity"
    guard depth != "infinity" else { return respond(.forbidden, violating: "propfind-finite-depth", to: request) }
    guard depth == "0" || depth == "1" else { return respond(.badRequest, to: request) }
    guard let query = try? PropertyQuery(request.document) else { return respond(.badRequest, to: request) }
    let path = target.path
    do throws(ServedDirectory.Refusal) {
      let resource = WebDAVResource(path: path, metadata: try shared.directory.metadata(of: path))
      guard resource.metadata.kind != .other else { throw .forbidden }
      guard resource.isFolder || !path.namesDirectory else { throw .notFound }
      let reader =
        resource.isFolder && depth == "1"
        ? try FolderReader(path, in: shared.directory, rules: request.rules) : nil
      let encoder = self.encoder(for: PropertyProducer.mediaType, request)
      let producer = PropertyProducer(
        query,
        of: resource,
        entries: reader,
        prefix: referencePrefix,
        locks: shared.locks?.snapshot(around: path, behind: referencePrefix, now: worker.now)
      )
      sendProduced(
        encoder.map { GzipProducer(producer, by: $0) } ?? producer,
        status: .multiStatus,
        type: PropertyProducer.mediaType,
        lines: "Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\n"
          + (encoder == nil ? "" : "Content-Encoding: gzip\r\n"),
        to: request
      )
    } catch {
      respond(cannotOpen: error, to: request)
    }
  }

  // MARK: PROPPATCH

  /// Section 9.2: nothing is kept but what the file system keeps, and each property is told so.
  func refuseProperties(_ request: Request) {
    guard let target = target(of: request) else { return }
    guard !request.rules.rights(for: target.path).isDisjoint(with: [.add, .change]) else {
      return respond(.forbidden, to: request)
    }
    guard let update = try? PropertyUpdate(request.document) else { return respond(.badRequest, to: request) }
    if let refusal = refusalByLocks(of: target.path, request) { return respond(refusal, to: request) }
    do throws(ServedDirectory.Refusal) {
      let resource = WebDAVResource(path: target.path, metadata: try shared.directory.metadata(of: target.path))
      let names = update.names.map(PropertyQuery.element).joined()
      respond(
        Array(
          (PropertyProducer.opening
            + "<D:response><D:href>\(resource.reference(behind: referencePrefix))</D:href>"
            + PropertyProducer.status("403 Forbidden", of: names) + "</D:response>\n" + PropertyProducer.closing).utf8
        ),
        type: PropertyProducer.mediaType,
        status: .multiStatus,
        to: request
      )
    } catch {
      respond(cannotOpen: error, to: request)
    }
  }

  /// Answers with the rule that a request broke: section 16.
  func respond(_ status: HTTPStatus, violating rule: String, to request: Request) {
    respond(
      Array("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:error xmlns:D=\"DAV:\"><D:\(rule)/></D:error>\n".utf8),
      type: PropertyProducer.mediaType,
      status: status,
      to: request
    )
  }
}
