/// The congestion control of a connection: one of the controllers, dispatched statically.
///
/// BBR's state is several times as large as the others', so it has storage of its own, allocated when the
/// connection is established; a connection with another algorithm doesn't pay for it. `LossRecovery` owns the
/// controller, never copies it, and calls `deallocate` in the end. A supplied one outlives that: see `SuppliedController`.
enum CongestionControl {
  case newReno(NewReno)
  case cubic(Cubic)
  case bbr(UnsafeMutablePointer<BBR>)
  case supplied(SuppliedController)

  /// The controller of a connection whose handshake is over. Allocates for BBR and for a supplied one.
  init(_ algorithm: CongestionControlAlgorithm, _ start: CongestionStart) {
    switch algorithm {
    case .newReno: self = .newReno(NewReno())
    case .cubic: self = .cubic(Cubic())
    case .bbr:
      let state = UnsafeMutablePointer<BBR>.allocate(capacity: 1)
      state.initialize(to: BBR(start))
      self = .bbr(state)
    case .supplied(let kind): self = .supplied(kind.makeController(start))
    }
  }

  /// Gives back the storage, that of a supplied controller excepted. The controller must not be used after that.
  func deallocate() {
    if case .bbr(let state) = self { state.deallocate() }
  }

  /// Whether the algorithm sets its window itself during recovery, so that no reduction is laid over it.
  @inline(__always)
  var ownsWindow: Bool {
    switch self {
    case .newReno, .cubic: return false
    case .bbr: return true
    case .supplied(let controller): return controller.ownsWindow
    }
  }

  /// Whether `sent` means something to it, so that it must be told.
  var countsTransmissions: Bool {
    switch self {
    case .newReno, .cubic: return false
    case .bbr, .supplied: return true
    }
  }

  /// The rate at which to send, in bytes a second, if the controller has one of its own; 0 otherwise.
  func pacingRate(_ window: CongestionWindow) -> UInt64 {
    switch self {
    case .newReno, .cubic: return 0
    case .bbr(let state): return state.pointee.pacingRate
    case .supplied(let controller):
      // A segment a second at least: at less than that the retransmission timer would give up on what never left.
      let rate = controller.pacingRate
      return rate == 0 ? 0 : max(rate, window.segmentSize)
    }
  }

  /// Whether delivery-rate samples are to count as limited by the application.
  @inline(__always)
  var holdsBack: Bool {
    switch self {
    case .newReno, .cubic: return false
    case .bbr(let state): return state.pointee.holdsBack
    case .supplied(let controller): return controller.holdsBack
    }
  }

  /// See `CongestionController`.
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
    case .supplied(let controller):
      controller.sent(
        count,
        inFlightBefore: inFlightBefore,
        isApplicationLimited: isApplicationLimited,
        at: now
      )
    }
  }

  /// See `CongestionController`.
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
    case .supplied(let controller):
      controller.acknowledged(sample, window: &window)
    }
  }

  /// See `CongestionController`.
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
      let loss = LostTransmission(record, lost: totalLost, delivered: totalDelivered)
      state.pointee.lost(loss, window: &window, at: now)
    case .supplied(let controller):
      controller.lost(LostTransmission(record, lost: totalLost, delivered: totalDelivered), window: &window, at: now)
    }
  }

  /// See `CongestionController`.
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
      state.pointee.congested(signal, flight: flight, window: &window, at: now)
    case .supplied(let controller):
      controller.congested(signal, flight: flight, window: &window, at: now)
    }
  }

  /// See `CongestionController`.
  func recovered(window: inout CongestionWindow, at now: Instant) {
    switch self {
    case .newReno, .cubic: return
    case .bbr(let state): state.pointee.recovered(window: &window, at: now)
    case .supplied(let controller): controller.recovered(window: &window, at: now)
    }
  }

  /// See `CongestionController`.
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
    case .supplied(let controller):
      controller.spurious(window: &window, at: now)
    }
  }

  /// See `CongestionController`.
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
    case .supplied(let controller):
      controller.restarted(afterIdle: idle, window: &window, at: now)
    }
  }
}
