extension BBR {
  /// What BBR keeps while nothing is in flight: the model of the path in the long term.
  struct Resting {
    fileprivate var maximumBandwidth: UInt64
    fileprivate var inFlightLongTerm: UInt64
    fileprivate var minimumRoundTrip: Interval
    fileprivate var minimumRoundTripAt: Instant
    fileprivate var probeMinimumRoundTrip: Interval
    fileprivate var probeMinimumRoundTripAt: Instant
    fileprivate var fullBandwidth: UInt64
    fileprivate var randomState: UInt64
    fileprivate var markedShare: UInt32
    fileprivate var fullBandwidthRounds: UInt8
    fileprivate var isFullBandwidthReached: Bool
    fileprivate var isSelective: Bool
  }

  /// What is known that outlasts a pause.
  var resting: Resting {
    Resting(
      maximumBandwidth: maximumBandwidth,
      inFlightLongTerm: inFlightLongTerm,
      minimumRoundTrip: minimumRoundTrip,
      minimumRoundTripAt: minimumRoundTripAt,
      probeMinimumRoundTrip: probeMinimumRoundTrip,
      probeMinimumRoundTripAt: probeMinimumRoundTripAt,
      fullBandwidth: fullPipe.bandwidth,
      randomState: randomState,
      markedShare: markedShare,
      fullBandwidthRounds: fullPipe.rounds,
      isFullBandwidthReached: fullPipe.isReached,
      isSelective: isSelective
    )
  }

  /// Goes on after a pause, in the state in which the probe of the round trip would have left it: a pause drains the path
  /// just as well (ExitProbeRTT, section 5.3.4.3).
  init(resuming rest: Resting, window: CongestionWindow, roundTripTime: Interval, delivered: UInt64, at now: Instant) {
    self.init(
      window: window,
      roundTripTime: roundTripTime,
      isSelective: rest.isSelective,
      seed: rest.randomState,
      now: now
    )
    bandwidthBefore = rest.maximumBandwidth
    bandwidth = rest.maximumBandwidth
    inFlightLongTerm = rest.inFlightLongTerm
    minimumRoundTrip = rest.minimumRoundTrip
    minimumRoundTripAt = rest.minimumRoundTripAt
    probeMinimumRoundTrip = rest.probeMinimumRoundTrip
    probeMinimumRoundTripAt = rest.probeMinimumRoundTripAt
    fullPipe = FullPipe(
      bandwidth: rest.fullBandwidth,
      rounds: rest.fullBandwidthRounds,
      isReached: rest.isFullBandwidthReached
    )
    markedShare = rest.markedShare
    deliveredAtMarkRound = delivered
    lossRoundDelivered = delivered
    startRound(delivered: delivered)
    priorWindow = window.bytes
    guard fullPipe.isReached else { return }
    startProbeDown(delivered: delivered, at: now)
    startProbeCruise()
    setPacingRate(gain: pacingGain)
  }
}
