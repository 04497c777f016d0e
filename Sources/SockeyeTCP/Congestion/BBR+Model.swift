// The model of the path: bandwidth, round trip, aggregation, and what marks say (draft-ietf-ccwg-bbr-06 section 5.5).
extension BBR {
  // MARK: Rounds and bandwidth

  /// UpdateRound (section 5.5.1).
  private mutating func updateRound(_ sample: CongestionSample) {
    turn.startsRound = sample.rate.hasRecord && sample.rate.priorDelivered >= nextRoundDelivered
    guard turn.startsRound else { return }
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
    turn.startsLossRound = false
    guard sample.rate.hasRecord else { return }
    bandwidthLatest = max(bandwidthLatest, sample.rate.rate)
    inFlightLatest = max(inFlightLatest, sample.rate.delivered)
    if sample.rate.priorDelivered >= lossRoundDelivered {
      lossRoundDelivered = sample.delivered
      turn.startsLossRound = true
    }
  }

  mutating func advanceLatestDeliverySignals(_ sample: CongestionSample) {
    guard turn.startsLossRound else { return }
    bandwidthLatest = sample.rate.rate
    inFlightLatest = sample.rate.delivered
    lossRangesInRound = 0
  }

  mutating func resetCongestionSignals() {
    lossesInRound = .none
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
    guard turn.startsLossRound else { return }
    updateRandomLossShare(sample)
    let areMarksHeavy = updateMarkedShare(sample)
    adaptLowerBounds(window, areMarksHeavy: areMarksHeavy)
    lossesInRound = .none
  }

  /// AdaptLowerBoundsFromCongestion, with marks beside losses.
  private mutating func adaptLowerBounds(_ window: CongestionWindow, areMarksHeavy: Bool) {
    guard !isProbingBandwidth, lossesInRound == .congestive || areMarksHeavy else { return }
    if inFlightShortTerm == BBR.infinite { inFlightShortTerm = window.bytes }
    if areMarksHeavy {
      // As Linux has it: less by a third of the marked share.
      inFlightShortTerm = inFlightShortTerm.scaled(by: 3 * 1_024 - UInt64(markedShare), over: 3 * 1_024)
    }
    guard lossesInRound == .congestive else { return }
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

  // MARK: Round trip and aggregation

  /// UpdateMinRTT (section 5.3.4.3).
  mutating func updateMinimumRoundTrip(_ sample: CongestionSample) {
    turn.expiresRoundTrip = sample.now > probeMinimumRoundTripAt + BBR.probeRoundTripInterval
    if sample.roundTripTime > .zero, sample.roundTripTime < probeMinimumRoundTrip || turn.expiresRoundTrip {
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
    let length: UInt32 = fullPipe.isReached ? 5 : 1
    if roundCount &- extraRound >= length {
      extraBefore = fullPipe.isReached ? extraNow : 0
      extraNow = 0
      extraRound = roundCount
    }
    extraNow = max(extraNow, extra)
  }
}
