/// Zero-window probes, and the timeout that overrides the sender's avoidance of silly windows (RFC 9293 section
/// 3.8.6.1 and 3.8.6.2.1, which suggests to combine the two).
struct PersistTimer {
  /// When the next probe goes out; `never` while the window is no obstacle.
  var deadline = Instant.never
  /// Doublings of the interval (SHLD-30).
  var backoff: UInt8 = 0
  /// Probes in a row that nothing answered.
  var unanswered: UInt8 = 0
  /// The deadline has come, and something goes out at the next opportunity.
  var isDue = false
  /// Since when the window has been an obstacle: what a user timeout counts from; `never` while it isn't.
  var stalledSince = Instant.never

  /// Starts the timer, if it isn't running: the first probe follows after the retransmission timeout (SHLD-29).
  mutating func start(at now: Instant, retransmissionTimeout: Interval, maximum: Interval) {
    guard deadline == .never, !isDue else { return }
    if stalledSince == .never { stalledSince = now }
    deadline = now + min(retransmissionTimeout * (1 << Int64(min(backoff, 30))), maximum)
  }

  /// The deadline has passed.
  mutating func advance(to now: Instant) {
    guard deadline <= now else { return }
    deadline = .never
    isDue = true
  }

  /// The window is no obstacle any more.
  mutating func stop() {
    deadline = .never
    backoff = 0
    unanswered = 0
    isDue = false
    stalledSince = .never
  }

  /// A probe has gone out.
  mutating func sent() {
    isDue = false
    backoff = min(backoff + 1, 30)
    unanswered = unanswered == .max ? .max : unanswered + 1
  }

  /// An acknowledgment has come. A window that stays closed keeps the interval, but the peer is alive (MUST-37).
  mutating func peerAnswered(window: UInt32) {
    unanswered = 0
    if window > 0, deadline != .never || isDue { stop() }
  }
}

/// Keep-alive probes (RFC 9293 section 3.8.4).
struct KeepAliveTimer {
  /// When the last probe was sent.
  var lastProbe = Instant.never
  /// Probes in a row that nothing answered.
  var unanswered: UInt8 = 0
  /// A probe goes out at the next opportunity.
  var isDue = false
}

/// How long a segment that isn't full may wait for more data, where the application asks for that.
struct HoldTimer {
  /// When what is held back goes out all the same; `never` where nothing is.
  var deadline = Instant.never
  /// The application has corked the connection.
  var isCorked = false
  /// What is held back goes out at the next opportunity.
  var isOver = false

  /// The peer has acknowledged something. Data whose sender only said that more follows waits no longer, as on Linux: the
  /// pipe would run dry. A cork stays.
  mutating func acknowledged() {
    if deadline != .never, !isCorked { isOver = true }
  }

  /// A fifth of a second, as Linux has it.
  static var longest: Interval { .milliseconds(200) }
}

/// When storage that is no longer needed is given back: an idle connection owns none.
struct StorageTimer {
  /// When to look next; `never` while there is no storage.
  private(set) var deadline = Instant.never

  /// Storage has been had, or is still needed.
  mutating func start(at now: Instant) {
    deadline = now + StorageTimer.period
  }

  /// Stops the timer: the storage that it is for is gone.
  mutating func stop() {
    deadline = .never
  }

  /// How long a connection has been idle that needs no storage.
  static var period: Interval { .seconds(1) }
}
