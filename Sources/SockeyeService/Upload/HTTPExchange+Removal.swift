import Glibc

/// Files and empty folders that clients remove: RFC 9110, section 9.3.5.
extension HTTPExchange {
  func remove(_ request: Request) {
    guard let target = target(of: request) else { return }
    let path = target.path
    guard target.query.isEmpty else { return respond(.badRequest, to: request) }
    guard !path.bytes.isEmpty, !path.isHidden, request.rules.grant(.delete, throughout: path)
    else { return respond(.forbidden, to: request) }
    if let refusal = refusalByLocks(of: path, isTree: true, request) { return respond(refusal, to: request) }
    let parent: CInt
    do {
      parent = try shared.directory.openDirectory(path.parent)
    } catch {
      return respond(cannotOpen: error, to: request)
    }
    var status = stat()
    let name = path.name.map { CChar(bitPattern: $0) } + [0]
    defer { close(parent) }
    guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else {
      return respond(.notFound, to: request)
    }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    guard isFolder || !path.namesDirectory else { return respond(.notFound, to: request) }
    let tag = EntityTag.text(FileMetadata(status))
    if let ifMatch = request.fields.ifMatch, !EntityTag.list(ifMatch, contains: tag, weakly: false) {
      return respond(.preconditionFailed, to: request)
    }
    if isFolder, shared.locks != nil { return removeTree(path, in: dup(parent), request) }
    guard unlinkat(parent, name, isFolder ? AT_REMOVEDIR : 0) == 0 else {
      switch errno {
      case ENOENT: return respond(.notFound, to: request)
      case ENOTEMPTY, EEXIST: return respond(.conflict, to: request, because: .folderIsNotEmpty)
      default: return respond(.forbidden, to: request)
      }
    }
    shared.locks?.removeAll(beneath: path)
    respondEmpty(.noContent, to: request)
  }

  /// Removes a folder with all that is in it, as WebDAV has it, and closes the descriptor of the one that it is in.
  private func removeTree(_ path: ResourcePath, in parent: CInt, _ request: Request) {
    let removal = FolderRemoval(name: Array(path.name), unique: worker.boundary())
    changeTree(request) {
      removal.run(in: parent)
    } then: { exchange, outcome in
      close(parent)
      guard case .done = outcome else { return }
      exchange.shared.locks?.removeAll(beneath: path)
      exchange.respondEmpty(.noContent, to: request)
    }
  }
}
