// What the model leads to: pacing rate and congestion window (draft-ietf-ccwg-bbr-06 section 5.6).
extension BBR {
  /// SetPacingRateWithGain: a percent below, so that a queue drains on the average. Until the pipe has been
  /// filled the rate only rises.
  mutating func setPacingRate(gain: UInt64) {
    let rate = bandwidth.scaled(by: gain * 99, over: 10_000)
    if rate > 0, fullPipe.isReached || rate > pacingRate { pacingRate = rate }
  }

  /// BDPMultiple.
  func volume(gain: UInt64, _ window: CongestionWindow) -> UInt64 { volume(of: bandwidth, gain: gain, window) }

  func volume(of bandwidth: UInt64, gain: UInt64, _ window: CongestionWindow) -> UInt64 {
    guard minimumRoundTrip != .longest else { return window.initial }
    return bandwidth.scaled(by: minimumRoundTrip.positiveNanoseconds, over: 1_000_000_000).scaled(by: gain, over: 100)
  }

  /// MinPipeCwnd.
  func leastWindow(_ window: CongestionWindow) -> UInt64 { 4 * window.segmentSize }

  /// QuantizationBudget: room for three super-segments, one here, one in the device, one unacknowledged.
  func quantized(_ volume: UInt64, _ window: CongestionWindow) -> UInt64 {
    let quantum = max(min(pacingRate / 1_000, 65_536), 2 * window.segmentSize)
    let cap = max(volume, max(3 * quantum, leastWindow(window)))
    return state == .probeBandwidthUp ? cap.clampedSum(2 * window.segmentSize) : cap
  }

  /// Inflight.
  func inFlightCap(gain: UInt64, _ window: CongestionWindow) -> UInt64 {
    quantized(volume(gain: gain, window), window)
  }

  /// TargetInflight.
  func targetInFlight(_ window: CongestionWindow) -> UInt64 { min(volume(gain: 100, window), window.bytes) }

  /// InflightWithHeadroom: leaves 15 % to others.
  func inFlightWithHeadroom(_ window: CongestionWindow) -> UInt64 {
    guard inFlightLongTerm != BBR.infinite else { return BBR.infinite }
    let headroom = max(window.segmentSize, inFlightLongTerm.scaled(by: 15, over: 100))
    return max(inFlightLongTerm.clampedDifference(headroom), leastWindow(window))
  }

  /// ProbeRTTCwnd.
  func probeRoundTripWindow(_ window: CongestionWindow) -> UInt64 {
    max(volume(gain: BBR.probeRoundTripWindowGain, window), leastWindow(window))
  }

  /// SetCwnd.
  mutating func setWindow(_ sample: CongestionSample, window: inout CongestionWindow) {
    let extra = max(extraNow, extraBefore)
    let maximum = quantized(volume(gain: windowGain, window).clampedSum(extra), window)
    var bytes = window.bytes
    if fullPipe.isReached {
      bytes = min(bytes.clampedSum(sample.newlyDelivered), maximum)
    } else if bytes < maximum || sample.delivered < window.initial {
      bytes = bytes.clampedSum(sample.newlyDelivered)
    }
    bytes = max(bytes, leastWindow(window))
    if isProbingRoundTrip { bytes = min(bytes, probeRoundTripWindow(window)) }
    window.set(min(bytes, modelCap(window)))
  }

  /// BoundCwndForModel.
  private func modelCap(_ window: CongestionWindow) -> UInt64 {
    var cap = BBR.infinite
    switch state {
    case .probeBandwidthDown, .probeBandwidthRefill, .probeBandwidthUp: cap = inFlightLongTerm
    case .probeBandwidthCruise, .probeRoundTrip: cap = inFlightWithHeadroom(window)
    case .startup, .drain: break
    }
    return max(min(cap, inFlightShortTerm), leastWindow(window))
  }
}
