import Glibc
import NIOCore
import NIOHTTP1
import SockeyeText

/// Locks on what is written: RFC 4918, sections 6, 7, 9.10 and 9.11.
extension HTTPExchange {
  /// Why a request may not write something; `nil` where no lock, and no condition on one, says otherwise.
  ///
  /// - Parameter isTree: Whether what lies below is written, too.
  func refusalByLocks(of path: ResourcePath, isTree: Bool = false, _ request: Request) -> HTTPStatus? {
    guard let locks = shared.locks else { return nil }
    switch tokens(of: request) {
    case .failure(let refusal): return refusal.status
    case .success(let tokens):
      let writing = LockTable.Writing(path: path, isTree: isTree, tokens: tokens, user: request.user)
      return locks.obstructs(writing, now: worker.now) ? .locked : nil
    }
  }

  private struct Refused: Error { let status: HTTPStatus }

  /// The tokens that a request names, if the conditions hold that they stand in.
  private func tokens(of request: Request) -> Result<Set<String>, Refused> {
    let fields = request.head.headers["If"]
    guard !fields.isEmpty else { return .success([]) }
    guard let conditions = LockConditions(fields.joined(separator: " ")) else {
      return .failure(Refused(status: .badRequest))
    }
    let holds = conditions.hold { state, resource in
      guard case .inside(let target) = locate(resource ?? request.head.uri) else { return false }
      switch state {
      case .token(let token):
        return shared.locks?.isLocked(target.path, by: token, now: worker.now) == true
      case .tag(let tag):
        guard request.rules.rights(for: target.path).contains(.read),
          let metadata = try? shared.directory.metadata(of: target.path)
        else { return false }
        return EntityTag.text(metadata) == tag
      }
    }
    return holds ? .success(conditions.tokens) : .failure(Refused(status: .preconditionFailed))
  }

  /// Whether there is nothing at a path but the empty file that a lock of the request's own made there (section 7.3).
  func isOwnLocksFile(_ path: ResourcePath, _ request: Request) -> Bool {
    guard let locks = shared.locks, case .success(let tokens) = tokens(of: request), !tokens.isEmpty else {
      return false
    }
    let writing = LockTable.Writing(path: path, tokens: tokens, user: request.user)
    return locks.hasMade(writing, now: worker.now) && (try? shared.directory.metadata(of: path).size) == 0
  }

  // MARK: LOCK

  func lock(_ request: Request) {
    guard let target = target(of: request), let locks = shared.locks else { return }
    let path = target.path
    let rights = request.rules.rights(for: path)
    guard !path.isHidden, !rights.isDisjoint(with: [.add, .change]) else { return respond(.forbidden, to: request) }
    let due = worker.now + LockRequest.time(request.head.headers.first(name: "Timeout"))
    let asked: Set<String>
    switch tokens(of: request) {
    case .success(let tokens): asked = tokens
    case .failure(let refusal): return respond(refusal.status, to: request)
    }
    if request.document.isEmpty {
      let lock = locks.refresh(asked, of: path, user: request.user, due: due, now: worker.now)
      guard let lock else { return respond(.preconditionFailed, to: request) }
      return respond(.ok, with: lock, to: request)
    }
    let depth = request.head.headers.first(name: "Depth")?.lowercased() ?? "infinity"
    guard depth == "0" || depth == "infinity", let wanted = try? LockRequest(request.document) else {
      return respond(.badRequest, to: request)
    }
    let isThere = (try? shared.directory.metadata(of: path)) != nil
    if !isThere, let refusal = refusalToMakeFile(path, rights, request) { return respond(refusal, to: request) }
    let lock = Lock(
      token: worker.lockToken(),
      path: path,
      isDeep: depth == "infinity",
      isShared: wanted.isShared,
      owner: wanted.owner,
      user: request.user,
      madeFile: !isThere,
      due: due
    )
    switch locks.add(lock, now: worker.now) {
    case .conflict: return respond(.locked, to: request)
    case .full: return respond(.serviceUnavailable, to: request)
    case .added: break
    }
    if !isThere, let refusal = makeEmptyFile(path) {
      _ = locks.remove(lock.token, of: path, user: request.user)
      return respond(refusal, to: request)
    }
    respond(isThere ? .ok : .created, with: lock, to: request)
  }

  private func respond(_ status: HTTPStatus, with lock: Lock, to request: Request) {
    let text =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<D:prop xmlns:D=\"DAV:\"><D:lockdiscovery>"
      + lock.description(behind: referencePrefix, now: worker.now) + "</D:lockdiscovery></D:prop>\n"
    respond(
      Array(text.utf8),
      type: PropertyProducer.mediaType,
      status: status,
      fields: [("Lock-Token", "<\(lock.token)>")],
      to: request
    )
  }

  private func refusalToMakeFile(_ path: ResourcePath, _ rights: AccessRights, _ request: Request) -> HTTPStatus? {
    guard rights.contains(.add) else { return .forbidden }
    guard !path.namesDirectory else { return .conflict }
    guard path.name.count <= Upload.longestName, Upload.isFitForAll(path.name) else { return .badRequest }
    return refusalByLocks(of: path, request)
  }

  /// Section 7.3: a name that is locked is taken, by an empty file.
  private func makeEmptyFile(_ path: ResourcePath) -> HTTPStatus? {
    guard let parent = try? shared.directory.openDirectory(path.parent) else { return .conflict }
    defer { close(parent) }
    let name = (path.name + [0]).text
    let descriptor = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode_t(0o644))
    guard descriptor < 0 else {
      close(descriptor)
      return nil
    }
    switch errno {
    case EEXIST: return .conflict
    case ENOSPC, EDQUOT: return .insufficientStorage
    case EMFILE, ENFILE: return .serviceUnavailable
    default: return .forbidden
    }
  }

  // MARK: UNLOCK

  func unlock(_ request: Request) {
    guard let target = target(of: request) else { return }
    guard let field = request.head.headers.first(name: "Lock-Token")?[...].trimmingSpaces, field.hasPrefix("<"),
      field.hasSuffix(">")
    else { return respond(.badRequest, to: request) }
    let token = String(field.dropFirst().dropLast())
    guard shared.locks?.remove(token, of: target.path, user: request.user) == true else {
      return respond(.conflict, violating: "lock-token-matches-request-uri", to: request)
    }
    respondEmpty(.noContent, to: request)
  }
}
