import NIOCore

/// A bucket of tokens: so many a second, a second's worth at once.
struct RateLimit {
  private let perSecond: Int
  private var tokens: Double
  private var filled: NIODeadline

  init(perSecond: Int, at now: NIODeadline) {
    self.perSecond = max(1, perSecond)
    tokens = Double(self.perSecond)
    filled = now
  }

  /// Takes a token.
  ///
  /// - Returns: How long to wait for one; nothing if it was there.
  mutating func take(at now: NIODeadline) -> TimeAmount? {
    let elapsed = Double((now - filled).nanoseconds) / 1e9
    tokens = min(Double(perSecond), tokens + elapsed * Double(perSecond))
    filled = now
    guard tokens < 1 else {
      tokens -= 1
      return nil
    }
    return .nanoseconds(max(1, Int64((1 - tokens) / Double(perSecond) * 1e9)))
  }
}
