// The states of the sender and what leads from one to another. Linux's names, because everyone's tools know
// them: open, disorder, congestion window reduced, recovery, loss.
extension LossRecovery {
  /// Whether the congestion window is being led down to the threshold.
  @inline(__always)
  var isReducing: Bool { state == .recovery || state == .congestionWindowReduced }

  /// What an acknowledgment means for the state, once its data has been taken in.
  mutating func advanceState(
    _ digest: inout AcknowledgmentDigest,
    isMarked: Bool,
    _ outcome: inout AcknowledgmentOutcome
  ) {
    switch state {
    case .open, .disorder:
      // Duplicates may be reported when the recovery that they concern is long over.
      if undo.isExplainedByDuplicates { undoReduction(digest, &outcome) }
    case .congestionWindowReduced:
      if scoreboard.start >= recoveryPoint { finishReduction(at: digest.now) }
    case .recovery:
      continueRecovery(digest, &outcome)
    case .loss:
      continueAfterTimeout(digest, &outcome)
    }

    detectLosses(&digest)

    switch state {
    case .open, .disorder, .congestionWindowReduced:
      if digest.facts.contains(.congestiveLoss) {
        startRecovery(digest, isMarked: isMarked)
        outcome.events.insert(.recoveryStarted)
      } else if isMarked, state != .congestionWindowReduced, digest.newlyDelivered > 0 {
        answerMarks(digest)
        outcome.events.insert(.congestionExperienced)
      }
      if state == .open || state == .disorder {
        let isInOrder = scoreboard.deliveredBytes == 0 && duplicateAcknowledgments == 0 && scoreboard.lostBytes == 0
        state = isInOrder ? .open : .disorder
      }
    case .recovery, .loss:
      if checkReneging() { outcome.events.insert(.reneged) }
    }
  }

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
}
