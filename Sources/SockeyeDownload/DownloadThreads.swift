internal import SockeyeTransport

/// Where blocking work is done, away from the event loop: each queue is one thread, and keeps its order.
final class DownloadThreads: Sendable {
  /// Writes.
  let disk = BlockingThreads(count: 1)
  /// The thread that hashes.
  let hash = BlockingThreads(count: 1)
  /// Waits for the disk to have the bytes for good.
  let sync = BlockingThreads(count: 1)

  /// Ends the threads.
  func shutdown() async {
    for threads in [disk, hash, self.sync] { await threads.shutDown() }
  }
}
