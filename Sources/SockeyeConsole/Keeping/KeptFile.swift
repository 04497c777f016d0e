import Glibc
internal import SockeyeText
internal import SockeyeTransport

/// A file that is read once and written again and again, whole each time: whoever is killed meanwhile leaves the one before.
struct KeptFile: Sendable {
  let path: String

  /// The largest file, in bytes.
  static let largest = 4 << 20

  /// Reads the file.
  ///
  /// - Returns: Nothing where there is none.
  /// - Throws: A failure of kind `localFile`, also for what is no regular file, or too large.
  func read() throws(Failure) -> [UInt8]? {
    let descriptor = ArgumentText.withPath(path) { open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK) }
    guard descriptor >= 0 else {
      if errno == ENOENT { return nil }
      throw Failure(.localFile, .cannotReadState(path, .system(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      throw Failure(.localFile, .stateIsNoFile(path))
    }
    guard status.st_size <= Self.largest else { throw Failure(.localFile, .stateFileTooLarge(path, Self.largest)) }
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

  /// Writes the file beside its place, and then into it. It is this user's alone: messages may be secret.
  ///
  /// - Throws: A failure of kind `localFile`.
  func write(_ bytes: [UInt8]) throws(Failure) {
    guard bytes.count <= Self.largest else { throw Failure(.localFile, .stateFileTooLarge(path, Self.largest)) }
    let beside = "\(path).\(Secret().text)"
    let isWritten = ArgumentText.withPath(beside) { beside in
      ArgumentText.withPath(path) { path in Self.put(bytes, into: beside, as: path) }
    }
    guard isWritten else { throw Failure(.localFile, .cannotKeepState(path, .system(errno))) }
  }

  private static func put(
    _ bytes: [UInt8],
    into beside: UnsafePointer<CChar>,
    as path: UnsafePointer<CChar>
  ) -> Bool {
    let descriptor = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    let isDone = fill(descriptor, bytes) && fsync(descriptor) == 0 && rename(beside, path) == 0
    let code = errno
    close(descriptor)
    if !isDone { unlink(beside) }
    errno = code
    return isDone
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
