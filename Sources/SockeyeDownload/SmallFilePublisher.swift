internal import CSockeyeLinux
internal import Glibc
internal import SockeyeTransport
internal import Synchronization

/// Gives small files their names, all that have come while the disk was busy with those before.
///
/// The promise is that of every download: a name appears once the bytes behind it are on the disk. To wait for the disk
/// is what costs, so that many files wait together.
final class SmallFilePublisher: Sendable {
  /// A file without a name, whose bytes are written.
  struct File: Sendable {
    var folder: Folder
    var name: String
    var descriptor: CInt
  }

  private struct Entry {
    var file: File
    var onEnd: @Sendable (Failure?) -> Void
  }

  private struct Waiting {
    var entries: [Entry] = []
    /// Whether the thread is at it, and who waits for it to catch up.
    var work = Work.idle
  }

  private enum Work {
    case idle
    case running(waiters: [CheckedContinuation<Void, Never>])
  }

  /// How many files may wait, since each holds a descriptor.
  private static let most = 256
  /// From so many files on, one call for the whole file system costs less than one for each file.
  private static let manyFiles = 4

  private let threads: BlockingThreads
  private let waiting = Mutex(Waiting())

  init(threads: BlockingThreads) { self.threads = threads }

  /// Takes a file; returns at once, unless too many wait.
  ///
  /// - Parameter onEnd: Told, on another thread, that it has its name, or why not.
  func publish(_ file: File, onEnd: @escaping @Sendable (Failure?) -> Void) async {
    let (isFirst, isFull) = waiting.withLock { waiting in
      waiting.entries.append(Entry(file: file, onEnd: onEnd))
      guard case .idle = waiting.work else { return (false, waiting.entries.count >= Self.most) }
      waiting.work = .running(waiters: [])
      return (true, false)
    }
    if isFirst { threads.submit { _ in self.work() } }
    if isFull { await finish() }
  }

  /// Waits until no file waits.
  func finish() async {
    await withCheckedContinuation { continuation in
      let isIdle = waiting.withLock { waiting in
        guard case .running(let waiters) = waiting.work else { return true }
        waiting.work = .running(waiters: waiters + [continuation])
        return false
      }
      if isIdle { continuation.resume() }
    }
  }

  private func work() {
    while true {
      let (batch, waiters) = waiting.withLock { waiting -> ([Entry], [CheckedContinuation<Void, Never>]) in
        let batch = waiting.entries
        waiting.entries = []
        guard batch.isEmpty, case .running(let waiters) = waiting.work else { return (batch, []) }
        waiting.work = .idle
        return ([], waiters)
      }
      guard !batch.isEmpty else {
        for waiter in waiters { waiter.resume() }
        return
      }
      name(batch)
    }
  }

  private func name(_ batch: [Entry]) {
    let synchronized = synchronize(batch)
    var failures: [Failure?] = []
    var folders: [ObjectIdentifier: Folder] = [:]
    for (entry, isSynchronized) in zip(batch, synchronized) {
      let file = entry.file
      do throws(Failure) {
        guard isSynchronized else { throw file.folder.failure(.write, file.name) }
        try file.folder.name(file.descriptor, file.name)
        folders[ObjectIdentifier(file.folder)] = file.folder
        failures.append(nil)
      } catch {
        failures.append(error)
      }
      close(file.descriptor)
    }
    for folder in folders.values { folder.sync() }
    for (entry, failure) in zip(batch, failures) { entry.onEnd(failure) }
  }

  /// Waits for the disk.
  ///
  /// - Returns: Which of the files are on it.
  private func synchronize(_ batch: [Entry]) -> [Bool] {
    var devices: [dev_t: Bool] = [:]
    return batch.map { entry in
      var status = stat()
      guard batch.count >= Self.manyFiles, fstat(entry.file.descriptor, &status) == 0 else {
        return fsync(entry.file.descriptor) == 0
      }
      if let isDone = devices[status.st_dev] { return isDone }
      let isDone = syncfs(entry.file.descriptor) == 0
      devices[status.st_dev] = isDone
      return isDone
    }
  }
}
