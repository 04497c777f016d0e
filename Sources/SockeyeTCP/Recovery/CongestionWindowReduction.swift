// The answer to explicit congestion marks: the congestion window is reduced as for a loss, and the peer is told (RFC 3168
// section 6.1.2).
extension LossRecovery {
  /// Answers ECE, or AccECN's counters, once in a round trip (RFC 3168 section 6.1.2, RFC 9768 section 3.3).
  mutating func answerMarks(_ digest: AcknowledgmentDigest) {
    undo.disarm()
    reduction.begin(flight: digest.undeliveredBytes)
    controller.congested(
      .explicitNotification,
      flight: digest.outstandingBytes,
      window: &window,
      at: digest.now
    )
    needsCongestionWindowReduced = true
    state = .congestionWindowReduced
    recoveryPoint = scoreboard.end
  }

  /// Whether the segment of new data about to be sent must carry CWR (RFC 3168 section 6.1.2). Answers true
  /// once for each reduction.
  @inline(__always)
  mutating func takeCongestionWindowReduced() -> Bool {
    defer { needsCongestionWindowReduced = false }
    return needsCongestionWindowReduced
  }
}
