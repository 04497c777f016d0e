public import SockeyeTCP

/// What a connection's sender goes by at one moment: windows, round trips and what is in flight.
///
/// A part of `ConnectionMetrics`, without what changes by the mere passing of time.
public struct ConnectionGauges: Sendable, Equatable {
  /// Bytes of the congestion window.
  public var congestionWindow: Int
  /// Bytes of the slow-start threshold; `Int.max` where none has been set.
  public var slowStartThreshold: Int
  /// Bytes that the peer lets this side have in flight.
  public var sendWindow: Int
  /// Bytes that this side lets the peer have in flight.
  public var receiveWindow: Int
  /// Bytes in flight by the estimate of the loss recovery.
  public var bytesInFlight: Int
  /// Bytes outstanding that are taken for lost.
  public var bytesLost: Int
  /// Bytes outstanding that were selectively acknowledged.
  public var bytesSelectivelyAcknowledged: Int
  /// Bytes queued and never sent.
  public var bytesNotSent: Int
  /// The smoothed round-trip time; zero before the first measurement.
  public var smoothedRoundTripTime: Interval
  /// The mean deviation of the round-trip time.
  public var roundTripTimeVariation: Interval
  /// The least round-trip time seen lately; zero before the first measurement.
  public var minimumRoundTripTime: Interval
  /// The retransmission timeout, back-off included.
  public var retransmissionTimeout: Interval
  /// Bytes a second at which transmissions are paced; zero where they are not.
  public var pacingRate: UInt64
  /// Bytes a second of the last delivery-rate sample.
  public var deliveryRate: UInt64
  /// Timeouts in a row without progress.
  public var backoff: Int
  /// What the sender is doing about losses.
  public var recoveryState: LossRecoveryMetrics.State

  /// The gauges among all that a connection tells.
  public init(_ metrics: ConnectionMetrics) {
    congestionWindow = metrics.congestionWindow
    slowStartThreshold = metrics.slowStartThreshold
    sendWindow = metrics.sendWindow
    receiveWindow = metrics.receiveWindow
    bytesInFlight = metrics.bytesInFlight
    bytesLost = metrics.bytesLost
    bytesSelectivelyAcknowledged = metrics.bytesSelectivelyAcknowledged
    bytesNotSent = metrics.bytesNotSent
    smoothedRoundTripTime = metrics.smoothedRoundTripTime
    roundTripTimeVariation = metrics.roundTripTimeVariation
    minimumRoundTripTime = metrics.minimumRoundTripTime
    retransmissionTimeout = metrics.retransmissionTimeout
    pacingRate = metrics.pacingRate
    deliveryRate = metrics.deliveryRate
    backoff = metrics.backoff
    recoveryState = metrics.recoveryState
  }
}
