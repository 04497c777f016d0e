// The model of the path: bandwidth, round trip, aggregation, and what losses and marks say
// (draft-ietf-ccwg-bbr-06 section 5.5).
extension BBR {
  // MARK: Rounds and bandwidth

  /// UpdateRound (section 5.5.1).
  private mutating func updateRound(_ sample: CongestionSample) {
    isRoundStart = sample.rate.hasRecord && sample.rate.priorDelivered >= nextRoundDelivered
    guard isRoundStart else { return }
    startRound(delivered: sample.delivered)
    roundCount &+= 1
    if roundsSinceProbeUp < .max { roundsSinceProbeUp += 1 }
  }

  mutating func startRound(delivered: UInt64) { nextRoundDelivered = delivered }

  /// UpdateMaxBw (section 5.5.5): what the application held back says nothing, unless it is more.
  private mutating func updateMaximumBandwidth(_ sample: CongestionSample) {
    updateRound(sample)
    guard sample.rate.rate > 0, sample.rate.rate >= maximumBandwidth || !sample.rate.isApplicationLimited else {
      return
    }
    bandwidthNow = max(bandwidthNow, sample.rate.rate)
  }

  /// AdvanceMaxBwFilter (section 5.5.6).
  mutating func advanceBandwidthFilter() {
    guard bandwidthNow > 0 else { return }
    bandwidthBefore = bandwidthNow
    bandwidthNow = 0
  }

  // MARK: Congestion signals (section 5.5.10.3)

  mutating func updateLatestDeliverySignals(_ sample: CongestionSample) {
    isLossRoundStart = false
    guard sample.rate.hasRecord else { return }
    bandwidthLatest = max(bandwidthLatest, sample.rate.rate)
    inFlightLatest = max(inFlightLatest, sample.rate.delivered)
    if sample.rate.priorDelivered >= lossRoundDelivered {
      lossRoundDelivered = sample.delivered
      isLossRoundStart = true
    }
  }

  mutating func advanceLatestDeliverySignals(_ sample: CongestionSample) {
    guard isLossRoundStart else { return }
    bandwidthLatest = sample.rate.rate
    inFlightLatest = sample.rate.delivered
    lossRangesInRound = 0
  }

  mutating func resetCongestionSignals() {
    isLossInRound = false
    bandwidthLatest = 0
    inFlightLatest = 0
  }

  mutating func resetShortTermModel() {
    bandwidthShortTerm = BBR.infinite
    inFlightShortTerm = BBR.infinite
  }

  mutating func updateCongestionSignals(_ sample: CongestionSample, _ window: CongestionWindow) {
    updateMaximumBandwidth(sample)
    markedInRound = markedInRound.clampedSum(sample.newlyMarked)
    guard isLossRoundStart else { return }
    let areMarksHeavy = updateMarkedShare(sample)
    adaptLowerBounds(window, areMarksHeavy: areMarksHeavy)
    isLossInRound = false
  }

  /// AdaptLowerBoundsFromCongestion, with marks beside losses.
  private mutating func adaptLowerBounds(_ window: CongestionWindow, areMarksHeavy: Bool) {
    guard !isProbingBandwidth, isLossInRound || areMarksHeavy else { return }
    if inFlightShortTerm == BBR.infinite { inFlightShortTerm = window.bytes }
    if areMarksHeavy {
      // As Linux has it: less by a third of the marked share.
      inFlightShortTerm = inFlightShortTerm.scaled(by: 3 * 1_024 - UInt64(markedShare), over: 3 * 1_024)
    }
    guard isLossInRound else { return }
    if bandwidthShortTerm == BBR.infinite { bandwidthShortTerm = maximumBandwidth }
    // Beta is 0.7: no more than CUBIC would give up.
    bandwidthShortTerm = max(bandwidthLatest, bandwidthShortTerm.scaled(by: 7, over: 10))
    inFlightShortTerm = max(inFlightLatest, inFlightShortTerm.scaled(by: 7, over: 10))
  }

  /// Once in a round: the share of marked bytes, by a moving average of 1/16 (Linux's bbr_update_ecn_alpha).
  private mutating func updateMarkedShare(_ sample: CongestionSample) -> Bool {
    let delivered = sample.delivered.clampedDifference(deliveredAtMarkRound)
    let marked = markedInRound
    deliveredAtMarkRound = sample.delivered
    markedInRound = 0
    guard delivered > 0 else { return false }
    let share = min(marked, delivered).scaled(by: 1_024, over: delivered)
    markedShare = UInt32(clamping: (UInt64(markedShare) * 15 + share) / 16)
    return marked > 0
  }

  // MARK: Losses

  /// NoteLoss, with SaveStateUponLoss.
  mutating func noteLoss(_ window: CongestionWindow, delivered: UInt64? = nil) {
    if !isLossInRound {
      if let delivered { lossRoundDelivered = delivered }
      saveWindow(window)
      undoState = nil
      undoBandwidthShortTerm = bandwidthShortTerm
      undoInFlightShortTerm = inFlightShortTerm
      undoInFlightLongTerm = inFlightLongTerm
    }
    isLossInRound = true
  }

  /// HandleLostPacket: what was in flight when the lost packet was sent is what the path did not take.
  mutating func handleLost(_ loss: LostTransmission, window: CongestionWindow, at now: Instant) {
    noteLoss(window, delivered: loss.delivered)
    if loss.range.lowerBound != lastLostEnd, lossRangesInRound < .max { lossRangesInRound += 1 }
    lastLostEnd = loss.range.upperBound
    guard isProbeSample else { return }
    let lost = loss.lost.clampedDifference(loss.lostAtSend)
    guard isInFlightTooHigh(lost: lost, inFlight: loss.inFlightAtSend) else { return }
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

  /// IsInflightTooHigh.
  func isInFlightTooHigh(lost: UInt64, inFlight: UInt64) -> Bool {
    isSelective ? lost > inFlight / BBR.lossThreshold : lost > 0
  }

  /// HandleInflightTooHigh.
  mutating func handleInFlightTooHigh(
    _ inFlight: UInt64,
    isApplicationLimited: Bool,
    delivered: UInt64,
    window: CongestionWindow,
    at now: Instant
  ) {
    wasProbeTooHigh = true
    isProbeSample = false
    if !isApplicationLimited { inFlightLongTerm = max(inFlight, targetInFlight(window).scaled(by: 7, over: 10)) }
    if state == .probeBandwidthUp {
      undoState = .probeBandwidthUp
      startProbeDown(delivered: delivered, at: now)
    }
  }

  // MARK: Round trip and aggregation

  /// UpdateMinRTT (section 5.3.4.3).
  mutating func updateMinimumRoundTrip(_ sample: CongestionSample) {
    isProbeRoundTripExpired = sample.now > probeMinimumRoundTripAt + BBR.probeRoundTripInterval
    if sample.roundTripTime > .zero, sample.roundTripTime < probeMinimumRoundTrip || isProbeRoundTripExpired {
      probeMinimumRoundTrip = sample.roundTripTime
      probeMinimumRoundTripAt = sample.now
    }
    let isExpired = sample.now > minimumRoundTripAt + BBR.minimumRoundTripFilterLength
    if probeMinimumRoundTrip < minimumRoundTrip || (isExpired && probeMinimumRoundTrip != .longest) {
      minimumRoundTrip = probeMinimumRoundTrip
      minimumRoundTripAt = probeMinimumRoundTripAt
    }
  }

  /// UpdateACKAggregation (section 5.5.9).
  mutating func updateAggregation(_ sample: CongestionSample, _ window: CongestionWindow) {
    let interval = sample.now - extraStart
    var expected = bandwidth.scaled(by: interval.positiveNanoseconds, over: 1_000_000_000)
    if extraDelivered <= expected {
      extraDelivered = 0
      extraStart = sample.now
      expected = 0
    }
    extraDelivered = extraDelivered.clampedSum(sample.newlyDelivered)
    let extra = min(extraDelivered.clampedDifference(expected), window.bytes)
    let length: UInt32 = isFullBandwidthReached ? 5 : 1
    if roundCount &- extraRound >= length {
      extraBefore = isFullBandwidthReached ? extraNow : 0
      extraNow = 0
      extraRound = roundCount
    }
    extraNow = max(extraNow, extra)
  }
}
