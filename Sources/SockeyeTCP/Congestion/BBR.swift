/// BBR version 3 (draft-ietf-ccwg-bbr-06): sends at the rate at which the path delivers, with as much in
/// flight as that rate and the least round trip ask for.
///
/// Names follow the draft's. Rates are bytes a second, volumes bytes; `BBR.infinite` stands for Infinity.
/// Products are taken with `scaled(by:over:)`, which saturates, so no measurement can trap.
///
/// It departs from the draft in these points. Explicit congestion marks, about which the draft says nothing,
/// are answered as Linux's version does: see `BBR+Model.swift`. And the extra acknowledged volume is kept for
/// five to ten rounds, by two halves of a window, where the draft keeps ten.
struct BBR: CongestionController {
  /// BBR.state.
  enum State: UInt8 {
    case startup
    case drain
    case probeBandwidthDown
    case probeBandwidthCruise
    case probeBandwidthRefill
    case probeBandwidthUp
    case probeRoundTrip
  }

  /// BBR.ack_phase.
  enum AcknowledgmentPhase: UInt8 {
    case initial
    case refilling
    case probeStarting
    case probeFeedback
    case probeStopping
  }

  static let infinite = UInt64.max
  /// Gains are in percent.
  static let startupPacingGain: UInt64 = 277
  static let drainPacingGain: UInt64 = 50
  static let downPacingGain: UInt64 = 90
  static let upPacingGain: UInt64 = 125
  static let defaultWindowGain: UInt64 = 200
  static let upWindowGain: UInt64 = 225
  static let probeRoundTripWindowGain: UInt64 = 50
  /// LossThresh is one in so many.
  static let lossThreshold: UInt64 = 50
  static let startupFullLossCount: UInt8 = 6
  static var minimumRoundTripFilterLength: Interval { .seconds(10) }
  static var probeRoundTripInterval: Interval { .seconds(5) }
  static var probeRoundTripDuration: Interval { .milliseconds(200) }

  // MARK: What to do

  var state = State.startup
  var acknowledgmentPhase = AcknowledgmentPhase.initial
  /// The state to which to return if the last losses were spurious; nil for none.
  var undoState: State?
  var pacingRate: UInt64 = 0
  var windowGain = BBR.defaultWindowGain
  var pacingGain = BBR.startupPacingGain
  /// BBR.prior_cwnd.
  var priorWindow: UInt64 = 0
  let isSelective: Bool
  var isRecovering = false
  var isRestartingFromIdle = false

  // MARK: The model of the path

  /// BBR.max_bw over this cycle of bandwidth probing and the one before.
  var bandwidthNow: UInt64 = 0
  var bandwidthBefore: UInt64 = 0
  /// BBR.bw.
  var bandwidth: UInt64 = 0
  var bandwidthShortTerm = BBR.infinite
  var inFlightShortTerm = BBR.infinite
  var inFlightLongTerm = BBR.infinite
  var bandwidthLatest: UInt64 = 0
  var inFlightLatest: UInt64 = 0
  /// BBR.min_rtt.
  var minimumRoundTrip = Interval.longest
  var minimumRoundTripAt: Instant
  /// BBR.probe_rtt_min_delay.
  var probeMinimumRoundTrip = Interval.longest
  var probeMinimumRoundTripAt: Instant
  var isProbeRoundTripExpired = false
  var probeRoundTripDoneAt = Instant.never
  var isProbeRoundTripRoundDone = false

  /// What to restore after spurious losses.
  var undoBandwidthShortTerm = BBR.infinite
  var undoInFlightShortTerm = BBR.infinite
  var undoInFlightLongTerm = BBR.infinite

  // MARK: Rounds

  var nextRoundDelivered: UInt64 = 0
  var roundCount: UInt32 = 0
  var isRoundStart = false
  var lossRoundDelivered: UInt64 = 0
  var isLossRoundStart = false
  var isLossInRound = false
  /// Separate ranges lost in this round, saturating.
  var lossRangesInRound: UInt8 = 0
  var lastLostEnd: StreamOffset = 0
  var drainStartRound: UInt32 = 0

  // MARK: Full pipe

  var fullBandwidth: UInt64 = 0
  var fullBandwidthCount: UInt8 = 0
  var isFullBandwidthNow = false
  var isFullBandwidthReached = false

  // MARK: Probing for bandwidth

  var cycleStart = Instant.zero
  var probeWait = Interval.zero
  var roundsSinceProbeUp: UInt32 = 0
  var probeUpRounds: UInt8 = 0
  var probeUpAcknowledged: UInt64 = 0
  var probeUpAcknowledgedPerIncrement = BBR.infinite
  var isProbeSample = false
  var wasProbeTooHigh = false
  var wasProbePrecautionary = false

  // MARK: Aggregation of acknowledgments

  var extraStart: Instant
  var extraDelivered: UInt64 = 0
  var extraNow: UInt64 = 0
  var extraBefore: UInt64 = 0
  var extraRound: UInt32 = 0

  // MARK: Explicit congestion notification

  /// The share of marked bytes, in 1/1024, smoothed over rounds.
  var markedShare: UInt32 = 1_024
  var markedInRound: UInt64 = 0
  var deliveredAtMarkRound: UInt64 = 0

  var randomState: UInt64

  /// OnInit.
  init(_ start: CongestionStart) {
    self.init(
      window: start.window,
      roundTripTime: start.roundTripTime,
      isSelective: start.isSelective,
      seed: start.seed,
      now: start.now
    )
  }

  var ownsWindow: Bool { true }

  init(window: CongestionWindow, roundTripTime: Interval, isSelective: Bool, seed: UInt64, now: Instant) {
    self.isSelective = isSelective
    minimumRoundTripAt = now
    probeMinimumRoundTripAt = now
    extraStart = now
    randomState = seed | 1
    if roundTripTime > .zero { minimumRoundTrip = roundTripTime }
    // InitPacingRate.
    let roundTrip = roundTripTime > .zero ? roundTripTime : .milliseconds(1)
    pacingRate = window.initial.scaled(by: 1_000_000_000, over: roundTrip.positiveNanoseconds)
      .scaled(by: BBR.startupPacingGain, over: 100)
  }

  // MARK: Events

  mutating func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {
    // HandleRestartFromIdle. That the probe of the round trip may be over by now is seen at the next
    // acknowledgment.
    guard inFlightBefore == 0, isApplicationLimited else { return }
    isRestartingFromIdle = true
    extraStart = now
    if isProbingBandwidthCycle { setPacingRate(gain: 100) }
  }

  /// UpdateOnACK.
  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    updateLatestDeliverySignals(sample)
    updateCongestionSignals(sample, window)
    updateAggregation(sample, window)
    checkFullBandwidth(sample)
    checkStartupDone(sample, window)
    checkDrainDone(sample, window)
    updateProbeBandwidthCycle(sample, window: window)
    updateMinimumRoundTrip(sample)
    checkProbeRoundTrip(sample, window: &window)
    advanceLatestDeliverySignals(sample)
    bandwidth = min(maximumBandwidth, bandwidthShortTerm)

    setPacingRate(gain: pacingGain)
    setWindow(sample, window: &window)
  }

  mutating func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) {
    handleLost(loss, window: window, at: now)
  }

  mutating func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    switch signal {
    case .loss, .timeout:
      // OnEnterFastRecovery, OnEnterRTO. The window of one segment after a timeout is the caller's.
      saveWindow(window)
      isRecovering = true
    case .explicitNotification:
      // Without AccECN's counters a mark stands for a loss (RFC 3168 section 5).
      if markedInRound == 0 { noteLoss(window) }
    }
  }

  mutating func recovered(window: inout CongestionWindow, at now: Instant) {
    isRecovering = false
    restoreWindow(&window)
  }

  /// HandleSpuriousLossDetection.
  mutating func spurious(window: inout CongestionWindow, at now: Instant) {
    isRecovering = false
    restoreWindow(&window)
    isLossInRound = false
    resetFullBandwidth()
    bandwidthShortTerm = max(bandwidthShortTerm, undoBandwidthShortTerm)
    inFlightShortTerm = max(inFlightShortTerm, undoInFlightShortTerm)
    inFlightLongTerm = max(inFlightLongTerm, undoInFlightLongTerm)
    if undoState == .startup, state != .startup {
      isFullBandwidthReached = false
      if state != .probeRoundTrip { enterStartup() }
    } else if undoState == .probeBandwidthUp, state != .probeBandwidthUp, state != .probeRoundTrip {
      startProbeRefill()
    }
    undoState = nil
  }

  // MARK: Helpers

  var maximumBandwidth: UInt64 { max(bandwidthNow, bandwidthBefore) }

  /// IsInAProbeBWState.
  var isProbingBandwidthCycle: Bool {
    switch state {
    case .probeBandwidthDown, .probeBandwidthCruise, .probeBandwidthRefill, .probeBandwidthUp: return true
    case .startup, .drain, .probeRoundTrip: return false
    }
  }

  /// IsProbingBW.
  var isProbingBandwidth: Bool {
    state == .startup || state == .probeBandwidthRefill || state == .probeBandwidthUp
  }

  /// SaveCwnd.
  mutating func saveWindow(_ window: CongestionWindow) {
    priorWindow = isRecovering || state == .probeRoundTrip ? max(priorWindow, window.bytes) : window.bytes
  }

  /// RestoreCwnd.
  mutating func restoreWindow(_ window: inout CongestionWindow) {
    window.set(max(window.bytes, priorWindow))
  }

  /// A number below `bound`, from a generator whose seed the caller gave (xorshift).
  mutating func random(below bound: UInt64) -> UInt64 {
    randomState ^= randomState << 13
    randomState ^= randomState >> 7
    randomState ^= randomState << 17
    return randomState % max(bound, 1)
  }
}
