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

  // MARK: Fast recovery

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

  private mutating func continueRecovery(
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
  private mutating func finishReduction(at now: Instant) {
    if !controllerOwnsWindow, window.slowStartThreshold != CongestionWindow.unknown {
      window.set(window.slowStartThreshold)
    }
    if state == .recovery { recentAcknowledgment.recovered() }
    state = .open
    duplicateAcknowledgments = 0
    controller.recovered(window: &window, at: now)
  }

  // MARK: Explicit congestion notification

  /// Answers ECE, or AccECN's counters, once in a round trip (RFC 3168 section 6.1.2, RFC 9768 section 3.3).
  private mutating func answerMarks(_ digest: AcknowledgmentDigest) {
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

  /// A tail loss probe repaired a loss: reduces as for any loss, though there is nothing left to recover
  /// (RFC 8985 section 7.4.2).
  mutating func reduceForRepairedLoss(_ digest: AcknowledgmentDigest) {
    guard state == .open || state == .disorder else { return }
    undo.disarm()
    controller.congested(
      .loss,
      flight: digest.outstandingBytes,
      window: &window,
      at: digest.now
    )
    if !controllerOwnsWindow { window.set(window.slowStartThreshold) }
    controller.recovered(window: &window, at: digest.now)
  }

  // MARK: Retransmission timeout

  /// The retransmission timer expired (RFC 6298 section 5.4 to 5.6, RFC 5681 section 3.1).
  mutating func timeOut(at now: Instant) {
    counters.timeouts = counters.timeouts &+ 1
    var digest = AcknowledgmentDigest(
      now: now,
      echoedTime: nil,
      inFlight: bytesInFlight,
      scoreboard: scoreboard,
      lost: deliveryRate.lost
    )
    probe = TailLossProbe()
    duplicateAcknowledgments = 0
    if features.contains(.established) {
      reduceAfterTimeout(digest)
    }
    forgetRenegedBlocks()
    let isFirst = state != .recovery && state != .loss
    markLostAfterTimeout(&digest)
    if features.contains(.established) {
      // The loss window: one segment beside what is believed to be in the network (RFC 5681 section 3.1).
      window.set(bytesInFlight + window.segmentSize)
      // The first segment of a recovery that the timer begins tells whether the timer was right; where fast
      // recovery went before, what arrives is ambiguous (RFC 5682 section 2.1 step 1).
      let mayTest = features.contains(.timeoutTest) && (isFirst || consecutiveTimeouts > 0)
      timeoutTest = mayTest ? .awaitingFirst : .off
      state = .loss
      recoveryPoint = scoreboard.end
    }
    if consecutiveTimeouts < .max { consecutiveTimeouts += 1 }
    roundTrip.backOff()
    retransmissionDeadline = now + roundTrip.timeout
    probeDeadline = .never
    reorderingDeadline = .never
    updatePacingRate()
  }

  /// Sets the threshold, unless this timeout belongs to a congestion that has been answered: further
  /// timeouts of the same segment change the timer, not the threshold (RFC 5681 equation 4).
  private mutating func reduceAfterTimeout(_ digest: AcknowledgmentDigest) {
    let isNew: Bool
    switch state {
    case .open, .disorder: isNew = true
    case .loss: isNew = consecutiveTimeouts == 0 || scoreboard.start >= recoveryPoint
    case .recovery, .congestionWindowReduced: isNew = scoreboard.start >= recoveryPoint
    }
    guard isNew || controllerOwnsWindow else { return }
    if isNew { undo.arm(at: scoreboard.start, window: window, retransmittedBytes: 0) }
    controller.congested(.timeout, flight: digest.outstandingBytes, window: &window, at: digest.now)
  }

  /// Takes for lost what has been out for longer than a round trip: the oldest segment in any case, and with
  /// RACK not what was sent a moment ago (RFC 8985 section 6.3).
  private mutating func markLostAfterTimeout(_ digest: inout AcknowledgmentDigest) {
    let isByTime = features.contains(.established) && usesTime
    let window = recentAcknowledgment.reorderingWindow(
      isUrgent: true,
      estimate: roundTrip,
      granularity: RoundTripEstimator.clockGranularity
    )
    let allowance = recentAcknowledgment.roundTripTime + window
    var index = 0
    while let record = scoreboard.ring.record(at: index) {
      defer { index += 1 }
      let flags = record.flags
      if flags.contains(.delivered) || (flags.contains(.lost) && !flags.contains(.retransmissionInFlight)) { continue }
      if isByTime, index > 0, record.sentAt + allowance > digest.now { continue }
      markLost(at: index, &digest)
    }
  }

  /// Goes on after a timeout, and finds out whether it was spurious (RFC 5682 section 3, RFC 4015).
  private mutating func continueAfterTimeout(
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

  // MARK: Reneging

  /// Whether the peer has discarded what it selectively acknowledged: the oldest outstanding data is data that
  /// it had reported, and still the cumulative acknowledgment doesn't cover it.
  ///
  /// That alone may be a matter of order of arrival, so it only brings the retransmission timer forward; the
  /// timeout forgets the reports (RFC 2018 section 8, as RFC 6675 section 5.1 requires).
  private func checkReneging() -> Bool {
    guard let first = scoreboard.ring.record(at: 0) else { return false }
    return first.flags.contains(.delivered)
  }

  /// Whether the oldest outstanding data is held selectively.
  var isReneged: Bool { checkReneging() }

  private mutating func forgetRenegedBlocks() {
    guard checkReneging() else { return }
    scoreboard.unmarkDelivered()
    knownBlocks = KnownBlocks()
  }
}
