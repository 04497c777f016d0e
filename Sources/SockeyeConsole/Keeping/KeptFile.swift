import Glibc
internal import SockeyeText
internal import SockeyeTransport
import Synchronization

/// A file that is read once and written again and again, whole each time: whoever is killed meanwhile leaves the one before.
///
/// One program keeps it at a time: whoever reads it locks it, and what is put in its place is locked before it is there. The
/// lock (`flock`) ends with its program, and needs no file of its own.
final class KeptFile: Sendable {
  let path: String
  /// The descriptor of the file that is locked; nothing while there is none.
  private let held = Mutex<CInt?>(nil)

  /// The largest file, in bytes.
  static let largest = 4 << 20

  init(path: String) { self.path = path }

  deinit { held.withLock { if let descriptor = $0 { close(descriptor) } } }

  /// Reads the file, and locks it.
  ///
  /// - Returns: Nothing where there is none.
  /// - Throws: A failure of kind `localFile`, also for what is no regular file, or too large, or kept by another program.
  func read() throws(Failure) -> [UInt8]? {
    guard let descriptor = try openAndLock() else { return nil }
    held.withLock { $0 = descriptor }
    var result: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while result.count <= Self.largest {
      let count = Glibc.read(descriptor, &part, part.count)
      guard count >= 0 else { throw Failure(.localFile, .cannotReadState(path, .system(errno))) }
      if count == 0 { return result }
      result += part[..<count]
    }
    throw Failure(.localFile, .stateFileTooLarge(path, Self.largest))
  }

  private func openAndLock() throws(Failure) -> CInt? {
    while true {
      let descriptor = ArgumentText.withPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
      guard descriptor >= 0 else {
        if errno == ENOENT { return nil }
        throw Failure(.localFile, .cannotReadState(path, .system(errno)))
      }
      do throws(Failure) {
        if try lock(descriptor) { return descriptor }
      } catch {
        close(descriptor)
        throw error
      }
      close(descriptor)
    }
  }

  /// - Returns: Whether it is still the file of the path: another program may have put a new one there, and ended.
  private func lock(_ descriptor: CInt) throws(Failure) -> Bool {
    guard let file = FileIdentity(descriptor) else { throw Failure(.localFile, .stateIsNoFile(path)) }
    guard file.size <= Self.largest else { throw Failure(.localFile, .stateFileTooLarge(path, Self.largest)) }
    // A file system without locks has none to respect.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { throw Failure(.localFile, .stateInUse(path)) }
    return FileIdentity(path).map { $0 == file } ?? false
  }

  /// Writes the file beside its place, and then into it. It is this user's alone: messages may be secret.
  ///
  /// - Throws: A failure of kind `localFile`; where somebody else has put a file there meanwhile, it is left as it is.
  func write(_ bytes: [UInt8]) throws(Failure) {
    guard bytes.count <= Self.largest else { throw Failure(.localFile, .stateFileTooLarge(path, Self.largest)) }
    let before = held.withLock { $0 }
    let there = FileIdentity(path)
    guard there == nil || there == before.flatMap(FileIdentity.init) else {
      throw Failure(.localFile, .stateReplaced(path))
    }
    let beside = "\(path).\(Secret().text)"
    let after = ArgumentText.withPath(beside) { beside in
      ArgumentText.withPath(path) { path in Self.put(bytes, into: beside, as: path, isNew: there == nil) }
    }
    guard let after else {
      if there == nil, errno == EEXIST { throw Failure(.localFile, .stateReplaced(path)) }
      throw Failure(.localFile, .cannotKeepState(path, .system(errno)))
    }
    held.withLock { $0 = after }
    if let before { close(before) }
  }

  /// - Returns: The descriptor of the file, which is locked; nothing where it can't be put there, and `errno` says why.
  private static func put(
    _ bytes: [UInt8],
    into beside: UnsafePointer<CChar>,
    as path: UnsafePointer<CChar>,
    isNew: Bool
  ) -> CInt? {
    let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return nil }
    _ = flock(descriptor, LOCK_EX | LOCK_NB)
    let isDone = fill(descriptor, bytes) && fsync(descriptor) == 0 && move(beside, to: path, isNew: isNew)
    guard !isDone else { return descriptor }
    let code = errno
    close(descriptor)
    unlink(beside)
    errno = code
    return nil
  }

  /// Puts the file into its place; where there is to be none, two programs that start together don't both.
  private static func move(_ beside: UnsafePointer<CChar>, to path: UnsafePointer<CChar>, isNew: Bool) -> Bool {
    guard isNew else { return rename(beside, path) == 0 }
    if link(beside, path) == 0 {
      unlink(beside)
      return true
    }
    // Not every file system has links.
    return errno == EEXIST ? false : rename(beside, path) == 0
  }

  private static func fill(_ descriptor: CInt, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }
}

/// What tells a regular file from one that has taken its name.
private struct FileIdentity: Equatable {
  private let device: UInt
  private let node: UInt
  let size: Int

  static func == (left: FileIdentity, right: FileIdentity) -> Bool {
    left.device == right.device && left.node == right.node
  }

  init?(_ descriptor: CInt) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }

  init?(_ path: String) {
    var status = stat()
    guard ArgumentText.withPath(path, { stat($0, &status) }) == 0 else { return nil }
    self.init(status)
  }

  private init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt(status.st_dev)
    node = UInt(status.st_ino)
    size = Int(status.st_size)
  }
}
