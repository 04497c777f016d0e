// The deadlines: retransmission timer (RFC 6298 section 5), probe and reordering timers (RFC 8985), pacer.
extension LossRecovery {
  /// When `deadlineReached` must be called; `never` if nothing is due.
  @inline(__always)
  var nextDeadline: Instant {
    min(min(retransmissionDeadline, probeDeadline), min(reorderingDeadline, pacingDeadline))
  }

  /// Runs the timer that is due at `now`, if one is.
  mutating func deadlineReached(at now: Instant) -> RecoveryAction {
    if reorderingDeadline <= now {
      reorderingTimerExpired(at: now)
      return .transmit
    }
    if probeDeadline <= now {
      // The probe takes the place of the timeout, which starts anew from it (RFC 8985 section 7.3).
      probeDeadline = .never
      retransmissionDeadline = now + roundTrip.timeout
      probe.isPending = scoreboard.outstandingBytes > 0
      return .transmit
    }
    if retransmissionDeadline <= now {
      guard scoreboard.outstandingBytes > 0 else {
        retransmissionDeadline = .never
        return .none
      }
      timeOut(at: now)
      return .timedOut
    }
    if pacingDeadline <= now {
      pacingDeadline = .never
      return .transmit
    }
    return .none
  }

  /// What was only late when the last acknowledgment came is now taken for lost (RFC 8985 section 6.2).
  private mutating func reorderingTimerExpired(at now: Instant) {
    reorderingDeadline = .never
    var digest = AcknowledgmentDigest(
      now: now,
      echoedTime: nil,
      inFlight: bytesInFlight,
      scoreboard: scoreboard,
      lost: deliveryRate.lost
    )
    detectLosses(&digest)
    guard digest.facts.contains(.congestiveLoss) else { return }
    if state != .recovery, state != .loss { startRecovery(digest, isMarked: false) }
    if isReducing, !controllerOwnsWindow {
      window.set(
        features.contains(.proportionalRateReduction)
          ? reduction.window(
            newlyDelivered: 0,
            inFlight: bytesInFlight,
            threshold: window.slowStartThreshold,
            segmentSize: window.segmentSize,
            isSafe: false
          ) : window.slowStartThreshold
      )
    }
    probeDeadline = .never
    updatePacingRate()
  }

  /// RFC 6298 section 5.1: starts the timer with the first segment of a flight; the oldest segment's
  /// retransmission starts it anew.
  @inline(__always)
  mutating func scheduleAfterSending(_ range: Range<StreamOffset>, isNew: Bool, at now: Instant) {
    if probe.isPending {
      probe.isPending = false
      probe.end = scoreboard.end
      probe.isRetransmission = !isNew
      counters.tailLossProbes = counters.tailLossProbes &+ 1
      retransmissionDeadline = now + roundTrip.timeout
      return
    }
    if retransmissionDeadline == .never || range.lowerBound == scoreboard.start {
      retransmissionDeadline = now + roundTrip.timeout
    }
    scheduleProbe(at: now)
  }

  /// RFC 6298 sections 5.2 and 5.3: stops the timer when nothing is outstanding, starts it anew when
  /// something new was acknowledged.
  @inline(__always)
  mutating func scheduleAfterAcknowledgment(_ digest: AcknowledgmentDigest) {
    guard scoreboard.outstandingBytes > 0 else {
      retransmissionDeadline = .never
      probeDeadline = .never
      reorderingDeadline = .never
      probe.isPending = false
      return
    }
    if digest.newlyAcknowledged > 0 {
      retransmissionDeadline = digest.now + roundTrip.timeout
      probe.isPending = false
      scheduleProbe(at: digest.now)
    } else if state != .open || scoreboard.deliveredBytes > 0 {
      probeDeadline = .never
    }
    if isReneged {
      let patience = max(roundTrip.smoothed / 2, .milliseconds(10))
      retransmissionDeadline = min(retransmissionDeadline, digest.now + patience)
    }
  }
}
