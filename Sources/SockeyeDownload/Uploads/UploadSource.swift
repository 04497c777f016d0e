internal import Crypto
internal import Glibc
internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// What is uploaded: a file, open and as it was when it was opened, or whatever comes from standard input.
///
/// A file's digest is taken before a byte of it is sent, so that a server that knows digests can refuse to give its name to
/// anything else. What comes from a pipe is read once, and its digest is known at its end.
final class UploadSource: Sendable {
  /// What it is called in messages.
  let name: String
  /// How many bytes there are; nothing for a pipe.
  let size: UInt64?
  private let descriptor: CInt
  private let opened: stat
  /// Of what has been read from a pipe.
  private let running = Mutex(SHA256())
  private let isCancelled = Atomic<Bool>(false)

  /// Bytes that are read, and sent, at once.
  static let pieceSize = 256 << 10

  /// Opens a file, or a pipe that has a name.
  init(path: String) throws(Failure) {
    name = path
    descriptor = ArgumentFile.open(path, O_RDONLY | O_NOCTTY)
    guard descriptor >= 0 else { throw Failure(.localFile, .cannotOpen(path, Folder.reason(errno))) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT != S_IFDIR else {
      let reason = Phrase.system(status.st_mode & S_IFMT == S_IFDIR ? EISDIR : errno).lowercased()
      close(descriptor)
      throw Failure(.localFile, .cannotRead(path, reason))
    }
    opened = status
    size = status.st_mode & S_IFMT == S_IFREG ? UInt64(max(0, status.st_size)) : nil
  }

  /// Takes what an open descriptor gives; it is not closed at the end.
  init(reading descriptor: CInt, named name: String) {
    self.name = name
    self.descriptor = dup(descriptor)
    opened = stat()
    size = nil
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
  }

  /// Nobody waits any more for what a pipe has yet to give.
  func cancel() { isCancelled.store(true, ordering: .relaxed) }

  /// Reads a piece; nothing at the end. Waits for a disk or for whoever writes.
  ///
  /// - Parameter offset: Where to begin; of a pipe the next piece is the only one.
  func read(at offset: UInt64, _ count: Int) throws(Failure) -> [UInt8] {
    var reason: CInt = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, used in
      let got = size == nil ? readPipe(buffer, count) : pread(descriptor, buffer.baseAddress, count, off_t(offset))
      reason = got < 0 ? errno : 0
      used = max(0, got)
    }
    guard reason == 0 else { throw Failure(.localFile, .cannotRead(name, .system(reason).lowercased())) }
    if size == nil { bytes.withUnsafeBytes { bytes in running.withLock { $0.update(bufferPointer: bytes) } } }
    return bytes
  }

  private func readPipe(_ buffer: UnsafeMutableBufferPointer<UInt8>, _ count: Int) -> Int {
    while true {
      guard !isCancelled.load(ordering: .relaxed) else {
        errno = ECANCELED
        return -1
      }
      var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&asked, 1, 100) > 0 else { continue }
      let got = Glibc.read(descriptor, buffer.baseAddress, count)
      if got >= 0 || errno != EINTR { return got }
    }
  }

  /// The digest of a file, or of all that has come from a pipe so far.
  func digest() throws(Failure) -> [UInt8] {
    guard let size else { return running.withLock { Array($0.finalize()) } }
    var hash = SHA256()
    var offset: UInt64 = 0
    while offset < size, !isCancelled.load(ordering: .relaxed) {
      let piece = try read(at: offset, Self.pieceSize)
      guard !piece.isEmpty else { break }
      hash.update(data: piece)
      offset += UInt64(piece.count)
    }
    return Array(hash.finalize())
  }

  /// Whether a file is no longer what it was when it was opened.
  var hasChanged: Bool {
    guard size != nil else { return false }
    var now = stat()
    guard fstat(descriptor, &now) == 0 else { return true }
    return now.st_size != opened.st_size || now.st_mtim.tv_sec != opened.st_mtim.tv_sec
      || now.st_mtim.tv_nsec != opened.st_mtim.tv_nsec
  }
}
