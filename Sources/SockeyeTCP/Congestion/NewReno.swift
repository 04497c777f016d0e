/// Slow start and congestion avoidance (RFC 5681), with recovery as RFC 6582 has it.
struct NewReno: CongestionController {
  /// Bytes acknowledged towards the next segment of growth.
  private var acknowledgedBytes: UInt64 = 0

  init() {}

  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    guard sample.isWindowLimited, sample.newlyDelivered > 0 else { return }
    var acknowledged = sample.newlyDelivered
    if window.isInSlowStart {
      acknowledged = window.slowStart(acknowledged)
      guard acknowledged > 0 else { return }
    }
    // One segment for each window of data, counted in bytes (RFC 5681 section 3.1, the recommended way).
    acknowledgedBytes = acknowledgedBytes.clampedSum(acknowledged)
    if acknowledgedBytes >= window.bytes {
      acknowledgedBytes -= window.bytes
      window.set(window.bytes + window.segmentSize)
      acknowledgedBytes = min(acknowledgedBytes, window.bytes)
    }
  }

  mutating func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  ) {
    // RFC 5681 equation 4 halves FlightSize, so that a window which the application never filled isn't halved
    // in name only. Never more than the window counts: limited transmit goes beyond it.
    window.slowStartThreshold = max(min(window.bytes, flight) / 2, window.least)
    acknowledgedBytes = 0
  }
}
