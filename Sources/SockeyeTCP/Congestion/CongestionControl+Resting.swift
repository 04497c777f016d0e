extension CongestionControl {
  /// What a controller keeps while nothing is in flight.
  enum Resting {
    case newReno(NewReno)
    case cubic(Cubic.Resting)
    case bbr(BBR.Resting)
    case supplied(SuppliedController)

    /// Gives back a supplied controller: the connection is over.
    func deallocate() {
      if case .supplied(let controller) = self { controller.deallocate() }
    }
  }

  /// What the controller knows that outlasts a pause.
  var resting: Resting {
    switch self {
    case .newReno(let reno): .newReno(reno)
    case .cubic(let cubic): .cubic(cubic.resting)
    case .bbr(let state): .bbr(state.pointee.resting)
    case .supplied(let controller): .supplied(controller)
    }
  }

  /// Goes on after a pause. Allocates for BBR.
  ///
  /// - Parameters:
  ///   - roundTripTime: SRTT, or zero if nothing has been measured.
  ///   - delivered: bytes delivered since the start.
  init(
    resuming rest: Resting,
    window: CongestionWindow,
    roundTripTime: Interval,
    delivered: UInt64,
    at now: Instant
  ) {
    switch rest {
    case .newReno(let reno):
      self = .newReno(reno)
    case .cubic(let cubic):
      self = .cubic(Cubic(resuming: cubic))
    case .bbr(let rest):
      let state = UnsafeMutablePointer<BBR>.allocate(capacity: 1)
      state.initialize(
        to: BBR(resuming: rest, window: window, roundTripTime: roundTripTime, delivered: delivered, at: now)
      )
      self = .bbr(state)
    case .supplied(let controller):
      self = .supplied(controller)
    }
  }
}
