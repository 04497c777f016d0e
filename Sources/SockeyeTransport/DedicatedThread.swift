import Glibc
import SockeyeText

/// A thread for work that waits: reading and writing descriptors that have no event loop.
package enum DedicatedThread {
  private final class Work {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  /// Runs `body` on a thread of its own, which ends with it.
  package static func start(_ body: @escaping @Sendable () -> Void) throws(Failure) {
    let work = Unmanaged.passRetained(Work(body))
    var thread = pthread_t()
    let status = pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        Unmanaged<Work>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      },
      work.toOpaque()
    )
    guard status == 0 else {
      work.release()
      throw Failure(.other, .noThread(.system(status)))
    }
    pthread_detach(thread)
  }
}
