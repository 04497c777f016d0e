// What losses say (draft-ietf-ccwg-bbr-06 sections 5.5.10.2 and 5.5.10.3).
//
// The draft takes each loss for congestion while bandwidth isn't probed, and more than 2 % of what was in flight while it is.
// On a path that loses 5 % by itself each probe ends at once then, and the window stays at a few segments; BBR's first version,
// which Linux has, answers no loss at all. Here losses are congestion where what arrived around the lost packet had waited in a
// queue, since a queue that overflows is full; and without one (a policer has none) where more than an eighth is lost, which
// a probe with a gain of 125 % exceeds on a path that is full.
extension BBR {
  /// NoteLoss, with SaveStateUponLoss.
  mutating func noteLoss(_ window: CongestionWindow, delivered: UInt64? = nil, isCongestive: Bool) {
    if lossesInRound == .none {
      if let delivered { lossRoundDelivered = delivered }
      saveWindow(window)
      undoState = nil
      undoBandwidthShortTerm = bandwidthShortTerm
      undoInFlightShortTerm = inFlightShortTerm
      undoInFlightLongTerm = inFlightLongTerm
    }
    lossesInRound = isCongestive ? .congestive : lossesInRound == .none ? .random : lossesInRound
  }

  /// HandleLostPacket: what was in flight when the lost packet was sent is what the path did not take.
  mutating func handleLost(_ loss: LostTransmission, window: CongestionWindow, at now: Instant) {
    let lost = loss.lost.clampedDifference(loss.lostAtSend)
    let isTooHigh = isInFlightTooHigh(lost: lost, inFlight: loss.inFlightAtSend, window)
    // Twice the share is beyond what chance makes of it in most rounds.
    let isBeyondRandom = lost > loss.inFlightAtSend.scaled(by: UInt64(randomLossShare) * 2, over: 65_536)
    noteLoss(window, delivered: loss.delivered, isCongestive: isTooHigh || (hasQueue && isBeyondRandom))
    if loss.range.lowerBound != lastLostEnd, lossRangesInRound < .max { lossRangesInRound += 1 }
    lastLostEnd = loss.range.upperBound
    guard probe.isSampled, isTooHigh else { return }
    let size = loss.range.upperBound - loss.range.lowerBound
    let before = loss.inFlightAtSend.clampedDifference(size)
    // InflightAtLoss: (LossThresh × inflight_prev - lost_prev) / (1 - LossThresh), with LossThresh = 1/50.
    let prefix = before.clampedDifference(lost.clampedDifference(size) * BBR.lossThreshold) / (BBR.lossThreshold - 1)
    handleInFlightTooHigh(
      before + prefix,
      isApplicationLimited: loss.isApplicationLimited,
      delivered: loss.delivered,
      window: window,
      at: now
    )
  }

  /// IsInflightTooHigh. (Of few segments an eighth is too little to tell a rate of losses from.)
  func isInFlightTooHigh(lost: UInt64, inFlight: UInt64, _ window: CongestionWindow) -> Bool {
    guard isSelective else { return lost > 0 }
    if hasQueue {
      let random = inFlight.scaled(by: UInt64(randomLossShare), over: 65_536)
      return lost > inFlight / BBR.lossThreshold + random
    }
    return lost > max(inFlight / BBR.randomLossThreshold, UInt64(BBR.startupFullLossCount) * window.segmentSize)
  }

  /// Whether what has arrived lately had waited in a queue: for more than a 128th of the least round trip and half a
  /// millisecond, which is what a quantum of the pacer makes of itself on the average, or less on a short path.
  var hasQueue: Bool {
    guard recentRoundTrip > .zero, minimumRoundTrip != .longest else { return true }
    let own = min(minimumRoundTrip / 4, .microseconds(500))
    return recentRoundTrip > minimumRoundTrip + minimumRoundTrip / 128 + own
  }

  /// Once in a round: what share got lost, if there was no queue, by a moving average that rises by an eighth and falls by half.
  /// A path that loses by itself does so in each round; what other flows' queues lose comes and goes, and hardly counts. No
  /// more counts than may get lost without a queue.
  mutating func updateRandomLossShare(_ sample: CongestionSample) {
    let lost = UInt64(UInt32(truncatingIfNeeded: sample.lost) &- lostAtLossRound)
    let delivered = UInt64(UInt32(truncatingIfNeeded: sample.delivered) &- deliveredAtLossRound)
    lostAtLossRound = UInt32(truncatingIfNeeded: sample.lost)
    deliveredAtLossRound = UInt32(truncatingIfNeeded: sample.delivered)
    guard !hasQueue, delivered > 0 else { return }
    let most = 65_536 / BBR.randomLossThreshold
    let share = UInt32(clamping: min(lost.scaled(by: 65_536, over: lost + delivered), most))
    randomLossShare = share < randomLossShare ? (randomLossShare + share) / 2 : (randomLossShare * 7 + share) / 8
  }

  /// Takes a round trip into the average of the last dozen.
  mutating func updateRecentRoundTrip(_ sample: CongestionSample) {
    guard sample.roundTripTime > .zero else { return }
    guard recentRoundTrip > .zero else { return recentRoundTrip = sample.roundTripTime }
    recentRoundTrip += (sample.roundTripTime - recentRoundTrip) / 8
  }

  /// HandleInflightTooHigh.
  mutating func handleInFlightTooHigh(
    _ inFlight: UInt64,
    isApplicationLimited: Bool,
    delivered: UInt64,
    window: CongestionWindow,
    at now: Instant
  ) {
    probe.wasTooHigh = true
    probe.isSampled = false
    if !isApplicationLimited { inFlightLongTerm = max(inFlight, targetInFlight(window).scaled(by: 7, over: 10)) }
    if state == .probeBandwidthUp {
      undoState = .probeBandwidthUp
      startProbeDown(delivered: delivered, at: now)
    }
  }
}
