internal import CSockeyeLinux
internal import Glibc
package import SockeyeTCP
internal import Synchronization

/// Wakes the thread that a driver runs on.
public final class Waker: Sendable {
  let descriptor: Int32
  /// Set before the descriptor is, for a thread that looks without a system call.
  private let bell = Atomic(false)

  init() throws(LinkError) {
    descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
    guard descriptor >= 0 else { throw LinkError("cannot wait for packets") }
  }

  deinit {
    close(descriptor)
  }

  /// Ends the wait under way, or else the next one, at once.
  public func wake() {
    bell.store(true, ordering: .releasing)
    var one: UInt64 = 1
    _ = write(descriptor, &one, MemoryLayout<UInt64>.size)
  }

  /// Waits for a wake-up alone until `deadline`, or a few milliseconds longer, whatever becomes of other descriptors.
  package func sleep(until deadline: Instant) {
    var request = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    let milliseconds = (deadline - MonotonicClock.now).nanoseconds / 1_000_000 + 1
    let limit: Int32 = deadline == .never ? -1 : Int32(clamping: max(0, milliseconds))
    if poll(&request, 1, limit) > 0 { clear() }
  }

  /// Whether there was a wake-up that hasn't been cleared.
  var hasRung: Bool { bell.load(ordering: .acquiring) }

  /// Takes the wake-ups that there were. One that comes meanwhile may leave the descriptor readable: the next wait then ends
  /// at once.
  func clear() {
    var count: UInt64 = 0
    _ = read(descriptor, &count, MemoryLayout<UInt64>.size)
    bell.store(false, ordering: .releasing)
  }
}

/// Descriptors that are waited for together.
final class DescriptorSet {
  private let descriptor: Int32

  init() throws(LinkError) {
    descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
    guard descriptor >= 0 else { throw LinkError("cannot wait for packets") }
  }

  deinit {
    close(descriptor)
  }

  /// Waits for that descriptor to be readable too.
  func add(_ other: Int32) throws(LinkError) {
    var event = epoll_event()
    event.events = EPOLLIN.rawValue
    event.data.fd = other
    guard epoll_ctl(descriptor, EPOLL_CTL_ADD, other, &event) == 0 else { throw LinkError("cannot wait for packets") }
  }

  /// Waits so many nanoseconds at most, for ever if they are negative. Returns a descriptor that is readable, or nil.
  func wait(_ nanoseconds: Int64) throws(LinkError) -> Int32? {
    var event = epoll_event()
    let count = wait(for: &event, nanoseconds)
    guard count >= 0 || errno == EINTR else { throw LinkError("cannot wait for packets") }
    return count > 0 ? event.data.fd : nil
  }

  /// Waits as epoll_wait(2) does, but for a time in nanoseconds.
  private func wait(for event: inout epoll_event, _ nanoseconds: Int64) -> Int32 {
    guard nanoseconds >= 0 else { return epoll_wait(descriptor, &event, 1, -1) }
    var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    let count = epoll_pwait2(descriptor, &event, 1, &time, nil)
    guard count < 0, errno == ENOSYS else { return count }
    // Before Linux 5.11 there are milliseconds, rounded up so that nothing that is due is asked for too early.
    let milliseconds = nanoseconds / 1_000_000 + (nanoseconds % 1_000_000).signum()
    return epoll_wait(descriptor, &event, 1, Int32(min(milliseconds, 60_000)))
  }
}

/// Somewhere to sleep where no packets come.
package struct Sleeper: ~Copyable {
  /// Ends a sleep early, from any thread.
  package let waker: Waker
  private let set: DescriptorSet

  /// - Parameter other: a descriptor that ends a sleep too while it is readable.
  /// - Throws: `LinkError` where the system has no descriptors left.
  package init(watching other: Int32? = nil) throws(LinkError) {
    let waker = try Waker()
    let set = try DescriptorSet()
    try set.add(waker.descriptor)
    if let other { try set.add(other) }
    self.waker = waker
    self.set = set
  }

  /// Sleeps until `deadline` or a wake-up.
  package func sleep(until deadline: Instant, now: Instant) throws(LinkError) {
    if try set.wait(deadline == .never ? -1 : (deadline - now).nanoseconds) != nil { waker.clear() }
  }
}
