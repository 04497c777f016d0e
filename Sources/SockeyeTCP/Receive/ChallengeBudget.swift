/// How often one connection answers segments that are off the mark (RFC 5961 section 7): so often in a second.
///
/// The count is a connection's own, never shared between connections: a shared one tells an attacker, by running out,
/// that he has guessed (CVE-2016-5696). Keep-alives, which lie just before the window, are counted apart: somebody who doesn't
/// know where the window is can spend what is there for strays, but can't keep the true peer's probes from being answered.
struct ChallengeBudget {
  private var strays: UInt8
  private var keepAlives: UInt8
  private let allowance: UInt8
  private var refilled = Instant(nanoseconds: .min)

  init(perSecond: UInt8) {
    strays = perSecond
    keepAlives = perSecond
    allowance = perSecond
  }

  /// Takes one answer out of the budget. Returns whether there was one.
  mutating func spend(isKeepAlive: Bool = false, at now: Instant) -> Bool {
    if now - refilled >= .seconds(1) {
      refilled = now
      strays = allowance
      keepAlives = allowance
    }
    let remaining = isKeepAlive ? keepAlives : strays
    guard remaining > 0 else { return false }
    if isKeepAlive { keepAlives -= 1 } else { strays -= 1 }
    return true
  }
}
