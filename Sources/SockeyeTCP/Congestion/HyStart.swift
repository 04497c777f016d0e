/// HyStart++ (RFC 9406): leaves slow start when the round-trip time rises, before a queue overflows.
///
/// A rise first leads to conservative slow start, a quarter as fast; if the round-trip time falls back in
/// its five rounds, the rise was jitter and slow start goes on.
struct HyStart {
  private enum Phase: UInt8 {
    case slowStart
    case conservative
  }

  private var phase = Phase.slowStart
  /// Rounds spent in conservative slow start.
  private var conservativeRounds: UInt8 = 0
  /// rttSampleCount, saturating.
  private var samples: UInt8 = 0
  /// windowEnd: the round ends when this is acknowledged.
  private var roundEnd: StreamOffset = 0
  private var lastRoundMinimum = Interval.longest
  private var roundMinimum = Interval.longest
  private var baselineMinimum = Interval.longest

  /// MIN_RTT_THRESH.
  static var leastThreshold: Interval { Interval.milliseconds(4) }
  /// MAX_RTT_THRESH.
  static var greatestThreshold: Interval { Interval.milliseconds(16) }
  /// MIN_RTT_DIVISOR.
  static let thresholdDivisor: Int64 = 8
  /// N_RTT_SAMPLE.
  static let samplesNeeded: UInt8 = 8
  /// CSS_GROWTH_DIVISOR.
  static let conservativeDivisor: UInt64 = 4
  /// CSS_ROUNDS.
  static let conservativeRoundLimit: UInt8 = 5
  init() {}

  /// Grows the window by what slow start allows.
  ///
  /// RFC 9406 section 4.3 has L, the most that one acknowledgment may add: infinite where transmissions are paced, and 8
  /// segments elsewhere. It is infinite here always, as on Linux: with offload one acknowledgment for many segments is the
  /// rule, and the sender would crawl.
  ///
  /// - Returns: the bytes left over at the threshold, for congestion avoidance.
  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) -> UInt64 {
    beginRoundIfDue(sample, window: &window)
    guard window.isInSlowStart else { return 0 }
    let growth = sample.newlyDelivered
    var left: UInt64 = 0
    switch phase {
    case .slowStart: left = window.slowStart(growth)
    case .conservative: left = window.slowStart(growth / HyStart.conservativeDivisor)
    }
    take(sample.roundTripTime)
    return left
  }

  private mutating func beginRoundIfDue(_ sample: CongestionSample, window: inout CongestionWindow) {
    guard sample.unacknowledged >= roundEnd else { return }
    lastRoundMinimum = roundMinimum
    roundMinimum = .longest
    samples = 0
    roundEnd = sample.next
    guard phase == .conservative else { return }
    conservativeRounds += 1
    if conservativeRounds >= HyStart.conservativeRoundLimit { window.slowStartThreshold = window.bytes }
  }

  private mutating func take(_ roundTripTime: Interval) {
    guard roundTripTime > .zero else { return }
    roundMinimum = min(roundMinimum, roundTripTime)
    if samples < .max { samples += 1 }
    guard samples >= HyStart.samplesNeeded, roundMinimum != .longest else { return }
    switch phase {
    case .slowStart:
      guard lastRoundMinimum != .longest else { return }
      let threshold = max(
        HyStart.leastThreshold,
        min(lastRoundMinimum / HyStart.thresholdDivisor, HyStart.greatestThreshold)
      )
      if roundMinimum >= lastRoundMinimum + threshold {
        baselineMinimum = roundMinimum
        phase = .conservative
        conservativeRounds = 0
      }
    case .conservative:
      if roundMinimum < baselineMinimum {
        baselineMinimum = .longest
        phase = .slowStart
      }
    }
  }
}
