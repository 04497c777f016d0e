/// What a sender keeps while nothing is in flight, to restart from: what it knows of the path, and what it has counted.
///
/// All else that it keeps concerns what is in flight, and starts anew after a pause: which segments are under way and what
/// became of them, the timers, what an undo would restore, the rounds of HyStart++ and BBR.
struct IdleRestart {
  /// SND.UNA, and SND.NXT.
  var offset: StreamOffset = 0
  var lastSent = Instant.never
  var deliveryRate = DeliveryRateEstimator.Totals()
  var counters = LossRecovery.Counters()
  var roundTrip: RoundTripEstimator
  var controller: CongestionControl.Resting
  var window: CongestionWindow
  var features: LossRecovery.Features
  let seed: UInt32
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
    reordering = recovery.recentAcknowledgment.reordering
    needsCongestionWindowReduced = recovery.needsCongestionWindowReduced
  }
}

extension LossRecovery {
  /// After a pause the path is not known to have room for the old window: halves it for each timeout that
  /// passed, down to the initial window (RFC 5681 section 4.1, as RFC 2861 softens it).
  mutating func restartIfIdle(at now: Instant) {
    guard lastSent != .never, features.contains(.established) else { return }
    let idle = now - lastSent
    guard idle > roundTrip.timeout else { return }
    controller.restarted(afterIdle: idle, window: &window, at: now)
    lastSent = now
    guard !controllerOwnsWindow else { return }
    var value = window.bytes
    let least = min(window.initial, value)
    var left = idle
    window.slowStartThreshold = currentThreshold
    while left > roundTrip.timeout, value > least {
      value /= 2
      left -= roundTrip.timeout
    }
    window.set(max(value, least))
    usage.validated(at: now)
    updatePacingRate()
  }
}
