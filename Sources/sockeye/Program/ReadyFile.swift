import Glibc
import NIOCore
import SockeyeText
import SockeyeTransport

/// A file that tells another program that this one is listening, and where.
enum ReadyFile {
  /// Writes the bound addresses, one a line.
  ///
  /// The file appears whole: whoever waits for it never reads half of it. A device, a pipe or a link is written to, and
  /// no file put in its place.
  ///
  /// - Throws: A failure of kind `localFile`.
  static func write(_ addresses: [SocketAddress], to path: String) throws(Failure) {
    try write(lines: addresses.map(\.text), to: path)
  }

  /// Writes lines, as ``write(_:to:)`` does.
  static func write(lines: [String], to path: String) throws(Failure) {
    let bytes = Array(lines.map { $0 + "\n" }.joined().utf8)
    guard isReplaceable(path) else {
      guard put(bytes, into: path) else { throw failure(path) }
      return
    }
    let temporary = "\(path).\(getpid())"
    guard put(bytes, into: temporary), rename(temporary, to: path) else {
      let failure = self.failure(path)
      _ = ArgumentText.withPath(temporary) { unlink($0) }
      throw failure
    }
  }

  /// Whether nothing stands there, or a regular file.
  private static func isReplaceable(_ path: String) -> Bool {
    var status = stat()
    guard ArgumentText.withPath(path, { lstat($0, &status) }) == 0 else { return true }
    return status.st_mode & S_IFMT == S_IFREG
  }

  private static func put(_ bytes: [UInt8], into path: String) -> Bool {
    let descriptor = ArgumentFile.open(path, O_WRONLY | O_CREAT | O_TRUNC)
    guard descriptor >= 0 else { return false }
    let written = Glibc.write(descriptor, bytes, bytes.count)
    let code = errno
    close(descriptor)
    errno = code
    return written == bytes.count
  }

  private static func rename(_ from: String, to: String) -> Bool {
    ArgumentText.withPath(from) { from in ArgumentText.withPath(to) { Glibc.rename(from, $0) == 0 } }
  }

  private static func failure(_ path: String) -> Failure {
    Failure(.localFile, .cannotWriteReadyFile(path, .system(errno)))
  }
}
