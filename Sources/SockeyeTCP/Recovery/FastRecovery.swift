// Fast recovery: how a loss that acknowledgments tell of is repaired (RFC 5681 section 3.2, RFC 6675, RFC 8985).
extension LossRecovery {
  /// Begins fast recovery (RFC 5681 section 3.2, RFC 6675 section 5, RFC 8985 section 6).
  mutating func startRecovery(_ digest: AcknowledgmentDigest, isMarked: Bool) {
    counters.recoveries = counters.recoveries &+ 1
    probe.end = 0
    if state == .congestionWindowReduced || isMarked {
      // Marks say that there is congestion, whatever becomes of the losses: nothing to undo.
      undo.disarm()
    } else {
      undo.arm(at: scoreboard.start, window: window, retransmittedBytes: scoreboard.retransmittedBytes)
    }
    if state != .congestionWindowReduced {
      reduction.begin(flight: digest.undeliveredBytes)
      controller.congested(
        .loss,
        flight: digest.outstandingBytes,
        window: &window,
        at: digest.now
      )
      if isMarked { needsCongestionWindowReduced = true }
    }
    state = .recovery
    recoveryPoint = scoreboard.end
  }

  mutating func continueRecovery(
    _ digest: AcknowledgmentDigest,
    _ outcome: inout AcknowledgmentOutcome
  ) {
    if isSpurious(digest) {
      undoReduction(digest, &outcome)
      return
    }
    guard scoreboard.start >= recoveryPoint else { return }
    finishReduction(at: digest.now)
    outcome.events.insert(.recoveryFinished)
  }

  /// Ends a reduction: the window is the threshold.
  mutating func finishReduction(at now: Instant) {
    if !controllerOwnsWindow, window.slowStartThreshold != CongestionWindow.unknown {
      window.set(window.slowStartThreshold)
    }
    if state == .recovery { recentAcknowledgment.recovered() }
    state = .open
    duplicateAcknowledgments = 0
    controller.recovered(window: &window, at: now)
  }
}
