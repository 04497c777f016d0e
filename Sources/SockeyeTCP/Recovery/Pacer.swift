/// Spreads transmissions over the round trip.
///
/// Data is released in quanta that take at least a millisecond at the pacing rate, and never single
/// segments: a timer and a plan for each segment would undo segmentation offload and cost more than they
/// bring.
struct Pacer {
  /// Bytes a second; `unlimited` where nothing is held back.
  var rate = Pacer.unlimited
  /// When what has been sent is paid for.
  private var release = Instant(nanoseconds: .min)
  /// Bytes left of the present quantum.
  private var allowance: UInt64 = 0

  /// A rate that holds nothing back.
  static let unlimited = UInt64.max

  /// The least time that a quantum takes at the pacing rate.
  static let quantumDuration: UInt64 = 1_000_000

  /// - Parameter initialBurst: bytes that may leave at once at the start, the initial window (RFC 6928).
  init(initialBurst: UInt64) {
    allowance = initialBurst
  }

  /// Bytes released at a time: what a millisecond carries, and at least two segments.
  @inline(__always)
  func quantum(segmentSize: UInt64) -> UInt64 {
    guard rate != Pacer.unlimited else { return .max }
    return max(rate / 1_000, 2 &* segmentSize)
  }

  /// Bytes that may be sent at `now`; 0 where nothing may before `releaseTime`.
  @inline(__always)
  mutating func permitted(at now: Instant, segmentSize: UInt64) -> UInt64 {
    if rate == Pacer.unlimited { return .max }
    if allowance == 0 {
      guard release <= now else { return 0 }
      allowance = quantum(segmentSize: segmentSize)
      // A wake-up that comes late doesn't cost rate, as far as one quantum goes.
      release = max(release, now - Interval(sending: allowance, atBytesPerSecond: rate))
    }
    return allowance
  }

  /// When the next quantum may be sent.
  @inline(__always)
  var releaseTime: Instant { release }

  /// Counts what was sent.
  @inline(__always)
  mutating func sent(_ count: UInt64, at now: Instant) {
    guard rate != Pacer.unlimited else { return }
    allowance = allowance.clampedDifference(count)
    release = max(release, now - Interval(nanoseconds: Int64(Pacer.quantumDuration)))
    release += Interval(sending: count, atBytesPerSecond: rate)
  }
}

extension LossRecovery {
  /// Twice the window a round trip in slow start, so that it can double; 1.2 times after that, so that pacing
  /// never is what limits it.
  mutating func updatePacingRate() {
    guard features.contains(.established), features.contains(.pacing) || controllerOwnsWindow else { return }
    if controllerOwnsWindow {
      let rate = controller.pacingRate(window)
      pacer.rate = rate > 0 ? rate : Pacer.unlimited
      return
    }
    guard roundTrip.hasMeasured else { return }
    let bytes = max(window.bytes, bytesInFlight)
    let perSecond = bytes.scaled(by: 1_000_000_000, over: roundTrip.smoothed.positiveNanoseconds)
    let isStarting = window.bytes < window.slowStartThreshold / 2
    pacer.rate = max(isStarting ? perSecond.clampedSum(perSecond) : perSecond.clampedSum(perSecond / 5), 1)
  }
}
