/// What loss recovery knows while nothing is in flight: about the path, and what it has counted.
///
/// All else that it keeps concerns what is in flight, and starts anew after a pause: which segments are under way and what
/// became of them, the timers, what an undo would restore, the rounds of HyStart++ and BBR.
struct RestingRecovery {
  /// SND.UNA, and SND.NXT.
  var offset: StreamOffset = 0
  var lastSent = Instant.never
  var deliveryRate = DeliveryRateEstimator.Totals()
  var counters = LossRecovery.Counters()
  var roundTrip: RoundTripEstimator
  var controller: CongestionController.Resting
  var window: CongestionWindow
  var features: LossRecovery.Features
  let seed: UInt32
  let algorithm: CongestionControlAlgorithm
  var reordering = RecentAcknowledgment.Reordering()
  var needsCongestionWindowReduced = false

  /// Before the SYN.
  ///
  /// - Parameters:
  ///   - configuration: read once; nothing of it is kept but what is needed.
  ///   - segmentSize: bytes of payload in a full-size segment, as far as is known yet.
  ///   - seed: what all randomness of the congestion controller derives from. It needs no secrecy, but should
  ///     differ between connections that share a path.
  init(configuration: ConnectionConfiguration, segmentSize: UInt32, seed: UInt64) {
    roundTrip = RoundTripEstimator(
      initialTimeout: configuration.initialRetransmissionTimeout,
      leastTimeout: configuration.minimumRetransmissionTimeout,
      greatestTimeout: configuration.maximumRetransmissionTimeout
    )
    window = CongestionWindow(segmentSize: segmentSize, initialSegments: configuration.initialCongestionWindow)
    algorithm = configuration.congestionControl
    self.seed = UInt32(truncatingIfNeeded: seed)
    controller = .newReno(NewReno())
    features = LossRecovery.Features()
    if configuration.recentAcknowledgment { features.insert(.recentAcknowledgment) }
    if configuration.tailLossProbe { features.insert(.tailLossProbe) }
    if configuration.proportionalRateReduction { features.insert(.proportionalRateReduction) }
    if configuration.forwardRetransmissionTimeoutRecovery { features.insert(.timeoutTest) }
    if configuration.pacing { features.insert(.pacing) }
  }

  /// What a recovery leaves that has nothing in flight.
  init(after recovery: borrowing LossRecovery) {
    offset = recovery.scoreboard.start
    lastSent = recovery.lastSent
    deliveryRate = recovery.deliveryRate.totals
    counters = recovery.counters
    roundTrip = recovery.roundTrip
    controller = recovery.controller.resting
    window = recovery.window
    features = recovery.features
    seed = recovery.seed
    algorithm = recovery.algorithm
    reordering = recovery.recentAcknowledgment.reordering
    needsCongestionWindowReduced = recovery.needsCongestionWindowReduced
  }

  /// Everything that Linux's TCP_INFO tells about a sender that has nothing in flight.
  var metrics: LossRecoveryMetrics {
    var metrics = LossRecoveryMetrics()
    metrics.backoff = roundTrip.backoff
    metrics.retransmissionTimeout = roundTrip.timeout
    metrics.smoothedRoundTripTime = roundTrip.smoothed
    metrics.roundTripTimeVariation = roundTrip.variation
    metrics.minimumRoundTripTime = roundTrip.minimum.value
    metrics.congestionWindow = window.bytes
    metrics.slowStartThreshold = window.slowStartThreshold
    metrics.bytesSent = counters.bytesSent
    metrics.bytesRetransmitted = counters.bytesRetransmitted
    metrics.bytesDelivered = deliveryRate.delivered
    metrics.bytesMarked = counters.bytesMarked
    metrics.timeouts = counters.timeouts
    metrics.tailLossProbes = counters.tailLossProbes
    metrics.recoveries = counters.recoveries
    metrics.undoneReductions = counters.undoneReductions
    metrics.duplicatesReported = counters.duplicatesReported
    metrics.reorderingDegree = counters.reorderingDegree
    metrics.deliveryRate = deliveryRate.latestRate
    metrics.isApplicationLimited = deliveryRate.isLatestRateApplicationLimited
    return metrics
  }
}

extension LossRecovery {
  /// Everything that Linux's TCP_INFO tells about the sender.
  var metrics: LossRecoveryMetrics {
    var metrics = RestingRecovery(after: self).metrics
    metrics.state = state
    metrics.bytesOutstanding = scoreboard.outstandingBytes
    metrics.bytesInFlight = bytesInFlight
    metrics.bytesSelectivelyAcknowledged = scoreboard.deliveredBytes
    metrics.bytesLost = scoreboard.lostBytes
    metrics.pacingRate = pacer.rate
    return metrics
  }
}
