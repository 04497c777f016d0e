/// Counters and gauges of one connection's sender, as Linux's TCP_INFO has them.
public struct LossRecoveryMetrics: Sendable {
  /// What the sender is doing about losses.
  public enum State: UInt8, Sendable {
    /// Nothing is wrong.
    case open
    /// Duplicate acknowledgments or selective ones have arrived, no loss is established.
    case disorder
    /// The window was reduced because of ECN.
    case congestionWindowReduced
    /// Fast recovery.
    case recovery
    /// Recovery from a retransmission timeout.
    case loss
  }

  /// What the sender is doing about losses.
  public var state = State.open
  /// Times that the retransmission timeout is doubled at present.
  public var backoff: UInt8 = 0
  /// The retransmission timeout, back-off included.
  public var retransmissionTimeout = Interval.seconds(1)
  /// The smoothed round-trip time; zero before the first measurement.
  public var smoothedRoundTripTime = Interval.zero
  /// The mean deviation of the round-trip time.
  public var roundTripTimeVariation = Interval.zero
  /// The least round-trip time seen in the last minutes; zero before the first measurement.
  public var minimumRoundTripTime = Interval.zero
  /// Bytes of the congestion window.
  public var congestionWindow: UInt64 = 0
  /// Bytes of the slow start threshold; the greatest value while no congestion has been seen.
  public var slowStartThreshold = UInt64.max
  /// Bytes sent and not cumulatively acknowledged.
  public var bytesOutstanding: UInt64 = 0
  /// Bytes believed to be in the network.
  public var bytesInFlight: UInt64 = 0
  /// Bytes outstanding that were selectively acknowledged.
  public var bytesSelectivelyAcknowledged: UInt64 = 0
  /// Bytes outstanding that are taken for lost.
  public var bytesLost: UInt64 = 0
  /// Bytes sent, retransmissions included.
  public var bytesSent: UInt64 = 0
  /// Bytes sent again.
  public var bytesRetransmitted: UInt64 = 0
  /// Bytes known to have arrived.
  public var bytesDelivered: UInt64 = 0
  /// Bytes that arrived CE-marked, where AccECN tells; with RFC 3168, bytes acknowledged with ECE.
  public var bytesMarked: UInt64 = 0
  /// Retransmission timeouts since the start.
  public var timeouts: UInt32 = 0
  /// Tail loss probes sent since the start.
  public var tailLossProbes: UInt32 = 0
  /// Times that fast recovery was entered.
  public var recoveries: UInt32 = 0
  /// Reductions of the congestion window that were undone as spurious.
  public var undoneReductions: UInt32 = 0
  /// Segments that the peer reported as having arrived twice.
  public var duplicatesReported: UInt32 = 0
  /// The greatest number of segments by which one overtook another.
  public var reorderingDegree: UInt32 = 0
  /// Bytes a second of the last delivery-rate sample.
  public var deliveryRate: UInt64 = 0
  /// The last delivery-rate sample was limited by the application.
  public var isApplicationLimited = false
  /// Bytes a second at which the pacer releases data; the greatest value where it does not.
  public var pacingRate = UInt64.max
}

extension IdleRestart {
  /// Everything that Linux's TCP_INFO tells about a sender that has nothing in flight.
  var metrics: LossRecoveryMetrics {
    var metrics = LossRecoveryMetrics()
    metrics.backoff = roundTrip.backoff
    metrics.retransmissionTimeout = roundTrip.timeout
    metrics.smoothedRoundTripTime = roundTrip.smoothed
    metrics.roundTripTimeVariation = roundTrip.variation
    metrics.minimumRoundTripTime = roundTrip.minimum.value
    metrics.congestionWindow = window.bytes
    metrics.slowStartThreshold = window.slowStartThreshold
    metrics.bytesSent = counters.bytesSent
    metrics.bytesRetransmitted = counters.bytesRetransmitted
    metrics.bytesDelivered = deliveryRate.delivered
    metrics.bytesMarked = counters.bytesMarked
    metrics.timeouts = counters.timeouts
    metrics.tailLossProbes = counters.tailLossProbes
    metrics.recoveries = counters.recoveries
    metrics.undoneReductions = counters.undoneReductions
    metrics.duplicatesReported = counters.duplicatesReported
    metrics.reorderingDegree = counters.reorderingDegree
    metrics.deliveryRate = deliveryRate.latestRate
    metrics.isApplicationLimited = deliveryRate.isLatestRateApplicationLimited
    return metrics
  }
}

extension LossRecovery {
  /// Everything that Linux's TCP_INFO tells about the sender.
  var metrics: LossRecoveryMetrics {
    var metrics = IdleRestart(after: self).metrics
    metrics.state = state
    metrics.bytesOutstanding = scoreboard.outstandingBytes
    metrics.bytesInFlight = bytesInFlight
    metrics.bytesSelectivelyAcknowledged = scoreboard.deliveredBytes
    metrics.bytesLost = scoreboard.lostBytes
    metrics.pacingRate = pacer.rate
    return metrics
  }
}
