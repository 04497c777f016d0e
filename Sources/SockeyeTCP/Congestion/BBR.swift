/// BBR version 3 (draft-ietf-ccwg-bbr-06): sends at the rate at which the path delivers, with as much in
/// flight as that rate and the least round trip ask for.
///
/// Names follow the draft's. Rates are bytes a second, volumes bytes; `BBR.infinite` stands for Infinity.
/// Products are taken with `scaled(by:over:)`, which saturates, so no measurement can trap.
///
/// It departs from the draft in these points. Losses count as congestion where there is a queue, or where they are many: see
/// `BBR+Losses.swift`. Explicit congestion marks, about which the draft says nothing, are answered as Linux's version does: see
/// `BBR+Model.swift`. And the extra acknowledged volume is kept for five to ten rounds, by two halves of a window, where the
/// draft keeps ten.
struct BBR: CongestionController {
  /// BBR.state.
  enum State: Equatable {
    case startup
    case drain
    case probeBandwidthDown
    case probeBandwidthCruise
    case probeBandwidthRefill
    case probeBandwidthUp
    case probeRoundTrip(RoundTripProbe)
  }

  /// How far a probe of the round trip has come.
  enum RoundTripProbe: Equatable {
    /// What is in flight goes down to the probe's window.
    case draining
    /// It is down: until BBR.probe_rtt_done_stamp, and for a round at least.
    case holding(until: Instant, isRoundDone: Bool)
  }

  /// The state to which to return if the last losses were spurious.
  enum Undo {
    case startup
    case probeBandwidthUp
  }

  /// What the acknowledgment that is being taken in begins.
  struct Turn {
    /// BBR.round_start.
    var startsRound = false
    /// BBR.loss_round_start.
    var startsLossRound = false
    /// BBR.probe_rtt_expired.
    var expiresRoundTrip = false
  }

  /// BBR.loss_in_round, and what the losses say.
  enum RoundLosses {
    case none
    /// They have come without a queue, and were few.
    case random
    case congestive
  }

  /// Whether the pipe has been filled.
  struct FullPipe {
    /// BBR.full_bw.
    var bandwidth: UInt64 = 0
    /// BBR.full_bw_count.
    var rounds: UInt8 = 0
    /// BBR.full_bw_reached: it has been filled once.
    var isReached = false

    /// BBR.full_bw_now: three rounds did not bring a quarter more.
    var isNow: Bool { rounds >= 3 }

    /// ResetFullBW.
    mutating func reset(to bandwidth: UInt64 = 0) {
      self.bandwidth = bandwidth
      rounds = 0
    }
  }

  /// The search for more bandwidth.
  struct BandwidthProbe {
    /// BBR.bw_probe_up_acks.
    var acknowledged: UInt64 = 0
    /// BBR.probe_up_cnt.
    var acknowledgedPerIncrement = BBR.infinite
    /// BBR.bw_probe_up_rounds.
    var rounds: UInt8 = 0
    /// BBR.bw_probe_samples: what gets lost now was sent while bandwidth was probed.
    var isSampled = false
    /// BBR.prev_probe_too_high.
    var wasTooHigh = false
    /// BBR.stopped_risky_probe: it went down before the path said so.
    var wasPrecautionary = false
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
  /// What may get lost without a queue is one in so many.
  static let randomLossThreshold: UInt64 = 8
  static let startupFullLossCount: UInt8 = 6
  static var minimumRoundTripFilterLength: Interval { .seconds(10) }
  static var probeRoundTripInterval: Interval { .seconds(5) }
  static var probeRoundTripDuration: Interval { .milliseconds(200) }

  // MARK: What to do

  var state = State.startup
  var acknowledgmentPhase = AcknowledgmentPhase.initial
  /// BBR.undo_state; nil for none.
  var undoState: Undo?
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
  /// The round trips of the last dozen acknowledgments, smoothed; zero before the first.
  var recentRoundTrip = Interval.zero

  /// What to restore after spurious losses.
  var undoBandwidthShortTerm = BBR.infinite
  var undoInFlightShortTerm = BBR.infinite
  var undoInFlightLongTerm = BBR.infinite

  /// The share of what gets lost without a queue, in 1/65536, smoothed over rounds.
  var randomLossShare: UInt32 = 0
  /// What had been lost and delivered when the last round began, their low 32 bits: no round has more.
  var lostAtLossRound: UInt32 = 0
  var deliveredAtLossRound: UInt32 = 0

  // MARK: Rounds

  var nextRoundDelivered: UInt64 = 0
  var roundCount: UInt32 = 0
  var lossRoundDelivered: UInt64 = 0
  var turn = Turn()
  var lossesInRound = RoundLosses.none
  /// Separate ranges lost in this round, saturating.
  var lossRangesInRound: UInt8 = 0
  var lastLostEnd: StreamOffset = 0
  var drainStartRound: UInt32 = 0

  // MARK: Probing for bandwidth

  var fullPipe = FullPipe()
  var cycleStart = Instant.zero
  var probeWait = Interval.zero
  var roundsSinceProbeUp: UInt32 = 0
  var probe = BandwidthProbe()

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
    updateRecentRoundTrip(sample)
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
      if markedInRound == 0 { noteLoss(window, isCongestive: true) }
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
    lossesInRound = .none
    fullPipe.reset()
    bandwidthShortTerm = max(bandwidthShortTerm, undoBandwidthShortTerm)
    inFlightShortTerm = max(inFlightShortTerm, undoInFlightShortTerm)
    inFlightLongTerm = max(inFlightLongTerm, undoInFlightLongTerm)
    if undoState == .startup, state != .startup {
      fullPipe.isReached = false
      if !isProbingRoundTrip { enterStartup() }
    } else if undoState == .probeBandwidthUp, state != .probeBandwidthUp, !isProbingRoundTrip {
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

  /// Whether the state is ProbeRTT.
  var isProbingRoundTrip: Bool {
    if case .probeRoundTrip = state { true } else { false }
  }

  /// IsProbingBW.
  var isProbingBandwidth: Bool {
    state == .startup || state == .probeBandwidthRefill || state == .probeBandwidthUp
  }

  /// SaveCwnd.
  mutating func saveWindow(_ window: CongestionWindow) {
    priorWindow = isRecovering || isProbingRoundTrip ? max(priorWindow, window.bytes) : window.bytes
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
