/// How much of the congestion window is really used (RFC 7661, in the simpler way that Linux has).
struct WindowUsage {
  /// The greatest flight in the present round.
  var greatestInFlight: UInt64 { UInt64(storedGreatest) }
  private var storedGreatest: UInt32 = 0
  /// The round ends when this is acknowledged.
  private var roundEnd: StreamOffset = 0
  /// Whether the window held something back in this round.
  private(set) var isLimited = false
  /// When the window was last known to be used.
  private(set) var validatedAt = Instant.never

  init() {}

  /// Notes what is in flight after a transmission, or when the window stopped one.
  @inline(__always)
  mutating func note(
    inFlight: UInt64,
    isLimited limited: Bool,
    unacknowledged: StreamOffset,
    next: StreamOffset,
    at now: Instant
  ) {
    if unacknowledged >= roundEnd || limited || (!isLimited && inFlight > greatestInFlight) {
      isLimited = limited
      storedGreatest = UInt32(clamping: inFlight)
      roundEnd = next
    }
    if limited || validatedAt == .never { validatedAt = now }
  }

  /// Starts a new period of validation.
  mutating func validated(at now: Instant) {
    validatedAt = now
    storedGreatest = 0
    isLimited = false
  }

  /// Whether an acknowledgment may make the window larger: in slow start where at least half of it is used,
  /// after that only where all of it is.
  @inline(__always)
  func allowsGrowth(of window: CongestionWindow) -> Bool {
    if isLimited { return true }
    return window.isInSlowStart && window.bytes < greatestInFlight.clampedSum(greatestInFlight)
  }
}

// What is done about a window that is not used.
extension LossRecovery {
  /// Notes how much of the window is in use, after each transmission and where the window stopped one.
  @inline(__always)
  mutating func noteUsage(isLimited: Bool, at now: Instant) {
    usage.note(
      inFlight: bytesInFlight,
      isLimited: isLimited,
      unacknowledged: scoreboard.start,
      next: scoreboard.end,
      at: now
    )
    if !isLimited, !controllerOwnsWindow { decayUnusedWindow(at: now) }
  }

  /// Gives up half of what the application has left unused for a whole timeout, and remembers three quarters
  /// of the window as threshold (RFC 2861, as RFC 7661 section 4.4 keeps it).
  @inline(__always)
  private mutating func decayUnusedWindow(at now: Instant) {
    guard state == .open, roundTrip.hasMeasured, !usage.allowsGrowth(of: window),
      now - usage.validatedAt >= roundTrip.timeout
    else { return }
    let used = max(usage.greatestInFlight, window.initial)
    if used < window.bytes {
      window.slowStartThreshold = max(currentThreshold, 1)
      window.set((window.bytes + used) / 2)
    }
    usage.validated(at: now)
  }

  /// The threshold that remembers the present window: three quarters of it, where the threshold is lower.
  var currentThreshold: UInt64 {
    window.slowStartThreshold == CongestionWindow.unknown
      ? window.slowStartThreshold : max(window.slowStartThreshold, window.bytes / 4 * 3)
  }
}
