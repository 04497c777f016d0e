internal import Glibc
internal import NIOHTTP1
internal import SockeyeText

/// What tells whether a file that is there is the server's: its size and the time of its last change.
struct FileStamp: Hashable, Sendable {
  enum Comparison: Sendable {
    /// The sizes are the same, and the file was written here after it was last changed there.
    case same
    case different
    /// The server said too little, or what is there is no regular file.
    case unknown
  }

  /// The file's size in bytes.
  var size: UInt64?
  /// When the file was changed, in seconds since 1970.
  var modified: Int64?

  init(size: UInt64?, modified: Int64?) {
    self.size = size
    self.modified = modified
  }

  /// Reads the fields of a response for the whole file.
  init(_ head: HTTPResponseHead) {
    size = head.headers.first(name: "Content-Length").flatMap { DecimalNumber.parse($0) }
    modified = head.headers.first(name: "Last-Modified").flatMap { HTTPDate.parse($0) }
  }

  /// Makes a file that is here no older than its server says that it is: that one's clock may be ahead of ours, and the
  /// next run compares by it.
  ///
  /// - Parameter isExact: Whether it is to be no younger either.
  func keep(in descriptor: CInt, isExact: Bool) {
    guard let modified, isExact || modified > Int64(time(nil)) else { return }
    // The nanoseconds of the first are UTIME_OMIT: when it was read stays.
    let times = [timespec(tv_sec: 0, tv_nsec: (1 << 30) - 2), timespec(tv_sec: time_t(modified), tv_nsec: 0)]
    futimens(descriptor, times)
  }

  /// Compares it with what stands in a folder.
  func compare(with status: stat) -> Comparison {
    guard status.st_mode & S_IFMT == S_IFREG else { return .unknown }
    if let size, size != UInt64(max(0, status.st_size)) { return .different }
    if let modified, Int64(status.st_mtim.tv_sec) < modified { return .different }
    return size == nil ? .unknown : .same
  }
}
