import Glibc
import NIOCore
import SockeyeText
import SockeyeTransport

/// A file that tells another program that this one is listening, and where.
enum ReadyFile {
  /// Writes the bound addresses, one a line.
  ///
  /// The file appears whole: whoever waits for it never reads half of it.
  ///
  /// - Throws: A failure of kind `localFile`.
  static func write(_ addresses: [SocketAddress], to path: String) throws(Failure) {
    let text = addresses.map { $0.text + "\n" }.joined()
    let temporary = "\(path).\(getpid())"
    let descriptor = ArgumentFile.open(temporary, O_WRONLY | O_CREAT | O_TRUNC)
    guard descriptor >= 0 else { throw self.failure(path) }
    let bytes = Array(text.utf8)
    let written = Glibc.write(descriptor, bytes, bytes.count)
    close(descriptor)
    guard written == bytes.count, rename(temporary, to: path) else {
      let failure = self.failure(path)
      _ = ArgumentText.withPath(temporary) { unlink($0) }
      throw failure
    }
  }

  private static func rename(_ from: String, to: String) -> Bool {
    ArgumentText.withPath(from) { from in ArgumentText.withPath(to) { Glibc.rename(from, $0) == 0 } }
  }

  private static func failure(_ path: String) -> Failure {
    Failure(.localFile, "cannot write the ready file \(path): \(String(cString: strerror(errno))); check the folder")
  }
}
