import Glibc

/// Folders that clients make: `MKCOL` of RFC 4918, section 9.3.
extension HTTPExchange {
  func makeFolder(_ request: Request) {
    guard let target = target(of: request) else { return }
    guard request.fields.contentLength ?? "0" == "0", request.fields.transferEncoding == nil else {
      return respond(.unsupportedMediaType, to: request)
    }
    let path = target.path
    guard target.query.isEmpty else { return respond(.badRequest, to: request) }
    guard !path.bytes.isEmpty else { return respond(.methodNotAllowed, to: request) }
    guard !path.isHidden else { return respond(.forbidden, to: request) }
    guard path.name.count <= Upload.longestName, Upload.isFitForAll(path.name) else {
      return respond(.badRequest, to: request)
    }
    guard request.rules.rights(for: path).contains(.add) else {
      return respond(.forbidden, to: request)
    }
    if let refusal = refusalByLocks(of: path, request) { return respond(refusal, to: request) }
    switch FolderCreation.make(path, in: shared.directory) {
    case 0: respondEmpty(.created, to: request)
    case EEXIST: respond(.methodNotAllowed, to: request, because: .somethingIsThere)
    case ENOENT: respond(.conflict, to: request, because: .folderAboveIsMissing)
    case ENOSPC, EDQUOT, EMLINK: respond(.insufficientStorage, to: request)
    case EMFILE, ENFILE: respond(.serviceUnavailable, to: request)
    default: respond(.forbidden, to: request)
    }
  }
}

/// Makes folders beneath the served directory, and nowhere else.
enum FolderCreation {
  /// - Returns: 0, or the system's error.
  static func make(_ path: ResourcePath, in served: ServedDirectory) -> CInt {
    let parent: CInt
    do {
      parent = try served.openDirectory(path.parent)
    } catch {
      switch error {
      case .notFound: return ENOENT
      case .forbidden: return EACCES
      case .exhausted: return EMFILE
      case .system(let code): return code
      }
    }
    defer { close(parent) }
    let name = path.name.map { CChar(bitPattern: $0) } + [0]
    return mkdirat(parent, name, 0o755) == 0 ? 0 : errno
  }
}
