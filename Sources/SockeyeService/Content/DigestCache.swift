import Crypto
import NIOCore
import SockeyeText
import SockeyeTransport
import Synchronization

/// A file's SHA-256.
struct FileDigest: Hashable, Sendable {
  let bytes: [UInt8]

  var hexadecimal: String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  /// A line that `sha256sum -c` reads. It marks a name in which something had to be escaped.
  func line(name: ArraySlice<UInt8>) -> [UInt8] {
    var escaped: [UInt8] = []
    for byte in name {
      switch byte {
      case UInt8(ascii: "\\"): escaped += Array("\\\\".utf8)
      case UInt8(ascii: "\n"): escaped += Array("\\n".utf8)
      case UInt8(ascii: "\r"): escaped += Array("\\r".utf8)
      default: escaped.append(byte)
      }
    }
    let mark = escaped.count == name.count ? "" : "\\"
    return Array("\(mark)\(hexadecimal)  ".utf8) + escaped + [UInt8(ascii: "\n")]
  }

  var base64: String { Base64.text(bytes) }
}

/// The SHA-256 of files, remembered for as long as device, inode, size and time of the last write stay what they were.
final class DigestCache: Sendable {
  private struct State {
    var digests: [FileMetadata: FileDigest] = [:]
    var waiting: [FileMetadata: [@Sendable (FileDigest?) -> Void]] = [:]
  }

  private let state = Mutex(State())
  private let pool: BlockingThreads

  /// The most files that are remembered.
  static let capacity = 16_384
  /// The most files that are being hashed or wait for it.
  static let mostPending = 64

  /// - Parameter pool: Threads for hashing alone: a large file keeps one busy for seconds.
  init(pool: BlockingThreads) { self.pool = pool }

  /// The digest that is remembered of a file.
  func digest(of metadata: FileMetadata) -> FileDigest? {
    state.withLock { $0.digests[metadata] }
  }

  /// Finds out the digest of a file. Two that ask for the same file at once share the work.
  ///
  /// - Parameter body: Called on the worker's event loop, with nothing if too many files are waiting to be hashed, or this
  ///   one cannot be read or changes meanwhile.
  func compute(_ file: OpenedFile, on worker: ServiceWorker, then body: @escaping (FileDigest?) -> Void) {
    let promise = worker.eventLoop.makePromise(of: FileDigest?.self)
    promise.futureResult.assumeIsolated().whenComplete { result in body((try? result.get()) ?? nil) }
    let answer: @Sendable (FileDigest?) -> Void = { promise.succeed($0) }
    enum Decision { case known(FileDigest), begin, wait, refuse }
    let decision = self.state.withLock { state -> Decision in
      if let digest = state.digests[file.metadata] { return .known(digest) }
      if state.waiting[file.metadata] != nil {
        state.waiting[file.metadata]?.append(answer)
        return .wait
      }
      guard state.waiting.count < Self.mostPending else { return .refuse }
      state.waiting[file.metadata] = [answer]
      return .begin
    }
    switch decision {
    case .known(let digest): answer(digest)
    case .refuse: answer(nil)
    case .wait: break
    case .begin: pool.submit { isRunning in self.finish(file, isRunning ? Self.hash(file) : nil) }
    }
  }

  private func finish(_ file: OpenedFile, _ digest: FileDigest?) {
    let waiting = self.state.withLock { state in
      if let digest {
        if state.digests.count >= Self.capacity { state.digests.removeAll() }
        state.digests[file.metadata] = digest
      }
      return state.waiting.removeValue(forKey: file.metadata) ?? []
    }
    for answer in waiting { answer(digest) }
  }

  private static func hash(_ file: OpenedFile) -> FileDigest? {
    var hash = SHA256()
    var buffer = ByteBufferAllocator().buffer(capacity: 256 << 10)
    var offset: Int64 = 0
    while true {
      buffer.clear()
      guard let count = try? file.read(into: &buffer, at: offset, count: 256 << 10) else { return nil }
      if count == 0 { break }
      buffer.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
      offset += Int64(count)
    }
    guard offset == file.metadata.size, !file.hasChanged else { return nil }
    return FileDigest(bytes: Array(hash.finalize()))
  }
}
