import NIOCore

/// How long a conversation may be silent, and since when it has been.
struct SilenceLimit {
  let limit: TimeAmount
  private var since: NIODeadline

  init(_ limit: TimeAmount, at now: NIODeadline) {
    self.limit = limit
    since = now
  }

  /// Notes that something was said.
  mutating func heard(at now: NIODeadline) { since = now }

  /// How long it may still be silent; nothing when the limit is reached.
  func remaining(at now: NIODeadline) -> TimeAmount? {
    let idle = now - since
    return idle >= limit ? nil : limit - idle
  }
}
