public import NIOCore
internal import NIOPosix

/// Threads for work that blocks or computes for long, and so has no place on an event loop.
///
/// Work begins in the order in which it was handed over; with one thread, it also ends in that order.
public final class BlockingThreads: Sendable {
  private enum Place {
    case pool(NIOThreadPool)
    /// There is one thread, and no other time than its: work is done in its turn.
    case loop(any EventLoop)
  }

  private let place: Place

  /// Starts threads, which run until they are shut down.
  ///
  /// - Parameter count: At least one.
  public init(count: Int) {
    let pool = NIOThreadPool(numberOfThreads: count)
    pool.start()
    place = .pool(pool)
  }

  /// Stands for threads where there are none: work is done on an event loop in virtual time, after what it was given before.
  init(inPlaceOn loop: any EventLoop) {
    place = .loop(loop)
  }

  /// Does work on one of the threads.
  ///
  /// - Parameter body: Is called once, whatever happens: with `true` on a thread, or with `false` because the threads
  ///   have been shut down, and then possibly where this was called.
  public func submit(_ body: @escaping @Sendable (_ isRunning: Bool) -> Void) {
    switch place {
    case .pool(let pool): pool.submit { state in body(state == .active) }
    case .loop(let loop): loop.execute { body(true) }
    }
  }

  /// Does work on one of the threads, and brings what comes of it to an event loop.
  ///
  /// - Returns: What `body` returns or throws, or `CancellationError` when the threads have been shut down.
  public func run<Value: Sendable>(
    on eventLoop: any EventLoop,
    _ body: @escaping @Sendable () throws -> Value
  ) -> EventLoopFuture<Value> {
    switch place {
    case .pool(let pool): pool.runIfActive(eventLoop: eventLoop, body)
    case .loop(let loop): loop.submit(body).hop(to: eventLoop)
    }
  }

  /// Does work on one of the threads, and waits for it.
  ///
  /// - Throws: What `body` throws, or a failure of kind `other` when the threads have been shut down.
  public func run<Value: Sendable>(
    _ body: @escaping @Sendable () throws(Failure) -> Value
  ) async throws(Failure) -> Value {
    let result: Result<Value, Failure> = await withCheckedContinuation { continuation in
      submit { isRunning in
        guard isRunning else {
          continuation.resume(returning: .failure(Failure(.other, .programIsEnding)))
          return
        }
        continuation.resume(returning: Result { () throws(Failure) in try body() })
      }
    }
    return try result.get()
  }

  /// Begins to end the threads: each does so after the work that it is at. What has not begun by then is told so.
  public func beginShutDown() {
    if case .pool(let pool) = place { pool.shutdownGracefully { _ in } }
  }

  /// The same, and waits until they have ended.
  public func shutDown() async {
    if case .pool(let pool) = place { try? await pool.shutdownGracefully() }
  }
}
