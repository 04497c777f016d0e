/// Counters and gauges of one connection: what Linux tells in `TCP_INFO`.
///
/// Counters never decrease; gauges hold for the moment of asking. A gauge that is not known yet is zero.
public struct ConnectionMetrics: Sendable, Equatable {
  /// The state.
  public var state = ConnectionState.closed
  /// The options that both sides agreed on.
  public var options = NegotiatedOptions()

  // MARK: Gauges

  /// The retransmission timeout.
  public var retransmissionTimeout = Interval.zero
  /// The smoothed round-trip time.
  public var smoothedRoundTripTime = Interval.zero
  /// The mean deviation of the round-trip time.
  public var roundTripTimeVariation = Interval.zero
  /// The least round-trip time seen lately.
  public var minimumRoundTripTime = Interval.zero
  /// The round-trip time as the receive side sees it, by which the receive buffer is tuned.
  public var receiverRoundTripTime = Interval.zero
  /// Bytes of data in each full segment sent.
  public var sendSegmentSize = 0
  /// Bytes of data in each full segment received, as estimated.
  public var receiveSegmentSize = 0
  /// The segment size that this side announced.
  public var announcedSegmentSize = 0
  /// Bytes of the largest IP packet that the path is believed to take.
  public var pathMTU = 0
  /// The congestion window in bytes.
  public var congestionWindow = 0
  /// The slow-start threshold in bytes; `Int.max` where none has been set.
  public var slowStartThreshold = Int.max
  /// Bytes that the peer lets this side have in flight.
  public var sendWindow = 0
  /// Bytes that this side lets the peer have in flight.
  public var receiveWindow = 0
  /// Bytes of receive buffer, as tuned.
  public var receiveBuffer = 0
  /// What the sender is doing about losses.
  public var recoveryState = LossRecoveryMetrics.State.open
  /// Bytes sent and not cumulatively acknowledged.
  public var bytesOutstanding = 0
  /// Bytes in flight by the estimate of the loss recovery.
  public var bytesInFlight = 0
  /// Bytes outstanding that were selectively acknowledged.
  public var bytesSelectivelyAcknowledged = 0
  /// Bytes outstanding that are taken for lost.
  public var bytesLost = 0
  /// The greatest number of segments by which one was seen to overtake another.
  public var reorderingDegree = 0
  /// The shift of the windows that this side offers.
  public var receiveWindowShift: UInt8 = 0
  /// The shift of the windows that the peer offers.
  public var sendWindowShift: UInt8 = 0
  /// Bytes queued and never sent.
  public var bytesNotSent = 0
  /// Pacing rate, bytes a second; zero where transmissions are not paced.
  public var pacingRate: UInt64 = 0
  /// Delivery rate as last sampled, bytes a second.
  public var deliveryRate: UInt64 = 0
  /// Time in which there was data to send or to be acknowledged.
  public var busy = Interval.zero
  /// How much of it the peer's window held the sender back.
  public var limitedByReceiveWindow = Interval.zero
  /// How much of it the send buffer held the sender back: it was full, and all of it sent.
  public var limitedBySendBuffer = Interval.zero
  /// Timeouts in a row without progress.
  public var backoff = 0
  /// Zero-window probes in a row without an answer that opens the window.
  public var unansweredProbes = 0
  /// Time since data was last sent.
  public var sinceLastDataSent = Interval.zero
  /// Time since data last arrived.
  public var sinceLastDataReceived = Interval.zero
  /// Time since an acknowledgment last arrived.
  public var sinceLastAcknowledgmentReceived = Interval.zero

  // MARK: Counters

  /// Segments sent, retransmissions among them.
  public var segmentsSent: UInt64 = 0
  /// Segments received; a coalesced super-segment counts as many as it holds.
  public var segmentsReceived: UInt64 = 0
  /// Segments with data sent, retransmissions among them.
  public var dataSegmentsSent: UInt64 = 0
  /// Segments with data received.
  public var dataSegmentsReceived: UInt64 = 0
  /// Bytes of data sent, retransmissions among them.
  public var bytesSent: UInt64 = 0
  /// Bytes of data sent again.
  public var bytesRetransmitted: UInt64 = 0
  /// Bytes of data known to have arrived, cumulatively acknowledged or not.
  public var bytesDelivered: UInt64 = 0
  /// Bytes of data that the peer acknowledged.
  public var bytesAcknowledged: UInt64 = 0
  /// Bytes of data received in order.
  public var bytesReceived: UInt64 = 0
  /// Segments sent again.
  public var segmentsRetransmitted: UInt64 = 0
  /// Retransmission timeouts.
  public var timeouts: UInt64 = 0
  /// Times that data was found lost and recovery was begun.
  public var recoveries: UInt64 = 0
  /// Recoveries that were found needless and undone.
  public var spuriousRecoveries: UInt64 = 0
  /// Duplicate arrivals that the peer told by D-SACK (RFC 2883).
  public var duplicatesReported: UInt64 = 0
  /// Segments received out of order.
  public var outOfOrderSegmentsReceived: UInt64 = 0
  /// Segments received whose data had all been received before.
  public var duplicateSegmentsReceived: UInt64 = 0
  /// Challenge acknowledgments sent (RFC 5961).
  public var challengeAcknowledgmentsSent: UInt64 = 0
  /// Segments dropped as old duplicates by timestamp (PAWS).
  public var segmentsDroppedAsOld: UInt64 = 0
  /// Segments dropped because the budget of out-of-order ranges was spent.
  public var segmentsDroppedForRangeBudget: UInt64 = 0
  /// Segments sent that arrived marked with congestion, as the peer reports.
  public var congestionMarksReported: UInt64 = 0
  /// Segments received that were marked with congestion.
  public var congestionMarksReceived: UInt64 = 0

  /// All zero.
  public init() {}
}

/// What a handshake agreed on.
public struct NegotiatedOptions: OptionSet, Sendable, Hashable {
  /// One bit for each option.
  public let rawValue: UInt8

  /// The options of the given bits.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Timestamps (RFC 7323 section 3).
  public static let timestamps = NegotiatedOptions(rawValue: 1 << 0)
  /// Selective acknowledgment (RFC 2018).
  public static let selectiveAcknowledgment = NegotiatedOptions(rawValue: 1 << 1)
  /// Window scaling (RFC 7323 section 2).
  public static let windowScale = NegotiatedOptions(rawValue: 1 << 2)
  /// Explicit congestion notification (RFC 3168).
  public static let explicitCongestionNotification = NegotiatedOptions(rawValue: 1 << 3)
  /// Accurate explicit congestion notification (RFC 9768).
  public static let accurateCongestionNotification = NegotiatedOptions(rawValue: 1 << 4)
  /// The peer took data that was sent with the SYN (RFC 7413).
  public static let fastOpen = NegotiatedOptions(rawValue: 1 << 5)
}
