internal import SockeyeTCP

/// A rate limit: so many a second, and as many at once after a quiet second.
struct TokenBucket {
  private let perSecond: Int64
  /// When the bucket was last empty, or would have been: what has passed since is what there is, a second at most.
  private var emptyAt: Instant

  /// A full bucket. None pass at a rate of zero.
  init(perSecond: Int, now: Instant) {
    self.perSecond = Int64(min(max(perSecond, 0), 1_000_000))
    emptyAt = now - .seconds(1)
  }

  /// Takes one, if there is one.
  mutating func take(now: Instant) -> Bool {
    guard perSecond > 0 else { return false }
    let cost = Interval.nanoseconds(1_000_000_000 / perSecond)
    emptyAt = max(emptyAt, now - .seconds(1))
    guard emptyAt + cost <= now else { return false }
    emptyAt = emptyAt + cost
    return true
  }
}
