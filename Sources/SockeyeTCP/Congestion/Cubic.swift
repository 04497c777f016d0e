/// CUBIC (RFC 9438), in integers, with HyStart++ (RFC 9406) for slow start.
///
/// Times are counted in 1/1024 s and windows in bytes. Every product is bounded where it is made; see
/// `cubic(after:)` and `startEpoch`.
struct Cubic: CongestionController {
  private var curve = Curve()
  /// The curve's shape as it was before the last congestion (RFC 9438 section 4.9.2).
  private var shapeBefore = Shape()
  private var hyStart = HyStart()

  /// What makes the window a function of time.
  fileprivate struct Shape {
    /// When the present epoch of congestion avoidance began; `never` between a congestion and the first
    /// acknowledgment that grows the window after it.
    var epochStart = Instant.never
    /// W_max, in bytes.
    var maximum: UInt32 = 0
    /// The window around which the curve is centred: W_max, or the window at the epoch's start where that
    /// is greater.
    var origin: UInt32 = 0
    /// cwnd_prior: the window just before the last congestion.
    var prior: UInt32 = 0
    /// W_est: what NewReno's window would be.
    var friendly: UInt32 = 0
    /// K, in 1/1024 s.
    var timeToOrigin: UInt32 = 0
  }

  /// The window as a function of time since the last congestion, and how far it has been followed.
  private struct Curve {
    var shape = Shape()
    /// When the window was last allowed to grow: time during which something else limited the sender
    /// doesn't count (RFC 9438 section 4.2).
    var lastGrowth = Instant.never
    /// Bytes acknowledged towards the next byte of W_est, in 1/17 of a window.
    var friendlyCredit: UInt64 = 0
    /// Growth towards the target that was too small to be a byte, times the window.
    var growthCredit: UInt64 = 0
  }

  init() {}

  /// What CUBIC keeps while nothing is in flight: the curve. HyStart++ begins a new round, and there is nothing to undo.
  struct Resting {
    fileprivate var shape: Shape
    fileprivate var lastGrowth: Instant
  }

  /// What is known that outlasts a pause.
  var resting: Resting { Resting(shape: curve.shape, lastGrowth: curve.lastGrowth) }

  /// Goes on after a pause.
  init(resuming rest: Resting) {
    curve.shape = rest.shape
    curve.lastGrowth = rest.lastGrowth
  }

  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    guard sample.newlyDelivered > 0 else { return }
    guard sample.isWindowLimited else {
      skipTime(until: sample.now)
      return
    }
    var acknowledged = sample.newlyDelivered
    if window.isInSlowStart {
      // Standard slow start after the first congestion: HyStart++ is for the initial one (RFC 9406 section 4.3).
      if window.slowStartThreshold == CongestionWindow.unknown {
        acknowledged = hyStart.acknowledged(sample, window: &window)
      } else {
        acknowledged = window.slowStart(acknowledged)
      }
      guard acknowledged > 0 else { return }
    }
    avoidCongestion(acknowledged, sample, window: &window)
  }

  private mutating func avoidCongestion(
    _ acknowledged: UInt64,
    _ sample: CongestionSample,
    window: inout CongestionWindow
  ) {
    if curve.shape.epochStart == .never { startEpoch(at: sample.now, window: window) }
    curve.lastGrowth = sample.now

    // Section 4.2: where the curve will be a round trip from now, held between the window and 1.5 times it.
    let elapsed = sample.now - curve.shape.epochStart + sample.smoothedRoundTripTime
    let target = min(max(cubic(after: elapsed, window: window), window.bytes), window.bytes + window.bytes / 2)
    let friendly = friendlyWindow(acknowledged, window: window)
    guard target > window.bytes || friendly > window.bytes else { return }

    // Sections 4.4 and 4.5: (target - cwnd) / cwnd for each byte acknowledged. Both factors are below 2³¹.
    let (step, overflow) = (target - window.bytes).multipliedReportingOverflow(by: min(acknowledged, window.bytes))
    curve.growthCredit = overflow ? .max : curve.growthCredit.clampedSum(step)
    var grown = window.bytes
    let growth = curve.growthCredit / max(window.bytes, 1)
    if growth > 0 {
      curve.growthCredit -= growth * window.bytes
      grown += min(growth, target - window.bytes)
    }
    // Section 4.3: never less than NewReno would have.
    window.set(max(grown, friendly))
  }

  /// W_cubic(t) = C (t - K)³ + origin, in bytes.
  private func cubic(after elapsed: Interval, window: CongestionWindow) -> UInt64 {
    let ticks = Cubic.ticks(elapsed)
    let origin = UInt64(curve.shape.origin)
    let isBeyond = ticks >= UInt64(curve.shape.timeToOrigin)
    let distance = isBeyond ? ticks - UInt64(curve.shape.timeToOrigin) : UInt64(curve.shape.timeToOrigin) - ticks
    // At most 2²⁰ ticks of 2⁻¹⁰ s, so the cube is at most 2⁶⁰ of 2⁻³⁰ s³; C = 0.4 = 2/5. What is left of it
    // after the shift is in 1/1024 segments, at most 2³⁹, and segments are below 2¹⁶ bytes.
    let bounded = min(distance, 1 << 20)
    let segments1024 = ((bounded * bounded * bounded) >> 20) / 5 * 2
    let bytes = (segments1024 * min(window.segmentSize, 65_535)) >> 10
    return isBeyond ? origin + bytes : origin.clampedDifference(bytes)
  }

  /// Section 4.2: K is the time that the curve takes from the window at the epoch's start to its origin.
  private mutating func startEpoch(at now: Instant, window: CongestionWindow) {
    curve.shape.epochStart = now
    curve.shape.friendly = UInt32(clamping: window.bytes)
    curve.friendlyCredit = 0
    curve.growthCredit = 0
    let maximum = UInt64(curve.shape.maximum)
    if window.bytes < maximum {
      // K³ = (W_max - cwnd) / C, with 1/C = 5/2 and 2³⁰ cubed ticks in a cubed second. The difference, in 1/8
      // segments, is bounded by 2³¹: the product stays below 2⁶⁰.
      let eighths = min((maximum - window.bytes) * 8 / window.segmentSize, 1 << 31)
      curve.shape.timeToOrigin = UInt32(clamping: ((eighths * 5) << 26).cubeRoot)
      curve.shape.origin = curve.shape.maximum
    } else {
      curve.shape.timeToOrigin = 0
      curve.shape.origin = UInt32(clamping: window.bytes)
    }
  }

  /// Section 4.3: W_est grows by alpha segments for each window acknowledged; alpha is 3 (1 - beta) /
  /// (1 + beta) = 9/17 until W_est has reached the window before the congestion, and 1 from there.
  private mutating func friendlyWindow(_ acknowledged: UInt64, window: CongestionWindow) -> UInt64 {
    let hasCaughtUp = curve.shape.friendly >= curve.shape.prior
    let share = hasCaughtUp ? UInt64(17) : 9
    // Below 2³¹ × 2¹⁶ × 17.
    let credit = min(acknowledged, window.bytes) * min(window.segmentSize, 65_535) * share
    curve.friendlyCredit = curve.friendlyCredit.clampedSum(credit)
    let cost = max(window.bytes, 1) * 17
    let growth = curve.friendlyCredit / cost
    curve.friendlyCredit -= growth * cost
    curve.shape.friendly = UInt32(clamping: min(UInt64(curve.shape.friendly) + growth, CongestionWindow.greatest))
    return UInt64(curve.shape.friendly)
  }

  /// Moves the epoch over time in which the window wasn't allowed to grow, so that it doesn't leap
  /// afterwards.
  private mutating func skipTime(until now: Instant) {
    guard curve.shape.epochStart != .never, curve.lastGrowth != .never, now > curve.lastGrowth else { return }
    curve.shape.epochStart += now - curve.lastGrowth
    curve.lastGrowth = now
  }

  mutating func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    shapeBefore = curve.shape
    let flown = UInt32(clamping: window.bytes)
    curve.shape.prior = flown
    // Section 4.7, fast convergence: a flow that peaks lower than last time gives room to a new one.
    if flown < curve.shape.maximum {
      curve.shape.maximum = UInt32(clamping: window.bytes * 17 / 20)
    } else {
      curve.shape.maximum = flown
    }
    curve.shape.epochStart = .never
    curve.lastGrowth = .never
    // Section 4.6: beta is 0.7.
    window.slowStartThreshold = max(window.bytes * 7 / 10, window.least)
    // Section 4.8: after a timeout K is 0, and the curve is centred where congestion avoidance begins.
    if signal == .timeout { curve.shape.maximum = 0 }
  }

  mutating func spurious(window: inout CongestionWindow, at now: Instant) {
    curve = Curve(shape: shapeBefore, lastGrowth: now)
  }

  mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {
    skipTime(until: now)
  }

  /// 1/1024 s in an interval, at most 2²¹ (34 minutes, far beyond where the curve is bounded by other things).
  private static func ticks(_ interval: Interval) -> UInt64 {
    min(interval.positiveNanoseconds / 976_563, 1 << 21)
  }
}
