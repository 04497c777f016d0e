// Another algorithm for a connection that is open (TCP_CONGESTION).
extension LossRecovery {
  /// Goes over to another algorithm, which goes on with the present window; BBR learns the path anew. Allocates.
  mutating func change(to algorithm: CongestionControlAlgorithm, at now: Instant) {
    // Before that NewReno is in charge, and the configuration says what comes then.
    guard features.contains(.established) else { return }
    let start = CongestionStart(
      window: window,
      roundTripTime: roundTrip.smoothed,
      isSelective: features.contains(.selective),
      seed: UInt64(seed),
      now: now
    )
    let fresh = CongestionControl(algorithm, start)
    let rest = fresh.resting
    fresh.deallocate()
    controller.resting.deallocate()
    controller.deallocate()
    controller = CongestionControl(
      resuming: rest,
      window: window,
      roundTripTime: roundTrip.smoothed,
      delivered: deliveryRate.delivered,
      at: now
    )
    features.subtract([.controllerOwnsWindow, .controllerCountsTransmissions])
    features.formUnion(controller.features)
    // What the other has reduced is not this one's to take back.
    undo.disarm()
    pacer.rate = Pacer.unlimited
    updatePacingRate()
  }
}

extension CongestionControl {
  /// What the recovery must know of the controller without looking at it.
  var features: LossRecovery.Features {
    var features: LossRecovery.Features = []
    if ownsWindow { features.insert(.controllerOwnsWindow) }
    if countsTransmissions { features.insert(.controllerCountsTransmissions) }
    return features
  }
}
