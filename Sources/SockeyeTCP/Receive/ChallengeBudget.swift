/// How often one connection answers segments that are off the mark (RFC 5961 section 7): a token bucket of one second.
///
/// The count is a connection's own, never shared between connections: a shared one tells an attacker, by running out,
/// that he has guessed (CVE-2016-5696).
struct ChallengeBudget {
  private var remaining: UInt8
  private let allowance: UInt8
  private var refilled = Instant(nanoseconds: .min)

  init(perSecond: UInt8) {
    remaining = perSecond
    allowance = perSecond
  }

  /// Takes one answer out of the budget. Returns whether there was one.
  mutating func spend(at now: Instant) -> Bool {
    if now - refilled >= .seconds(1) {
      refilled = now
      remaining = allowance
    }
    guard remaining > 0 else { return false }
    remaining -= 1
    return true
  }
}
