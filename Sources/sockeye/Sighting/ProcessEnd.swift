import Glibc

/// Notices that a process has ended that isn't a child of this one.
enum ProcessEnd {
  private static let pollMicroseconds: UInt32 = 100_000
  /// How long after the end what its connections still have to say is waited for.
  private static let graceMicroseconds: UInt32 = 500_000

  /// Calls `body` once the process is gone, on a thread of its own.
  static func call(of process: Int32, _ body: @escaping @Sendable () -> Void) {
    final class Box {
      let process: Int32
      let body: @Sendable () -> Void

      init(_ process: Int32, _ body: @escaping @Sendable () -> Void) { (self.process, self.body) = (process, body) }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(process, body))
    pthread_create(
      &thread,
      nil,
      { argument in
        guard let argument else { return nil }
        let box = Unmanaged<Box>.fromOpaque(argument).takeRetainedValue()
        while kill(box.process, 0) == 0 || errno == EPERM { usleep(ProcessEnd.pollMicroseconds) }
        usleep(ProcessEnd.graceMicroseconds)
        box.body()
        return nil
      },
      box.toOpaque()
    )
    pthread_detach(thread)
  }
}
