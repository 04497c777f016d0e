internal import CSockeyeLinux
internal import Glibc
internal import SockeyeText
internal import SockeyeTransport

/// A folder in which downloads are made, held open so that nobody can swap it for another under our feet.
///
/// Names are looked up in it one component at a time and never through a symbolic link.
final class Folder: Sendable {
  /// The folder's path as the user wrote it, for messages.
  let path: String
  let descriptor: CInt

  /// Opens a folder that the user named; links on the way to it are the user's own.
  ///
  /// - Parameters:
  ///   - path: The folder; empty for the current one.
  ///   - creates: Whether to make it, and those above it, where they are missing.
  init(path: String, creates: Bool = false) throws(Failure) {
    self.path = path
    if creates { Self.create(path) }
    descriptor = ArgumentText.withPath(path.isEmpty ? "." : path) {
      Glibc.open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    }
    guard descriptor >= 0 else {
      throw Failure(.localFile, .cannotOpenFolder(path, Self.reason(errno)))
    }
  }

  /// Opens a folder inside another, and makes it if it isn't there.
  init(_ name: LocalName, in parent: Folder) throws(Failure) {
    path = parent.location(name.text)
    if mkdirat(parent.descriptor, name.text, 0o777) != 0, errno != EEXIST {
      throw Failure(.localFile, .cannotCreateFolder(path, Self.reason(errno)))
    }
    descriptor = openat(parent.descriptor, name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else {
      let code = errno
      guard code == ELOOP || code == ENOTDIR else {
        throw Failure(.localFile, .cannotOpenSubfolder(path, Self.reason(code)))
      }
      throw Failure(.refusedLocally, .notFolder(path))
    }
  }

  deinit { close(descriptor) }

  /// Makes a folder and those above it; what stands in the way is found when the folder is opened.
  private static func create(_ path: String) {
    for end in path.indices.dropFirst() where path[end] == "/" { make(String(path[..<end])) }
    if !path.isEmpty { make(path) }
  }

  private static func make(_ path: String) {
    _ = ArgumentText.withPath(path) { mkdir($0, 0o777) }
  }

  /// A name in this folder as a path for messages.
  func location(_ name: String) -> String {
    path.isEmpty || path == "." ? name : path.hasSuffix("/") ? path + name : "\(path)/\(name)"
  }

  /// What stands at a name, a link itself and not what it points to; nothing if nothing does.
  func status(_ name: String) throws(Failure) -> stat? {
    var status = stat()
    let found = ArgumentText.withPath(name) { fstatat(descriptor, $0, &status, AT_SYMLINK_NOFOLLOW) }
    if found == 0 { return status }
    guard errno == ENOENT else { throw failure(.lookAt, name) }
    return nil
  }

  /// Opens a regular file of this user for reading and writing.
  ///
  /// - Throws: A failure of kind `refusedLocally` when what stands there is something else.
  func open(_ name: String, flags: CInt = 0) throws(Failure) -> CInt {
    // Nothing is opened that would block or act on being opened.
    let flags = flags | O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC
    let descriptor = ArgumentText.withPath(name) { openat(self.descriptor, $0, flags, 0o666) }
    guard descriptor >= 0 else {
      guard errno == ELOOP || errno == ENXIO || errno == EISDIR else { throw failure(.open, name) }
      throw Failure(.refusedLocally, .notRegular(location(name)))
    }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() else {
      close(descriptor)
      throw Failure(.refusedLocally, .notOwnRegular(location(name)))
    }
    return descriptor
  }

  /// Removes a file; one that isn't there is fine.
  func remove(_ name: String) {
    _ = ArgumentText.withPath(name) { unlinkat(descriptor, $0, 0) }
  }

  /// Renames, replacing what stands at the new name only if asked to.
  ///
  /// - Returns: Whether it was done; not, if the new name is taken.
  func rename(_ from: String, to: String, replacing: Bool) throws(Failure) -> Bool {
    let isDone = ArgumentText.withPath(from) { from in
      ArgumentText.withPath(to) { to in
        replacing
          ? renameat(descriptor, from, descriptor, to) == 0
          : ExclusiveRename.rename(in: descriptor, from: from, to: to)
      }
    }
    if isDone { return true }
    guard errno == EEXIST, !replacing else { throw failure(.rename(from: from), to) }
    return false
  }

  /// Makes names durable. File systems that can't are left alone: they have no better way.
  func sync() { fsync(descriptor) }

  /// What could not be done with a file of the folder.
  enum Action: Sendable {
    case lookAt, open, read, write, create
    case rename(from: String)
  }

  func failure(_ action: Action, _ name: String) -> Failure {
    let (place, reason) = (location(name), Self.reason(errno))
    let sentence: DownloadSentence =
      switch action {
      case .lookAt: .cannotLookAt(place, reason)
      case .open: .cannotOpen(place, reason)
      case .read: .cannotRead(place, reason)
      case .write: .cannotWrite(place, reason)
      case .create: .cannotCreate(place, reason)
      case .rename(let from): .cannotRename(location(from), place, reason)
      }
    return Failure(.localFile, sentence)
  }

  static func reason(_ code: CInt) -> Phrase {
    code == ENOSPC ? DownloadSentence.noSpace.phrase : .system(code).lowercased()
  }
}
