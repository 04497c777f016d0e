internal import SockeyeLink
package import SockeyeTCP
internal import Synchronization

/// The clock that a loop goes by.
package enum LoopClock: Sendable {
  /// The machine's monotonic clock, which NIO's deadlines go by too.
  case machine
  /// A clock that stands still until it is moved.
  case virtual(VirtualClock)

  /// The time.
  package var now: Instant {
    switch self {
    case .machine: MonotonicClock.now
    case .virtual(let clock): clock.now
    }
  }

  /// Whether time passes while a thread waits.
  var passesByItself: Bool {
    if case .machine = self { return true }
    return false
  }
}

/// A clock that stands still until it is moved; it can be read from any thread.
package final class VirtualClock: Sendable {
  private let nanoseconds: Atomic<Int64>

  /// A clock that shows that time.
  package init(_ start: Instant) {
    nanoseconds = Atomic(start.nanoseconds)
  }

  /// The time that it shows.
  package var now: Instant { Instant(nanoseconds: nanoseconds.load(ordering: .relaxed)) }

  /// Moves it on; it never goes back.
  package func advance(to instant: Instant) {
    nanoseconds.store(max(now, instant).nanoseconds, ordering: .relaxed)
  }
}
