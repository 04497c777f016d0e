extension LossRecovery {
  /// The tick of the coarsest timestamp clock that a connection may use: of two times in one tick it cannot
  /// be told from an echo which is meant.
  static var timestampTick: Interval { Interval.milliseconds(1) }

  /// Whether an echoed timestamp was certainly taken before `time`.
  @inline(__always)
  static func isEcho(_ echoedTime: Instant, olderThan time: Instant) -> Bool {
    echoedTime + timestampTick <= time
  }

  /// Takes in an acknowledgment that arrived at `arrival` (not: that is being processed now).
  #if !DEBUG
    @_noLocks
  #endif
  mutating func acknowledged(_ acknowledgment: Acknowledgment, at arrival: Instant)
    -> AcknowledgmentOutcome
  {
    guard scoreboard.outstandingBytes > 0 || acknowledgment.saysMore else { return AcknowledgmentOutcome() }
    var digest = AcknowledgmentDigest(
      now: arrival,
      echoedTime: features.contains(.timestamps) ? acknowledgment.echoedTime : nil,
      inFlight: bytesInFlight,
      scoreboard: scoreboard,
      lost: deliveryRate.lost
    )
    var outcome = AcknowledgmentOutcome()

    takeCumulative(min(acknowledgment.cumulative, scoreboard.end), &digest)
    if acknowledgment.selective.count > 0, features.contains(.selective) {
      takeSelective(acknowledgment.selective, &digest)
    } else if digest.newlyAcknowledged > 0 {
      knownBlocks = KnownBlocks()
    }
    takeDuplicate(acknowledgment, &digest)
    measureRoundTrip(digest)
    if digest.newlyAcknowledged > 0 {
      consecutiveTimeouts = 0
      stalledSince = scoreboard.outstandingBytes > 0 ? arrival : .never
      recentAcknowledgment.acknowledged(through: scoreboard.start)
    }
    detectLossByProbe(digest)
    advanceState(&digest, isMarked: acknowledgment.congestionEcho || acknowledgment.markedBytes > 0, &outcome)

    deliveryRate.finish(&digest.sample, minimumRoundTripTime: roundTrip.minimum.value)
    counters.bytesMarked &+=
      acknowledgment.congestionEcho ? digest.newlyDelivered : acknowledgment.markedBytes
    adaptWindow(digest, markedBytes: acknowledgment.markedBytes)
    scheduleAfterAcknowledgment(digest)

    outcome.newlyAcknowledged = digest.newlyAcknowledged
    outcome.newlyDelivered = digest.newlyDelivered
    outcome.newlyLost = deliveryRate.lost - digest.lost
    outcome.visits = digest.visits
    outcome.pathProbe = pathProbe
    pathProbe = .unknown
    if digest.facts.contains(.duplicateReported) { outcome.events.insert(.duplicateReported) }
    return outcome
  }

  // MARK: What the acknowledgment covers

  /// Removes what is cumulatively acknowledged from the scoreboard.
  @inline(__always)
  private mutating func takeCumulative(_ cumulative: StreamOffset, _ digest: inout AcknowledgmentDigest) {
    guard cumulative > scoreboard.start else { return }
    while let record = scoreboard.ring.record(at: 0), record.start < cumulative {
      let count = min(record.end, cumulative) - record.start
      let flags = record.flags
      if !flags.contains(.delivered) {
        digest.newlyDelivered &+= count
        deliver(record, count: count, &digest)
      }
      if flags.contains(.retransmitted) {
        digest.facts.insert(.retransmissionAcknowledged)
      } else if !flags.contains(.delivered), digest.oldestSentAt == .never {
        digest.oldestSentAt = record.sentAt
      }
      scoreboard.removeFirst(count)
    }
    digest.newlyAcknowledged = scoreboard.start - digest.start
  }

  /// Takes in that `count` bytes of a record have newly arrived, whichever way that was told.
  @inline(__always)
  mutating func deliver(
    _ record: SentRecord,
    count: UInt64,
    _ digest: inout AcknowledgmentDigest
  ) {
    let flags = record.flags
    deliveryRate.deliver(count, of: record, at: digest.now, sample: &digest.sample)
    if flags.contains(.pathProbe) { pathProbe = .delivered }
    if !flags.contains(.retransmitted) {
      digest.newestSentAt = max(digest.newestSentAt, record.sentAt)
      if record.end <= recoveryPoint { digest.facts.insert(.originalDelivered) }
      // Step 3 of RFC 8985 section 6.2: something sent once arrives after something further on did.
      if record.end < scoreboard.highestDelivered {
        recentAcknowledgment.hasSeenReordering = true
        let distance = (scoreboard.highestDelivered - record.start) / window.segmentSize
        counters.reorderingDegree = max(counters.reorderingDegree, UInt32(clamping: distance))
      }
    }
    recentAcknowledgment.delivered(
      sentAt: record.sentAt,
      end: record.end,
      wasRetransmitted: flags.contains(.retransmitted),
      echoedTime: digest.echoedTime,
      leastRoundTripTime: roundTrip.minimum.value,
      arrival: digest.now
    )
  }

  /// Counts duplicate acknowledgments where there is no SACK.
  @inline(__always)
  private mutating func takeDuplicate(
    _ acknowledgment: Acknowledgment,
    _ digest: inout AcknowledgmentDigest
  ) {
    if digest.newlyAcknowledged == 0 {
      // RFC 5681 section 2: data is outstanding, nothing else is in the segment, and the window that it
      // *advertises* is the same; that our own idea of the window didn't change is not enough.
      guard scoreboard.outstandingBytes > 0, acknowledgment.cumulative == scoreboard.start,
        !acknowledgment.occupiesSequenceSpace, !acknowledgment.changesWindow
      else { return }
      digest.facts.insert(.duplicate)
      guard !features.contains(.selective), features.contains(.established) else { return }
      // Each stands for a segment that arrived, but never for the one that is missing.
      let limit = (scoreboard.outstandingBytes - 1) / window.segmentSize
      guard UInt64(duplicateAcknowledgments) < limit else { return }
      duplicateAcknowledgments += 1
      digest.newlyDelivered &+= window.segmentSize
    } else if duplicateAcknowledgments > 0 {
      // What the duplicates stood for was counted as delivered when they came.
      let segments = digest.newlyAcknowledged / window.segmentSize
      let counted = min(UInt64(duplicateAcknowledgments), segments.clampedDifference(1))
      digest.newlyDelivered = digest.newlyDelivered.clampedDifference(counted * window.segmentSize)
      duplicateAcknowledgments -= UInt32(clamping: counted)
      if scoreboard.start >= recoveryPoint || state != .recovery { duplicateAcknowledgments = 0 }
    }
  }

  // MARK: Round-trip time

  /// Measures, by Karn's rule: from what was sent once, or else from the echoed timestamp (RFC 6298 section
  /// 3, MUST-18).
  @inline(__always)
  private mutating func measureRoundTrip(_ digest: AcknowledgmentDigest) {
    let expected = digest.inFlight / (2 &* window.segmentSize) + 1
    if digest.oldestSentAt != .never, !digest.facts.contains(.retransmissionAcknowledged) {
      roundTrip.measured(digest.now - digest.oldestSentAt, expectedSamples: expected, at: digest.now)
      // The newest has waited least for a delayed acknowledgment.
      roundTrip.observedMinimum(digest.now - digest.newestSentAt, at: digest.now)
    } else if digest.oldestSelectedSentAt != .never {
      roundTrip.measured(digest.now - digest.oldestSelectedSentAt, expectedSamples: expected, at: digest.now)
    } else if digest.newlyAcknowledged > 0, !digest.facts.contains(.duplicateReported),
      let echoedTime = digest.echoedTime
    {
      // A duplicate is answered with the timestamp of what it repeats, however long ago that was.
      roundTrip.measured(digest.now - echoedTime, expectedSamples: expected, at: digest.now)
    }
  }

  // MARK: Congestion window

  /// Tells the controller, or leads the window through a reduction.
  private mutating func adaptWindow(_ digest: AcknowledgmentDigest, markedBytes: UInt64) {
    guard features.contains(.established) else { return }
    if isReducing, !controllerOwnsWindow {
      // Acknowledgments that deliver nothing say nothing about how much may be sent.
      guard digest.newlyDelivered > 0 || digest.facts.contains(.congestiveLoss) else { return }
      reduceProportionally(digest)
    } else if controllerOwnsWindow || mayGrowWindow(digest) {
      let sample = CongestionSample(
        now: digest.now,
        newlyDelivered: digest.newlyDelivered,
        newlyLost: deliveryRate.lost - digest.lost,
        newlyMarked: markedBytes,
        inFlightBefore: digest.inFlight,
        inFlight: bytesInFlight,
        unacknowledged: scoreboard.start,
        next: scoreboard.end,
        roundTripTime: digest.newestSentAt > Instant(nanoseconds: .min)
          ? max(digest.now - digest.newestSentAt, RoundTripEstimator.clockGranularity) : .zero,
        smoothedRoundTripTime: roundTrip.smoothed,
        isWindowLimited: controllerOwnsWindow ? usage.isLimited : usage.allowsGrowth(of: window),
        isRecovering: state == .recovery || state == .loss,
        rate: digest.sample,
        delivered: deliveryRate.delivered,
        lost: deliveryRate.lost
      )
      controller.acknowledged(sample, window: &window)
      if controllerOwnsWindow, controller.marksSamplesAsLimited {
        deliveryRate.applicationLimits(inFlight: bytesInFlight)
      }
    }
    updatePacingRate()
  }

  /// Whether a loss-based window may grow: duplicate acknowledgments never make it (RFC 5681 section 3.2), and
  /// selective ones do only where they are known to come from reordering.
  private func mayGrowWindow(_ digest: AcknowledgmentDigest) -> Bool {
    guard digest.newlyDelivered > 0 else { return false }
    return digest.newlyAcknowledged > 0 || recentAcknowledgment.hasSeenReordering
  }

  private mutating func reduceProportionally(_ digest: AcknowledgmentDigest) {
    guard features.contains(.proportionalRateReduction) else {
      // RFC 6675 section 5 step 4.2: straight to the threshold.
      window.set(window.slowStartThreshold)
      return
    }
    let isSafe = digest.newlyAcknowledged > 0 && deliveryRate.lost == digest.lost
    window.set(
      reduction.window(
        newlyDelivered: digest.newlyDelivered,
        inFlight: bytesInFlight,
        threshold: window.slowStartThreshold,
        segmentSize: window.segmentSize,
        isSafe: isSafe
      )
    )
  }

  /// Twice the window a round trip in slow start, so that it can double; 1.2 times after that, so that pacing
  /// never is what limits it.
  mutating func updatePacingRate() {
    guard features.contains(.established), features.contains(.pacing) || controllerOwnsWindow else { return }
    if controllerOwnsWindow {
      let rate = controller.pacingRate
      pacer.rate = rate > 0 ? rate : Pacer.unlimited
      return
    }
    guard roundTrip.hasMeasured else { return }
    let bytes = max(window.bytes, bytesInFlight)
    let perSecond = bytes.scaled(by: 1_000_000_000, over: roundTrip.smoothed.positiveNanoseconds)
    let isStarting = window.bytes < window.slowStartThreshold / 2
    pacer.rate = max(isStarting ? perSecond.clampedSum(perSecond) : perSecond.clampedSum(perSecond / 5), 1)
  }
}
