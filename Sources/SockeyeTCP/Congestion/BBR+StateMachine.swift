// The states: startup, drain, the cycle of bandwidth probing, and the probe of the round trip
// (draft-ietf-ccwg-bbr-06 section 5.3).
extension BBR {
  // MARK: Startup and drain (sections 5.3.1 and 5.3.2)

  mutating func enterStartup() {
    state = .startup
    pacingGain = BBR.startupPacingGain
    windowGain = BBR.defaultWindowGain
  }

  /// CheckFullBWReached: three rounds that did not bring a quarter more.
  mutating func checkFullBandwidth(_ sample: CongestionSample) {
    guard !fullPipe.isNow, turn.startsRound, !sample.rate.isApplicationLimited, sample.rate.rate > 0 else { return }
    if sample.rate.rate >= fullPipe.bandwidth.scaled(by: 5, over: 4) { return fullPipe.reset(to: sample.rate.rate) }
    fullPipe.rounds += 1
    if fullPipe.isNow { fullPipe.isReached = true }
  }

  /// CheckStartupDone, with CheckStartupHighLoss.
  mutating func checkStartupDone(_ sample: CongestionSample, _ window: CongestionWindow) {
    guard state == .startup else { return }
    let areLossesMany = !isSelective || lossRangesInRound >= BBR.startupFullLossCount
    if !fullPipe.isReached, turn.startsLossRound, sample.isRecovering, areLossesMany,
      isInFlightTooHigh(lost: sample.rate.lost, inFlight: sample.rate.inFlightAtSend, window)
    {
      undoState = .startup
      fullPipe.isReached = true
      inFlightLongTerm = max(volume(gain: 100, window), inFlightLatest)
    }
    guard fullPipe.isReached else { return }
    state = .drain
    pacingGain = BBR.drainPacingGain
    windowGain = BBR.defaultWindowGain
    drainStartRound = roundCount
  }

  /// CheckDrainDone.
  mutating func checkDrainDone(_ sample: CongestionSample, _ window: CongestionWindow) {
    guard state == .drain else { return }
    if sample.inFlight <= inFlightCap(gain: 100, window) || roundCount &- drainStartRound > 3 {
      windowGain = BBR.defaultWindowGain
      startProbeDown(delivered: sample.delivered, at: sample.now)
    }
  }

  // MARK: Bandwidth probing (section 5.3.3)

  /// UpdateProbeBWCyclePhase.
  mutating func updateProbeBandwidthCycle(_ sample: CongestionSample, window: CongestionWindow) {
    guard fullPipe.isReached else { return }
    if adaptLongTermModel(sample, window) { return }
    switch state {
    case .probeBandwidthDown:
      if isTimeToProbe(sample, window) {
        startProbeRefill(delivered: sample.delivered)
      } else if isTimeToCruise(sample, window) {
        startProbeCruise()
      }
    case .probeBandwidthCruise:
      if isTimeToProbe(sample, window) { startProbeRefill(delivered: sample.delivered) }
    case .probeBandwidthRefill:
      if turn.startsRound {
        probe.isSampled = true
        startProbeUp(sample, window)
      }
    case .probeBandwidthUp:
      if isTimeToGoDown(sample, window) {
        probe.wasTooHigh = false
        startProbeDown(delivered: sample.delivered, at: sample.now)
      }
    case .startup, .drain, .probeRoundTrip:
      return
    }
  }

  /// AdaptLongTermModel; answers whether it decided a transition.
  private mutating func adaptLongTermModel(_ sample: CongestionSample, _ window: CongestionWindow) -> Bool {
    if acknowledgmentPhase == .probeStarting, turn.startsRound { acknowledgmentPhase = .probeFeedback }
    if acknowledgmentPhase == .probeStopping, turn.startsRound {
      probe.isSampled = false
      acknowledgmentPhase = .initial
      if isProbingBandwidthCycle, !sample.rate.isApplicationLimited { advanceBandwidthFilter() }
      if isProbingBandwidthCycle, probe.wasPrecautionary, !probe.wasTooHigh {
        startProbeRefill(delivered: sample.delivered)
        return true
      }
    }
    guard !isInFlightTooHigh(lost: sample.rate.lost, inFlight: sample.rate.inFlightAtSend, window),
      inFlightLongTerm != BBR.infinite
    else { return false }
    inFlightLongTerm = max(inFlightLongTerm, sample.rate.inFlightAtSend)
    if state == .probeBandwidthUp { raiseLongTermBound(sample, window) }
    return false
  }

  /// ProbeInflightLongtermUpward: by 1, 2, 4, … segments a round.
  private mutating func raiseLongTermBound(_ sample: CongestionSample, _ window: CongestionWindow) {
    guard sample.isWindowLimited, window.bytes >= inFlightLongTerm else { return }
    probe.acknowledged = probe.acknowledged.clampedSum(sample.newlyDelivered)
    if probe.acknowledged >= probe.acknowledgedPerIncrement {
      let increments = probe.acknowledged / max(probe.acknowledgedPerIncrement, 1)
      probe.acknowledged -= increments * probe.acknowledgedPerIncrement
      inFlightLongTerm = inFlightLongTerm.clampedSum(increments.scaled(by: window.segmentSize, over: 1))
    }
    if turn.startsRound { raiseSlope(window) }
  }

  /// RaiseInflightLongtermSlope.
  private mutating func raiseSlope(_ window: CongestionWindow) {
    let growth = UInt64(1) << UInt64(min(probe.rounds, 30))
    probe.rounds = min(probe.rounds + 1, 30)
    probe.acknowledgedPerIncrement = max(window.bytes / growth, window.segmentSize)
  }

  mutating func startProbeDown(delivered: UInt64, at now: Instant) {
    resetCongestionSignals()
    probe.acknowledgedPerIncrement = BBR.infinite
    // PickProbeWait: 2 to 3 s, so that flows which probe don't stay in step.
    roundsSinceProbeUp = UInt32(random(below: 2))
    probeWait = .seconds(2) + .microseconds(Int64(random(below: 1_000_000)))
    cycleStart = now
    acknowledgmentPhase = .probeStopping
    startRound(delivered: delivered)
    state = .probeBandwidthDown
    pacingGain = BBR.downPacingGain
    windowGain = BBR.defaultWindowGain
  }

  mutating func startProbeCruise() {
    state = .probeBandwidthCruise
    pacingGain = 100
    windowGain = BBR.defaultWindowGain
  }

  mutating func startProbeRefill(delivered: UInt64? = nil) {
    resetShortTermModel()
    probe.rounds = 0
    probe.acknowledged = 0
    probe.wasPrecautionary = false
    acknowledgmentPhase = .refilling
    if let delivered { startRound(delivered: delivered) }
    state = .probeBandwidthRefill
    pacingGain = 100
    windowGain = BBR.defaultWindowGain
  }

  private mutating func startProbeUp(_ sample: CongestionSample, _ window: CongestionWindow) {
    acknowledgmentPhase = .probeStarting
    startRound(delivered: sample.delivered)
    fullPipe.reset(to: sample.rate.rate)
    state = .probeBandwidthUp
    pacingGain = BBR.upPacingGain
    windowGain = BBR.upWindowGain
    raiseSlope(window)
  }

  /// IsTimeToProbeBW: after two to three seconds, or as many rounds as a NewReno flow of this size would take
  /// to probe, 63 at most.
  private func isTimeToProbe(_ sample: CongestionSample, _ window: CongestionWindow) -> Bool {
    let rounds = min(targetInFlight(window) / window.segmentSize, 63)
    return sample.now > cycleStart + probeWait || UInt64(roundsSinceProbeUp) >= rounds
  }

  private func isTimeToCruise(_ sample: CongestionSample, _ window: CongestionWindow) -> Bool {
    sample.inFlight <= inFlightWithHeadroom(window)
      && sample.inFlight <= quantized(volume(of: maximumBandwidth, gain: 100, window), window)
  }

  private mutating func isTimeToGoDown(_ sample: CongestionSample, _ window: CongestionWindow) -> Bool {
    if probe.wasTooHigh, sample.inFlight >= inFlightLongTerm {
      probe.wasPrecautionary = true
      return true
    }
    if sample.isWindowLimited, window.bytes >= inFlightLongTerm {
      // The bound, not the path, limits the rate: what was seen is no plateau.
      fullPipe.reset(to: sample.rate.rate)
      return false
    }
    return fullPipe.isNow
  }

  // MARK: The probe of the round trip (section 5.3.4)

  /// Whether delivery-rate samples are to count as limited by the application.
  var holdsBack: Bool { isProbingRoundTrip }

  mutating func checkProbeRoundTrip(_ sample: CongestionSample, window: inout CongestionWindow) {
    if !isProbingRoundTrip, turn.expiresRoundTrip, !isRestartingFromIdle {
      saveWindow(window)
      state = .probeRoundTrip(.draining)
      pacingGain = 100
      windowGain = BBR.probeRoundTripWindowGain
      acknowledgmentPhase = .probeStopping
      startRound(delivered: sample.delivered)
    }
    if case .probeRoundTrip(let probe) = state { handleRoundTripProbe(probe, sample, window: &window) }
    if sample.newlyDelivered > 0 { isRestartingFromIdle = false }
  }

  /// HandleProbeRTT.
  private mutating func handleRoundTripProbe(
    _ probe: RoundTripProbe,
    _ sample: CongestionSample,
    window: inout CongestionWindow
  ) {
    guard case .holding(let end, var isRoundDone) = probe else {
      guard sample.inFlight <= probeRoundTripWindow(window) else { return }
      state = .probeRoundTrip(.holding(until: sample.now + BBR.probeRoundTripDuration, isRoundDone: false))
      startRound(delivered: sample.delivered)
      return
    }
    if turn.startsRound { isRoundDone = true }
    guard isRoundDone, sample.now > end else {
      state = .probeRoundTrip(.holding(until: end, isRoundDone: isRoundDone))
      return
    }
    probeMinimumRoundTripAt = sample.now
    restoreWindow(&window)
    // ExitProbeRTT.
    resetShortTermModel()
    if fullPipe.isReached {
      startProbeDown(delivered: sample.delivered, at: sample.now)
      startProbeCruise()
    } else {
      enterStartup()
    }
  }
}
