internal import NIOCore
internal import NIOPosix
internal import SockeyeTransport

/// Where blocking work is done, away from the event loop: each queue is one thread, and keeps its order.
final class DownloadThreads: Sendable {
  /// Writes.
  let disk = NIOThreadPool(numberOfThreads: 1)
  /// Hashes.
  let hash = NIOThreadPool(numberOfThreads: 1)
  /// Waits for the disk to have the bytes for good.
  let sync = NIOThreadPool(numberOfThreads: 1)

  init() {
    self.disk.start()
    self.hash.start()
    self.sync.start()
  }

  /// Ends the threads once they have done what they were given.
  func shutdown() async {
    for pool in [self.disk, self.hash, self.sync] { try? await pool.shutdownGracefully() }
  }
}

extension NIOThreadPool {
  /// Runs something after everything that was submitted before it.
  func run<Value: Sendable>(_ body: @escaping @Sendable () throws(Failure) -> Value) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      self.submit { state in
        guard case .active = state else {
          continuation.resume(returning: .failure(Failure(.other, "the program is ending")))
          return
        }
        continuation.resume(returning: Result { () throws(Failure) in try body() })
      }
    }
    return try result.get()
  }
}
