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

  /// Starts the timer, if it isn't running: the first probe follows after the retransmission timeout (SHLD-29).
  mutating func start(at now: Instant, retransmissionTimeout: Interval, maximum: Interval) {
    guard deadline == .never, !isDue else { return }
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
  }

  /// A probe has gone out.
  mutating func sent() {
    isDue = false
    backoff = min(backoff + 1, 30)
    unanswered = unanswered == .max ? .max : unanswered + 1
  }

  /// An acknowledgement has come. A window that stays closed keeps the interval, but the peer is alive (MUST-37).
  mutating func peerAnswered(window: UInt32) {
    unanswered = 0
    if window > 0, deadline != .never || isDue { stop() }
  }
}

/// Keep-alive probes (RFC 9293 section 3.8.4).
struct KeepAliveTimer {
  /// Probes in a row that nothing answered.
  var unanswered: UInt8 = 0
  /// When the last probe was sent.
  var lastProbe = Instant.never
  /// A probe goes out at the next opportunity.
  var isDue = false
}

/// How long a segment that isn't full may wait for more data, where the application asks for that.
struct HoldTimer {
  /// The application has corked the connection.
  var isCorked = false
  /// When what is held back goes out all the same; `never` where nothing is.
  var deadline = Instant.never
  /// What is held back goes out at the next opportunity.
  var isOver = false

  /// A fifth of a second, as Linux has it.
  static let longest = Interval.milliseconds(200)
}
