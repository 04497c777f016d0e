/// A tail loss probe (RFC 8985 section 7).
struct TailLossProbe {
  /// TLP.end_seq: SND.NXT when the probe was sent; 0 while none is outstanding.
  var end: StreamOffset = 0
  /// TLP.is_retrans.
  var isRetransmission = false
  /// The probe timer has expired and the probe has not been sent yet.
  var isPending = false

  init() {}

  /// Whether one is outstanding; only one is at a time.
  @inline(__always)
  var isOutstanding: Bool { end != 0 }
}

// Tail loss probes (RFC 8985 section 7): when the end of a flight is lost there is nothing after it to
// reveal that, so after two round trips of silence one segment is sent to provoke an acknowledgment,
// long before the retransmission timer would expire.
extension LossRecovery {
  /// The peer may delay its acknowledgment of a single segment by this much (WCDelAckT).
  static var worstDelayedAcknowledgment: Interval { Interval.milliseconds(200) }

  /// Section 7.2: arms or disarms the probe timer, after new data was sent or acknowledged.
  @inline(__always)
  mutating func scheduleProbe(at now: Instant) {
    probeDeadline = .never
    guard features.contains(.established), features.contains(.selective), features.contains(.tailLossProbe),
      scoreboard.outstandingBytes > 0, !probe.isOutstanding, !probe.isPending,
      state == .open || state == .congestionWindowReduced, scoreboard.deliveredBytes == 0
    else { return }
    var timeout = roundTrip.hasMeasured ? roundTrip.smoothed * 2 : Interval.seconds(1)
    if scoreboard.outstandingBytes <= window.segmentSize {
      timeout += LossRecovery.worstDelayedAcknowledgment
    } else {
      // Two ticks of a coarse timer, as a guard against firing in the same instant as the acknowledgment.
      timeout += .milliseconds(2)
    }
    // Not later than the retransmission timer, whose place the probe takes.
    probeDeadline = min(now + timeout, retransmissionDeadline)
  }

  /// Section 7.3: new data if there is some, and the last segment again otherwise.
  mutating func probeTransmission(limits: TransmissionLimits) -> Transmission {
    let available = min(limits.dataEnd, limits.windowEnd)
    if available > scoreboard.end {
      return .probe(scoreboard.end..<min(available, scoreboard.end + window.segmentSize))
    }
    guard let last = scoreboard.ring.record(at: scoreboard.ring.count - 1) else {
      probe.isPending = false
      return .nothing
    }
    let length = UInt64(last.length)
    let rest = length % window.segmentSize
    let count = min(length, rest == 0 ? window.segmentSize : rest)
    return .probe(last.end - count..<last.end)
  }

  /// Section 7.4: whether the probe repaired a loss, which then calls for a reduction like any other.
  mutating func detectLossByProbe(_ digest: AcknowledgmentDigest) {
    guard probe.isOutstanding, scoreboard.start >= probe.end else { return }
    if !probe.isRetransmission {
      // New data was sent as probe, and acknowledged with all before it: nothing was lost.
      probe.end = 0
    } else if digest.facts.contains(.probeDuplicated) {
      // Both the segment and the probe arrived.
      probe.end = 0
    } else if scoreboard.start > probe.end {
      // More than the probe was acknowledged, and nobody spoke of a duplicate: it filled a hole.
      probe.end = 0
      reduceForRepairedLoss(digest)
    } else if digest.newlyAcknowledged == 0, digest.newlySelected == 0, digest.facts.contains(.duplicate) {
      // A mere duplicate acknowledgment at the probe's end: the second copy arrived.
      probe.end = 0
    }
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
}
