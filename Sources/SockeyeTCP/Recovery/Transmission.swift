/// What the sender may send next.
enum Transmission: Equatable {
  /// New data: any non-empty prefix of this range, or nothing at all where Nagle's rule holds it back.
  case new(Range<StreamOffset>)
  /// Data to send again: any non-empty prefix of this range, in segments of the present size.
  case retransmission(Range<StreamOffset>)
  /// A tail loss probe (RFC 8985 section 7.3), one segment, new or sent before: all of it, whatever Nagle says.
  case probe(Range<StreamOffset>)
  /// Nothing before this instant: the pacer holds it back. `nextDeadline` tells the same time.
  case wait(until: Instant)
  /// Nothing until something happens.
  case nothing
}

/// What bounds the next transmission besides congestion.
struct TransmissionLimits {
  /// The first offset that the peer's window does not admit: SND.UNA + SND.WND, or SND.WL's equivalent.
  var windowEnd: StreamOffset
  /// The first offset that the application has not supplied yet; after its close, the one after the FIN.
  var dataEnd: StreamOffset
  /// Segments that one plan may cover; 1 without segmentation offload.
  var maximumSegments: Int

  init(windowEnd: StreamOffset, dataEnd: StreamOffset, maximumSegments: Int = 1) {
    self.windowEnd = windowEnd
    self.dataEnd = dataEnd
    self.maximumSegments = maximumSegments
  }
}

/// What a deadline led to.
enum RecoveryAction {
  /// Nothing was due.
  case none
  /// Something may now be sent: ask `nextTransmission`.
  case transmit
  /// The retransmission timer expired (RFC 6298 section 5.4): ask `nextTransmission`, after comparing
  /// `consecutiveTimeouts` with R1 and R2 (RFC 9293 section 3.8.3).
  case timedOut
}
