internal import NIOCore
internal import SockeyeTransport

/// Where blocking work is done, away from the event loop: each queue is one thread, and keeps its order.
final class DownloadThreads: Sendable {
  /// Writes.
  let disk: BlockingThreads
  /// The thread that hashes.
  let hash: BlockingThreads
  /// Waits for the disk to have the bytes for good.
  let sync: BlockingThreads
  private let surroundings: Surroundings

  init(_ surroundings: Surroundings = .machine) {
    self.surroundings = surroundings
    disk = surroundings.threads(1)
    hash = surroundings.threads(1)
    sync = surroundings.threads(1)
  }

  /// The time.
  var now: NIODeadline { surroundings.now }

  /// Ends the threads.
  func shutdown() async {
    for threads in [disk, hash, sync] { await threads.shutDown() }
  }
}
