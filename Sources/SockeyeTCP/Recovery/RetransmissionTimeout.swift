// The retransmission timeout: what is done when the timer expires (RFC 6298 section 5, RFC 5681 section 3.1).
extension LossRecovery {
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
  mutating func reduceAfterTimeout(_ digest: AcknowledgmentDigest) {
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
  mutating func markLostAfterTimeout(_ digest: inout AcknowledgmentDigest) {
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
}
