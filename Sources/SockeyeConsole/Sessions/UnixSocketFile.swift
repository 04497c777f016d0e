import Glibc
internal import SockeyeText

/// The file of a Unix domain socket.
enum UnixSocketFile {
  /// Removes the file, if it is a socket.
  static func remove(_ path: String) {
    var status = stat()
    guard ArgumentText.withPath(path, { lstat($0, &status) }) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
    _ = ArgumentText.withPath(path) { unlink($0) }
  }
}
