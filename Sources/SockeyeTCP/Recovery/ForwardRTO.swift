/// The test for a spurious timeout (F-RTO, RFC 5682 section 3, with SACK).
enum TimeoutTest: UInt8 {
  /// The algorithm isn't running.
  case off
  /// Step 1: the first segment was sent again; its acknowledgment decides whether to go on.
  case awaitingFirst
  /// Step 2b: the acknowledgment advanced, so new data is sent instead of more retransmissions.
  case sendingNew
}

extension LossRecovery {
  /// Goes on after a timeout, and finds out whether it was spurious (RFC 5682 section 3, RFC 4015).
  mutating func continueAfterTimeout(
    _ digest: AcknowledgmentDigest,
    _ outcome: inout AcknowledgmentOutcome
  ) {
    // An original that an answer to a retransmission covers had arrived long ago: its acknowledgment was lost.
    let isOriginalLate = digest.facts.contains(.originalDelivered) && !digest.facts.contains(.duplicateReported)
    if isSpurious(digest) || (timeoutTest != .off && isOriginalLate) {
      // Step 3.b: something arrived that had been sent once only, so the flight had merely been late.
      undoTimeout(digest, &outcome)
      return
    }
    if timeoutTest == .sendingNew {
      // Step 3.a: the new data brought duplicates, so the loss was real; and what is acknowledged without
      // any original among it proves nothing, so go on repairing.
      if digest.newlyAcknowledged > 0 || digest.newlySelected > 0 || digest.facts.contains(.duplicate) {
        timeoutTest = .off
      }
    } else if timeoutTest == .awaitingFirst {
      if digest.newlyAcknowledged > 0, scoreboard.start < recoveryPoint {
        // Step 2.b: the acknowledgment advanced but doesn't cover all: try new data.
        recoveryPoint = scoreboard.end
        timeoutTest = .sendingNew
      } else if digest.facts.contains(.duplicate) || digest.newlySelected > 0 {
        // Step 2.a.
        timeoutTest = .off
      }
    }
    guard scoreboard.start >= recoveryPoint else { return }
    timeoutTest = .off
    state = .open
    recentAcknowledgment.recovered()
    controller.recovered(window: &window, at: digest.now)
    outcome.events.insert(.recoveryFinished)
  }
}
