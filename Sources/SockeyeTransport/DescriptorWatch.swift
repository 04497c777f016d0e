import Glibc
import SockeyeText

/// Waits on a thread of its own for a descriptor that no event loop can watch.
///
/// It watches for what it is asked for once, and tells of it once. The descriptor may be closed before the watch ends: the
/// thread has a copy of its own.
struct DescriptorWatch: Sendable {
  /// What to watch for; errors are watched for in any case.
  struct Interest: OptionSet {
    let rawValue: UInt8
    static let readable = Interest(rawValue: UInt8(POLLIN))
    static let writable = Interest(rawValue: UInt8(POLLOUT))
  }

  /// The end of a pipe by which the thread is told what to watch for, and ended.
  private let orders: CInt

  /// Starts to watch, for nothing yet.
  ///
  /// - Parameters:
  ///   - descriptor: Is not closed by the watch.
  ///   - ready: Called on the watch's thread.
  init(_ descriptor: CInt, ready: @escaping @Sendable () -> Void) throws(Failure) {
    var ends: [CInt] = [-1, -1]
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0, pipe(&ends) == 0 else {
      let reason = errno
      if copy >= 0 { close(copy) }
      throw Failure(.other, .cannotWatch(.system(reason)))
    }
    let (taken, given) = (ends[0], ends[1])
    for end in [taken, given] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    do {
      try DedicatedThread.start {
        Self.run(copy, orders: taken, ready)
        close(copy)
        close(taken)
      }
    } catch {
      for descriptor in [copy, taken, given] { close(descriptor) }
      throw error
    }
    orders = given
  }

  /// Watches for something, from now on and until it has come, in place of what was asked for before.
  func wait(for interest: Interest) {
    var order = interest.rawValue
    _ = write(orders, &order, 1)
  }

  /// Ends the thread.
  func end() { close(orders) }

  private static func run(_ descriptor: CInt, orders: CInt, _ ready: @Sendable () -> Void) {
    // poll(2) passes over an entry whose descriptor is negative.
    var wanted = [pollfd(fd: orders, events: Int16(POLLIN), revents: 0), pollfd(fd: -1, events: 0, revents: 0)]
    while true {
      guard poll(&wanted, nfds_t(wanted.count), -1) >= 0 else { continue }
      if wanted[0].revents != 0 {
        var order: UInt8 = 0
        guard read(orders, &order, 1) == 1 else { return }
        wanted[1].fd = descriptor
        wanted[1].events = Int16(order)
      } else if wanted[1].revents != 0 {
        wanted[1].fd = -1
        ready()
      }
    }
  }
}
