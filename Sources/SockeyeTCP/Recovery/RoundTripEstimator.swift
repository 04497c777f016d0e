/// The round-trip time and the retransmission timeout (RFC 6298, with the weights of RFC 7323 appendix G).
struct RoundTripEstimator {
  /// SRTT; zero before the first measurement.
  private(set) var smoothed = Interval.zero
  /// RTTVAR.
  private(set) var variation = Interval.zero
  /// The least round-trip time of the last minutes.
  private(set) var minimum = WindowedMinimum()
  /// The limits, in milliseconds.
  private var initialTimeout: UInt32
  private let leastTimeout: UInt32
  private let greatestTimeout: UInt32
  /// Times that the timeout is doubled.
  private(set) var backoff: UInt8 = 0

  /// G of RFC 6298: the resolution that is assumed of the caller's clock.
  static var clockGranularity: Interval { .microseconds(1) }

  /// - Parameters:
  ///   - initialTimeout: the timeout before the first measurement (RFC 6298 section 2.1).
  ///   - leastTimeout: what the timeout adds to SRTT at the least.
  ///   - greatestTimeout: the limit of the timeout, back-off included (RFC 6298 section 2.5).
  init(initialTimeout: Interval, leastTimeout: Interval, greatestTimeout: Interval) {
    self.initialTimeout = Self.milliseconds(initialTimeout)
    self.leastTimeout = Self.milliseconds(leastTimeout)
    self.greatestTimeout = max(Self.milliseconds(greatestTimeout), self.leastTimeout)
  }

  /// An interval in milliseconds: at least one, and at most 49 days.
  private static func milliseconds(_ interval: Interval) -> UInt32 {
    UInt32(clamping: max(interval.positiveNanoseconds / 1_000_000, 1))
  }

  /// Whether anything has been measured.
  @inline(__always)
  var hasMeasured: Bool { smoothed > .zero }

  /// Takes in a measurement. It must come from data sent once, or from an echoed timestamp (Karn's
  /// algorithm, RFC 6298 section 3, MUST-18).
  ///
  /// Several measurements in one round trip would make the history as short as a part of one, so each
  /// weighs less the more of them are expected (RFC 7323 appendix G): with N = FlightSize / (2 SMSS)
  /// expected, the gains 1/8 and 1/4 become 1/8N and 1/4N.
  ///
  /// - Parameters:
  ///   - measured: the round-trip time; less than a microsecond, on a clock that is coarse or has not moved,
  ///     counts as one; what is negative is ignored.
  ///   - expectedSamples: measurements to be expected in one round trip; 0 counts as 1.
  mutating func measured(_ measured: Interval, expectedSamples: UInt64, at now: Instant) {
    guard measured >= .zero else { return }
    let sample = max(measured, Self.clockGranularity)
    minimum.add(sample, at: now)
    backoff = 0
    guard hasMeasured else {
      smoothed = sample
      variation = sample / 2
      return
    }
    // At most 2¹⁶: even a window of a gibibyte of small segments leaves the quotients below their meaning.
    let weight = Int64(min(max(expectedSamples, 1), 65_536))
    let difference = sample - smoothed
    let deviation = difference < .zero ? .zero - difference : difference
    variation += (deviation - variation) / (4 * weight)
    smoothed += difference / (8 * weight)
  }

  /// Takes in a round-trip time that is good for the minimum but, being ambiguous, not for the estimate.
  mutating func observedMinimum(_ sample: Interval, at now: Instant) {
    guard sample >= .zero else { return }
    minimum.add(max(sample, Self.clockGranularity), at: now)
  }

  /// RTO.
  ///
  /// RFC 6298 section 2 takes max(minimum, SRTT + max(G, 4 RTTVAR)); G never decides here. Here the minimum bounds the second
  /// term, as in Linux: on a path of 300 ms whose variation has died down, RFC 6298 leaves no margin for a
  /// delayed acknowledgment, and a minimum of a second, which would, makes every tail five times slower.
  var timeout: Interval {
    let base =
      hasMeasured
      ? smoothed + max(.milliseconds(Int64(leastTimeout)), variation * 4) : .milliseconds(Int64(initialTimeout))
    // 2³⁰ times the least timeout of a millisecond exceeds any limit; `Interval` saturates beyond.
    return min(base * (Int64(1) << Int64(min(backoff, 30))), .milliseconds(Int64(greatestTimeout)))
  }

  /// Doubles the timeout (RFC 6298 section 5.5).
  mutating func backOff() {
    if backoff < .max { backoff += 1 }
  }

  /// Starts the data from a timeout of three seconds, where the SYN timed out and left nothing measured
  /// (RFC 6298 section 5.7): the round trip may well exceed the initial timeout.
  mutating func distrustInitialTimeout() {
    initialTimeout = max(initialTimeout, 3_000)
    backoff = 0
  }
}

/// The least of what was measured in the last five minutes or so, in constant space: the minimum of the
/// present half-window and of the one before.
struct WindowedMinimum {
  private var current = Interval.longest
  private var previous = Interval.longest
  private var currentSince = Instant.zero

  /// Half of the time for which a measurement counts at the most.
  static var halfWindow: Interval { Interval.seconds(150) }

  init() {}

  /// The minimum; zero before the first measurement.
  @inline(__always)
  var value: Interval {
    let least = min(current, previous)
    return least == .longest ? .zero : least
  }

  /// Adds a measurement.
  @inline(__always)
  mutating func add(_ sample: Interval, at now: Instant) {
    let age = now - currentSince
    if age > WindowedMinimum.halfWindow {
      previous = age > WindowedMinimum.halfWindow * 2 ? .longest : current
      current = .longest
      currentSince = now
    }
    if sample < current { current = sample }
  }
}
