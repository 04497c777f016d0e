/// The congestion controller of a connection: one of the algorithms, dispatched statically.
enum CongestionController: ~Copyable {
  case newReno(NewReno)
  case cubic(Cubic)

  init(_ algorithm: CongestionControlAlgorithm, isPaced: Bool) {
    switch algorithm {
    case .newReno: self = .newReno(NewReno())
    default: self = .cubic(Cubic(isPaced: isPaced))
    }
  }

  /// Whether the algorithm sets its window itself during recovery, so that no reduction is laid over it.
  var ownsWindow: Bool { false }

  /// The rate at which to send, in bytes a second, if the algorithm has one of its own; 0 otherwise.
  var pacingRate: UInt64 { 0 }

  @inline(__always)
  mutating func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {}

  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    switch consume self {
    case .newReno(var reno):
      reno.acknowledged(sample, window: &window)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.acknowledged(sample, window: &window)
      self = .cubic(cubic)
    }
  }

  @inline(__always)
  mutating func lost(
    _ record: SentRecord,
    totalLost: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {}

  mutating func congested(
    _ signal: CongestionSignal,
    inFlight: UInt64,
    newlyDelivered: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    switch consume self {
    case .newReno(var reno):
      reno.congested(signal, inFlight: inFlight, newlyDelivered: newlyDelivered, window: &window, at: now)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.congested(signal, inFlight: inFlight, newlyDelivered: newlyDelivered, window: &window, at: now)
      self = .cubic(cubic)
    }
  }

  mutating func recovered(window: inout CongestionWindow, at now: Instant) {}

  mutating func spurious(window: inout CongestionWindow, at now: Instant) {
    switch consume self {
    case .newReno(var reno):
      reno.spurious(window: &window, at: now)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.spurious(window: &window, at: now)
      self = .cubic(cubic)
    }
  }

  mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {
    switch consume self {
    case .newReno(var reno):
      reno.restarted(afterIdle: idle, window: &window, at: now)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.restarted(afterIdle: idle, window: &window, at: now)
      self = .cubic(cubic)
    }
  }
}
