import CSockeyeLinux
import Glibc
import SockeyeText
import Synchronization

/// Waits for a descriptor that no event loop can watch, on a thread that all such descriptors of the process share.
///
/// It watches for what it is asked for once, and tells of it once. It is ended before its descriptor is closed.
struct DescriptorWatch: Sendable {
  /// What to watch for; errors are watched for in any case.
  struct Interest: OptionSet {
    let rawValue: UInt32
    static let readable = Interest(rawValue: EPOLLIN.rawValue)
    static let writable = Interest(rawValue: EPOLLOUT.rawValue)
  }

  private let descriptor: CInt
  private let identifier: UInt64
  private let watchers: Watchers

  /// Starts to watch, for nothing yet.
  ///
  /// - Parameters:
  ///   - descriptor: Is not closed by the watch.
  ///   - ready: Called on the shared thread; must not block.
  init(_ descriptor: CInt, ready: @escaping @Sendable () -> Void) throws(Failure) {
    watchers = try Watchers.shared.get()
    self.descriptor = descriptor
    identifier = watchers.add(ready)
    guard watchers.control(EPOLL_CTL_ADD, descriptor, identifier, interest: []) else {
      let reason = errno
      watchers.remove(identifier)
      throw Failure(.other, .cannotWatch(.system(reason)))
    }
  }

  /// Watches for something, from now on and until it has come, in place of what was asked for before.
  func wait(for interest: Interest) {
    _ = watchers.control(EPOLL_CTL_MOD, descriptor, identifier, interest: interest)
  }

  /// Ends the watch. It may still tell of what it has seen just before.
  func end() {
    _ = watchers.control(EPOLL_CTL_DEL, descriptor, identifier, interest: [])
    watchers.remove(identifier)
  }
}

/// Whoever is told of a descriptor, and the thread that tells them. It lives as long as the process.
private final class Watchers: Sendable {
  /// Made for the first who needs it.
  static let shared = Result { () throws(Failure) in try Watchers() }

  private let set: CInt
  private let state = Mutex((next: UInt64(0), calls: [UInt64: @Sendable () -> Void]()))

  private init() throws(Failure) {
    set = epoll_create1(CInt(EPOLL_CLOEXEC))
    guard set >= 0 else { throw Failure(.other, .cannotWatch(.system(errno))) }
    try DedicatedThread.start { [self] in run() }
  }

  /// Returns the number by which the set tells of a descriptor.
  func add(_ ready: @escaping @Sendable () -> Void) -> UInt64 {
    state.withLock { state in
      state.next += 1
      state.calls[state.next] = ready
      return state.next
    }
  }

  func remove(_ identifier: UInt64) {
    _ = state.withLock { $0.calls.removeValue(forKey: identifier) }
  }

  func control(
    _ operation: CInt,
    _ descriptor: CInt,
    _ identifier: UInt64,
    interest: DescriptorWatch.Interest
  ) -> Bool {
    var event = epoll_event()
    event.events = interest.rawValue | EPOLLONESHOT.rawValue
    event.data.u64 = identifier
    return epoll_ctl(set, operation, descriptor, &event) == 0
  }

  private func run() {
    var events = [epoll_event](repeating: epoll_event(), count: 64)
    while true {
      let count = epoll_wait(set, &events, CInt(events.count), -1)
      guard count > 0 else { continue }
      for event in events[..<Int(count)] {
        let identifier = event.data.u64
        state.withLock { $0.calls[identifier] }?()
      }
    }
  }
}
