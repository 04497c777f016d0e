/// How much may be sent while the congestion window comes down (PRR, RFC 6937 as revised by
/// draft-ietf-tcpm-prr-rfc6937bis).
///
/// Rather than falling silent until half a window has drained, the sender answers each acknowledgment with
/// the share of the delivered data that leads to the slow-start threshold at the end of the round trip.
struct ProportionalRateReduction {
  /// prr_delivered: bytes delivered since the reduction began.
  private var delivered: UInt32 = 0
  /// prr_out: bytes sent since the reduction began.
  private var sent: UInt32 = 0
  /// RecoverFS: the flight when it began.
  private var flight: UInt32 = 0

  init() {}

  /// Begins a reduction.
  ///
  /// - Parameter flight: bytes outstanding and not selectively acknowledged *before* the acknowledgment that
  ///   began it, whose data is counted as delivered by the first call of `window`.
  @inline(__always)
  mutating func begin(flight: UInt64) {
    delivered = 0
    sent = 0
    self.flight = UInt32(clamping: max(flight, 1))
  }

  /// Counts what is sent.
  @inline(__always)
  mutating func sent(_ count: UInt64) { sent = UInt32(clamping: UInt64(sent).clampedSum(count)) }

  /// The congestion window after an acknowledgment.
  ///
  /// - Parameters:
  ///   - newlyDelivered: DeliveredData, the bytes that the acknowledgment newly says have arrived.
  ///   - inFlight: the pipe after it.
  ///   - threshold: ssthresh, where the reduction leads.
  ///   - isSafe: SND.UNA advanced and nothing further was lost. Then the window may grow back as slow start
  ///     would (the slow start reduction bound); otherwise no more is sent than was delivered (the
  ///     conservative one), so that a queue that is losing everything isn't fed.
  mutating func window(newlyDelivered: UInt64, inFlight: UInt64, threshold: UInt64, segmentSize: UInt64, isSafe: Bool)
    -> UInt64
  {
    delivered = UInt32(clamping: UInt64(delivered).clampedSum(newlyDelivered))
    var allowance: UInt64
    if inFlight > threshold {
      // Rounded up, so that the last of the flight isn't lost to the division.
      allowance = UInt64(delivered).scaled(by: threshold, over: UInt64(flight)).clampedSum(1)
        .clampedDifference(UInt64(sent))
    } else {
      allowance = max(UInt64(delivered).clampedDifference(UInt64(sent)), newlyDelivered)
      if isSafe { allowance = allowance.clampedSum(segmentSize) }
      allowance = min(allowance, threshold - inFlight)
    }
    // The first retransmission is sent whatever the bounds say.
    if sent == 0 { allowance = max(allowance, segmentSize) }
    return inFlight.clampedSum(allowance)
  }
}

extension LossRecovery {
  /// Whether the congestion window is being led down to the threshold.
  @inline(__always)
  var isReducing: Bool { state == .recovery || state == .congestionWindowReduced }

  /// Leads the window to the threshold by what an acknowledgment delivered.
  mutating func reduceProportionally(_ digest: AcknowledgmentDigest) {
    guard features.contains(.proportionalRateReduction) else {
      // RFC 6675 section 5 step 4.2: straight to the threshold.
      window.set(window.slowStartThreshold)
      return
    }
    let isSafe = digest.newlyAcknowledged > 0 && deliveryRate.lost == digest.lost
    window.set(
      reduction.window(
        newlyDelivered: digest.newlyDelivered,
        inFlight: bytesInFlight,
        threshold: window.slowStartThreshold,
        segmentSize: window.segmentSize,
        isSafe: isSafe
      )
    )
  }
}
