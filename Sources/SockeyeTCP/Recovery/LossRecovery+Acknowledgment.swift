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

  // MARK: State

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
        if !flags.contains(.delivered) { digest.noteRetransmission(record) }
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
      if controllerOwnsWindow, controller.holdsBack {
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
}
