internal import Glibc
internal import NIOCore
internal import SockeyeText
internal import SockeyeTransport
internal import Synchronization

/// Where the bytes of one download go, in whatever order they come: to the disk, through the hash, into the journal.
///
/// The event loop hands buffers over and goes on reading. One thread writes them. Another hashes them, in the order of
/// the file: a buffer that continues what has been hashed goes straight from memory to the hash; one from further on is
/// read back when its turn comes, most likely from the page cache. A third waits for the disk, and then writes a
/// checkpoint. So no byte is hashed twice, in one run or in many.
final class DownloadStore: Sendable {
  /// What stands behind it.
  enum Target: Sendable {
    /// A file that can be taken up again.
    case part(PartFile)
    /// Somebody who reads as we write.
    case descriptor(CInt)
  }

  private struct Hashing {
    var sha: ResumableSHA256
    var lastCheckpoint: (count: UInt64, time: NIODeadline)
    var isRecording = false
  }

  /// A checkpoint is due after so many bytes, however little time they took: they are what is read again after a crash.
  static let checkpointBytes: UInt64 = 64 << 20

  let target: Target
  let pieces: PieceMap
  private let threads: DownloadThreads
  private let progress: DownloadProgress
  private let checkpointInterval: TimeAmount
  private let hashing: Mutex<Hashing>
  private let failure = Mutex<Failure?>(nil)
  private let receivedBytes = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - state: That of the bytes which are there from the beginning on.
  ///   - held: Further bytes that are there.
  init(
    _ target: Target,
    size: UInt64?,
    state: ResumableSHA256.State = .initial,
    held: [Range<UInt64>] = [],
    checkpointInterval: Duration,
    progress: DownloadProgress,
    threads: DownloadThreads
  ) {
    self.target = target
    pieces = PieceMap(size: size, written: (state.count > 0 ? [0..<state.count] : []) + held)
    self.threads = threads
    self.progress = progress
    self.checkpointInterval = TimeAmount(checkpointInterval)
    hashing = Mutex(Hashing(sha: ResumableSHA256(state), lastCheckpoint: (state.count, threads.now)))
    if let first = pieces.written.first, first.lowerBound == 0, first.upperBound > state.count {
      hashFromDisk(state.count..<first.upperBound)
    }
  }

  /// Bytes that came in this run.
  var received: UInt64 { receivedBytes.load(ordering: .relaxed) }

  /// Writes bytes that belong to a claim.
  ///
  /// - Parameter completion: Called on another thread when the buffer's memory is free again, with what went wrong.
  func write(_ buffer: ByteBuffer, at offset: UInt64, completion: @escaping @Sendable (Failure?) -> Void) {
    threads.disk.submit { _ in
      do throws(Failure) {
        try buffer.withUnsafeReadableBytes { bytes throws(Failure) in try self.writeNow(bytes, at: offset) }
      } catch {
        self.fail(error)
        completion(error)
        return
      }
      let range = offset..<(offset + UInt64(buffer.readableBytes))
      let hashed = self.contiguousEnd
      self.pieces.complete(range)
      self.progress.add(buffer.readableBytes)
      self.receivedBytes.add(UInt64(buffer.readableBytes), ordering: .relaxed)
      guard range.lowerBound == hashed else {
        completion(nil)
        return
      }
      self.threads.hash.submit { _ in
        defer { completion(nil) }
        guard !self.hasFailed else { return }
        buffer.withUnsafeReadableBytes { bytes in self.hashing.withLock { $0.sha.update(bytes) } }
        self.recordIfDue()
      }
      let end = self.contiguousEnd
      if end > range.upperBound { self.hashFromDisk(range.upperBound..<end) }
    }
  }

  /// Waits until everything is written and hashed.
  ///
  /// - Returns: The state after the last byte.
  /// - Throws: A failure of kind `localFile` if any write or read went wrong.
  func drain() async throws(Failure) -> ResumableSHA256.State {
    let state = try await settle()
    if let failure = self.failure.withLock({ $0 }) { throw failure }
    return state
  }

  /// Waits until nothing is under way any more, whatever came of it.
  private func settle() async throws(Failure) -> ResumableSHA256.State {
    try await threads.disk.run { () throws(Failure) in }
    let state = try await threads.hash.run { () throws(Failure) in self.hashing.withLock { $0.sha.state } }
    try await threads.sync.run { () throws(Failure) in }
    return state
  }

  /// Writes down how far it is, whatever the time, and even where the disk has no room for more: what is on it is gone on
  /// with some day.
  func recordNow() async throws(Failure) {
    _ = try await settle()
    guard case .part(let part) = target else { return }
    let checkpoint = self.checkpoint
    let end = pieces.written.last?.upperBound ?? 0
    let hasFailed = hasFailed
    try await threads.sync.run { () throws(Failure) in
      // The half of a write that nobody counts on takes the room that the journal needs.
      if hasFailed { part.cut(behind: end) }
      try part.record(checkpoint)
    }
  }

  // MARK: On the threads

  /// The end of what is on the disk without a gap; it is hashed, or has been handed over to be.
  private var contiguousEnd: UInt64 {
    guard let first = pieces.written.first, first.lowerBound == 0 else { return 0 }
    return first.upperBound
  }

  private func writeNow(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(Failure) {
    if let failure = self.failure.withLock({ $0 }) { throw failure }
    switch target {
    case .part(let part): try part.write(bytes, at: offset)
    case .descriptor(let descriptor):
      var rest = bytes[...]
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written < 0, errno == EINTR { continue }
        if written < 0, errno == EAGAIN {
          var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&wait, 1, -1)
          continue
        }
        guard written > 0 else {
          throw Failure(.localFile, .cannotWriteOutput(Folder.reason(errno)))
        }
        rest = rest.dropFirst(written)
      }
    }
  }

  private func hashFromDisk(_ range: Range<UInt64>) {
    guard case .part(let part) = target else { return }
    threads.hash.submit { _ in
      guard !self.hasFailed else { return }
      do throws(Failure) {
        try part.read(range) { bytes in
          self.hashing.withLock { $0.sha.update(bytes) }
          self.recordIfDue()
        }
      } catch {
        self.fail(error)
      }
    }
  }

  private var checkpoint: DownloadJournal.Checkpoint {
    // Taken in this order: what is hashed is written.
    let state = hashing.withLock { $0.sha.state }
    let held = pieces.written.compactMap { range -> Range<UInt64>? in
      let lower = max(range.lowerBound, state.count)
      return lower < range.upperBound ? lower..<range.upperBound : nil
    }
    return DownloadJournal.Checkpoint(state: state, held: held)
  }

  private func recordIfDue() {
    guard case .part(let part) = target else { return }
    let isDue = self.hashing.withLock { hashing in
      let bytes = hashing.sha.state.count - hashing.lastCheckpoint.count
      let now = threads.now
      guard !hashing.isRecording,
        bytes >= Self.checkpointBytes || now - hashing.lastCheckpoint.time >= checkpointInterval
      else { return false }
      hashing.isRecording = true
      hashing.lastCheckpoint = (hashing.sha.state.count, now)
      return true
    }
    guard isDue else { return }
    let checkpoint = self.checkpoint
    threads.sync.submit { _ in
      do throws(Failure) {
        try part.record(checkpoint)
      } catch {
        self.fail(error)
      }
      self.hashing.withLock { $0.isRecording = false }
    }
  }

  /// Whether a write or read went wrong. The hash stands still from then on: what it would go on with may not follow.
  private var hasFailed: Bool { failure.withLock { $0 != nil } }

  private func fail(_ failure: Failure) {
    self.failure.withLock { $0 = $0 ?? failure }
  }
}
