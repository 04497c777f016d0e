internal import Glibc
internal import SockeyeText
internal import SockeyeTransport

/// A file that holds what nobody else may know: passwords, tokens, fields that carry them.
enum PrivateFile {
  /// The most bytes that one may have.
  static let longest = 1 << 16

  /// Reads a file that nobody but its owner may read or write. A pipe, such as a shell's `<(…)`, has no such rights to ask for.
  ///
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when it is too long, `refusedLocally` when
  ///   others may read it.
  static func text(of path: String) throws(Failure) -> String {
    let descriptor = ArgumentFile.open(path, O_RDONLY | O_NOCTTY)
    guard descriptor >= 0 else { throw Failure(.localFile, .cannotRead(path, Folder.reason(errno))) }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & 0o077 == 0 || status.st_mode & S_IFMT != S_IFREG else {
      throw Failure(.refusedLocally, .passwordsExposed(path))
    }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Failure(.localFile, .cannotRead(path, Folder.reason(errno))) }
      guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
      guard bytes.count <= longest else { throw Failure(.usage, .tooLongForSecrets(path, longest)) }
    }
  }
}
