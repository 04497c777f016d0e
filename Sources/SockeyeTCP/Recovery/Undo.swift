/// What must be known to take back a reduction of the window (RFC 4015, RFC 8985 section 6.2, RFC 5682).
struct UndoState {
  /// Whether there is a reduction that may still turn out to be spurious.
  private(set) var isArmed = false
  /// SND.UNA when it was made: D-SACKs before it say nothing about it.
  private(set) var start: StreamOffset = 0
  /// Bytes sent again since, less those that the peer reported as duplicates.
  private(set) var unexplainedBytes: UInt32 = 0
  /// When the first retransmission since was sent; `never` before it.
  private(set) var firstRetransmission = Instant.never
  /// The window before.
  private(set) var window: UInt32 = 0
  /// The slow-start threshold before.
  var threshold: UInt64 { storedThreshold == .max ? CongestionWindow.unknown : UInt64(storedThreshold) }
  private var storedThreshold: UInt32 = 0

  init() {}

  /// Remembers what is about to be reduced.
  ///
  /// - Parameter retransmittedBytes: bytes of a tail loss probe already in the network.
  mutating func arm(at start: StreamOffset, window: CongestionWindow, retransmittedBytes: UInt64) {
    if !isArmed || retransmittedBytes == 0 {
      firstRetransmission = retransmittedBytes > 0 ? firstRetransmission : .never
      unexplainedBytes = UInt32(clamping: retransmittedBytes)
    }
    self.start = start
    self.window = UInt32(clamping: window.bytes)
    storedThreshold = UInt32(clamping: window.slowStartThreshold)
    isArmed = true
  }

  /// Forgets the reduction: it was right, or has been undone.
  mutating func disarm() {
    isArmed = false
    firstRetransmission = .never
    unexplainedBytes = 0
  }

  /// Counts a retransmission.
  mutating func retransmitted(_ count: UInt64, at now: Instant) {
    if firstRetransmission == .never { firstRetransmission = now }
    unexplainedBytes = UInt32(clamping: UInt64(unexplainedBytes).clampedSum(count))
  }

  /// Counts a D-SACK.
  mutating func duplicateReported(_ range: Range<StreamOffset>) {
    guard isArmed, range.lowerBound >= start, firstRetransmission != .never else { return }
    let count = range.upperBound - range.lowerBound
    unexplainedBytes = UInt32(clamping: UInt64(unexplainedBytes).clampedDifference(count))
  }

  /// Whether every retransmission was reported as a duplicate: all of them had been needless.
  var isExplainedByDuplicates: Bool { isArmed && firstRetransmission != .never && unexplainedBytes == 0 }
}

// Taking back what turned out to be a mistake. Without this, a path that reorders or whose delay jumps keeps
// the window small for losses that never happened.
extension LossRecovery {
  /// Whether the present reduction answered no loss.
  ///
  /// Either the peer reported every retransmission as a duplicate, or the acknowledgment was provoked by something sent
  /// before the first retransmission: its timestamp is older (the Eifel algorithm, RFC 3522).
  ///
  /// Of the latter two things are asked. One that reports a duplicate was provoked by that duplicate, a retransmission:
  /// the originals had arrived, and what got lost were their acknowledgments, so the path did fail (RFC 3522 section 3.2
  /// step 5). And in fast recovery nothing that was sent again may still be under way: one segment that was only late
  /// says nothing about the others (as Linux has it).
  func isSpurious(_ digest: AcknowledgmentDigest) -> Bool {
    guard undo.isArmed else { return false }
    if undo.isExplainedByDuplicates { return true }
    guard digest.newlyAcknowledged > 0, !digest.facts.contains(.duplicateReported),
      state != .recovery || scoreboard.retransmittedBytes == 0,
      let echoedTime = digest.echoedTime, undo.firstRetransmission != .never
    else { return false }
    return LossRecovery.isEcho(echoedTime, olderThan: undo.firstRetransmission)
  }

  /// Restores window and threshold, and takes nothing for lost any more.
  mutating func undoReduction(_ digest: AcknowledgmentDigest, _ outcome: inout AcknowledgmentOutcome) {
    scoreboard.unmarkLost()
    if !controllerOwnsWindow {
      window.set(max(window.bytes, UInt64(undo.window)))
      window.slowStartThreshold = max(window.slowStartThreshold, undo.threshold)
    }
    controller.spurious(window: &window, at: digest.now)
    if state == .recovery {
      // What was taken for lost had been overtaken, and its retransmission hid that from step 3 of RACK.
      recentAcknowledgment.hasSeenReordering = true
      recentAcknowledgment.recovered()
    }
    undo.disarm()
    state = .open
    duplicateAcknowledgments = 0
    timeoutTest = .off
    counters.undoneReductions = counters.undoneReductions &+ 1
    outcome.events.insert(.reductionUndone)
  }

  /// Restores the window that a spurious timeout reduced.
  ///
  /// RFC 4015 section 3.2 would take the time since the first transmission for the round trip as well. It may just as well be
  /// the time in which acknowledgments got lost, so the timer's doubling stays instead until a round trip is measured.
  mutating func undoTimeout(_ digest: AcknowledgmentDigest, _ outcome: inout AcknowledgmentOutcome) {
    undoReduction(digest, &outcome)
    consecutiveTimeouts = 0
  }
}
