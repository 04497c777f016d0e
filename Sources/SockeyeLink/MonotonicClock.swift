internal import Glibc
public import SockeyeTCP

/// The machine's monotonic clock, as hosts count time.
public enum MonotonicClock {
  /// The time.
  public static var now: Instant {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Instant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}
