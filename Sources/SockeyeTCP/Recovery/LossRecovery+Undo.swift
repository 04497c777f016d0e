// Taking back what turned out to be a mistake. Without this, a path that reorders or whose delay jumps keeps
// the window small for losses that never happened.
extension LossRecovery {
  /// Whether the present reduction answered no loss.
  ///
  /// Either the acknowledgement was provoked by something sent before the first retransmission (the Eifel
  /// algorithm, RFC 3522: its timestamp is older), or the peer reported every retransmission as a duplicate.
  func isSpurious(_ digest: AcknowledgementDigest) -> Bool {
    guard undo.isArmed else { return false }
    if undo.isExplainedByDuplicates { return true }
    guard digest.newlyAcknowledged > 0, let echoedTime = digest.echoedTime, undo.firstRetransmission != .never else {
      return false
    }
    return LossRecovery.isEcho(echoedTime, olderThan: undo.firstRetransmission)
  }

  /// Restores window and threshold, and takes nothing for lost any more.
  mutating func undoReduction(_ digest: AcknowledgementDigest, _ outcome: inout AcknowledgementOutcome) {
    scoreboard.unmarkLost()
    if !controller.ownsWindow {
      window.set(max(window.bytes, UInt64(undo.window)))
      window.slowStartThreshold = max(window.slowStartThreshold, undo.threshold)
    }
    controller.spurious(window: &window, at: digest.now)
    if state == .recovery { recentAcknowledgement.recovered() }
    undo.disarm()
    state = .open
    duplicateAcknowledgements = 0
    timeoutTest = .off
    counters.undoneReductions = counters.undoneReductions &+ 1
    outcome.events.insert(.reductionUndone)
  }

  /// Restores everything that a spurious timeout changed, the timer's doubling too, and makes the timer more
  /// patient (RFC 4015 section 3.2).
  mutating func undoTimeout(_ digest: AcknowledgementDigest, _ outcome: inout AcknowledgementOutcome) {
    undoReduction(digest, &outcome)
    consecutiveTimeouts = 0
    let sample = digest.echoedTime.map { digest.now - $0 } ?? .zero
    roundTrip.timedOutTooSoon(measured: sample)
  }
}
