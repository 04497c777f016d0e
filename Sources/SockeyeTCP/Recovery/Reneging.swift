// A peer that discards what it has selectively acknowledged (RFC 2018 section 8).
extension LossRecovery {
  /// Whether the peer has discarded what it selectively acknowledged: the oldest outstanding data is data that
  /// it had reported, and still the cumulative acknowledgment doesn't cover it.
  ///
  /// That alone may be a matter of order of arrival, so it only brings the retransmission timer forward; the
  /// timeout forgets the reports (RFC 2018 section 8, as RFC 6675 section 5.1 requires).
  func checkReneging() -> Bool {
    guard let first = scoreboard.ring.record(at: 0) else { return false }
    return first.flags.contains(.delivered)
  }

  /// Whether the oldest outstanding data is held selectively.
  var isReneged: Bool { checkReneging() }

  mutating func forgetRenegedBlocks() {
    guard checkReneging() else { return }
    scoreboard.unmarkDelivered()
    knownBlocks = KnownBlocks()
  }
}
