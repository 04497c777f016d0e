/// The congestion controller of a connection: one of the algorithms, dispatched statically.
///
/// BBR's state is several times as large as the others', so it has storage of its own, allocated when the
/// connection is established; a connection with another algorithm doesn't pay for it. `LossRecovery` owns the
/// controller, never copies it, and calls `deallocate` in the end.
enum CongestionController {
  case newReno(NewReno)
  case cubic(Cubic)
  case bbr(UnsafeMutablePointer<BBR>)

  /// - Parameters:
  ///   - roundTripTime: SRTT, or zero if nothing has been measured.
  ///   - seed: what BBR's randomness derives from.
  init(
    _ algorithm: CongestionControlAlgorithm,
    isSelective: Bool,
    window: CongestionWindow,
    roundTripTime: Interval,
    seed: UInt64,
    now: Instant
  ) {
    switch algorithm {
    case .newReno: self = .newReno(NewReno())
    case .cubic: self = .cubic(Cubic())
    case .bbr:
      let state = UnsafeMutablePointer<BBR>.allocate(capacity: 1)
      state.initialize(
        to: BBR(window: window, roundTripTime: roundTripTime, isSelective: isSelective, seed: seed, now: now)
      )
      self = .bbr(state)
    }
  }

  /// Gives back the storage. The controller must not be used after that.
  func deallocate() {
    if case .bbr(let state) = self { state.deallocate() }
  }

  /// Whether the algorithm sets its window itself during recovery, so that no reduction is laid over it.
  @inline(__always)
  var ownsWindow: Bool {
    switch self {
    case .newReno, .cubic: return false
    case .bbr: return true
    }
  }

  /// The rate at which to send, in bytes a second, if the algorithm has one of its own; 0 otherwise.
  var pacingRate: UInt64 {
    switch self {
    case .newReno, .cubic: return 0
    case .bbr(let state): return state.pointee.pacingRate
    }
  }

  /// Whether delivery-rate samples are to count as limited by the application.
  @inline(__always)
  var marksSamplesAsLimited: Bool {
    switch self {
    case .newReno, .cubic: return false
    case .bbr(let state): return state.pointee.marksSamplesAsLimited
    }
  }

  /// See `CongestionAlgorithm`.
  @inline(__always)
  func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {
    switch self {
    case .newReno, .cubic: return
    case .bbr(let state):
      state.pointee.sent(
        count,
        inFlightBefore: inFlightBefore,
        isApplicationLimited: isApplicationLimited,
        at: now
      )
    }
  }

  /// See `CongestionAlgorithm`.
  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    switch self {
    case .newReno(var reno):
      reno.acknowledged(sample, window: &window)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.acknowledged(sample, window: &window)
      self = .cubic(cubic)
    case .bbr(let state):
      state.pointee.acknowledged(sample, window: &window)
    }
  }

  /// See `CongestionAlgorithm`.
  func lost(
    _ record: SentRecord,
    totalDelivered: UInt64,
    totalLost: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    switch self {
    case .newReno, .cubic: return
    case .bbr(let state):
      state.pointee.lost(record, totalDelivered: totalDelivered, totalLost: totalLost, window: &window, at: now)
    }
  }

  /// See `CongestionAlgorithm`.
  mutating func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    switch self {
    case .newReno(var reno):
      reno.congested(signal, flight: flight, window: &window, at: now)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.congested(signal, flight: flight, window: &window, at: now)
      self = .cubic(cubic)
    case .bbr(let state):
      state.pointee.congested(
        signal,
        flight: flight,
        window: &window,
        at: now
      )
    }
  }

  /// See `CongestionAlgorithm`.
  func recovered(window: inout CongestionWindow, at now: Instant) {
    switch self {
    case .newReno, .cubic: return
    case .bbr(let state): state.pointee.recovered(window: &window, at: now)
    }
  }

  /// See `CongestionAlgorithm`.
  mutating func spurious(window: inout CongestionWindow, at now: Instant) {
    switch self {
    case .newReno(var reno):
      reno.spurious(window: &window, at: now)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.spurious(window: &window, at: now)
      self = .cubic(cubic)
    case .bbr(let state):
      state.pointee.spurious(window: &window, at: now)
    }
  }

  /// See `CongestionAlgorithm`.
  mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {
    switch self {
    case .newReno(var reno):
      reno.restarted(afterIdle: idle, window: &window, at: now)
      self = .newReno(reno)
    case .cubic(var cubic):
      cubic.restarted(afterIdle: idle, window: &window, at: now)
      self = .cubic(cubic)
    case .bbr(let state):
      state.pointee.restarted(afterIdle: idle, window: &window, at: now)
    }
  }
}
