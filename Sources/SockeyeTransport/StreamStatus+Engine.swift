public import NIOCore
import SockeyeNIO
import SockeyeTCP

extension StreamStatus {
  /// What Sockeye's own TCP knows beside what the kernel tells.
  public struct Engine: Sendable {
    /// What the sender is doing about losses.
    public enum Recovery: String, Sendable {
      /// Nothing is wrong.
      case open
      /// Something arrived out of order; no loss is established.
      case disorder
      /// The window was reduced because of ECN (RFC 3168).
      case congestionWindowReduced = "congestion-window-reduced"
      /// Fast recovery.
      case recovery
      /// Recovery from a retransmission time-out.
      case loss
    }

    /// The least round trip seen lately.
    public let minimumRoundTrip: TimeAmount
    /// What is on its way by the estimate of the loss recovery, in bytes.
    public let inFlight: Int
    /// How much the peer lets us have on its way, in bytes.
    public let sendWindow: Int
    /// How fast the path delivered what was sent, as last sampled, in bytes a second; 0 where it is unknown.
    public let deliveryRate: UInt64
    /// How fast is sent at most, in bytes a second; 0 where nothing is paced.
    public let pacingRate: UInt64
    /// How often a retransmission time-out has struck, in all.
    public let timeouts: UInt64
    /// What the sender is doing about losses.
    public let recovery: Recovery
  }

  /// Asks the engine; nothing where the channel is another's.
  static func ofHost(_ channel: any Channel) -> StreamStatus? {
    guard let stream = channel as? StreamChannel, let metrics = stream.metrics, let queued = stream.queuedCounts else {
      return nil
    }
    return StreamStatus(metrics, queued)
  }

  private init(_ metrics: ConnectionMetrics, _ queued: (readable: Int, unacknowledged: Int)) {
    state = metrics.state.name
    roundTrip = TimeAmount(metrics.smoothedRoundTripTime)
    roundTripVariation = TimeAmount(metrics.roundTripTimeVariation)
    retransmissionTimeout = TimeAmount(metrics.retransmissionTimeout)
    congestionWindow = metrics.congestionWindow
    slowStartThreshold = metrics.slowStartThreshold == .max ? nil : metrics.slowStartThreshold
    sendQueue = queued.unacknowledged
    receiveQueue = queued.readable
    receiveSpace = metrics.receiveWindow
    segmentSize = metrics.sendSegmentSize
    pathMTU = metrics.pathMTU
    retransmissions = Int(clamping: metrics.segmentsRetransmitted)
    lost =
      metrics.sendSegmentSize == 0 ? 0 : (metrics.bytesLost + metrics.sendSegmentSize - 1) / metrics.sendSegmentSize
    engine = Engine(
      minimumRoundTrip: TimeAmount(metrics.minimumRoundTripTime),
      inFlight: metrics.bytesInFlight,
      sendWindow: metrics.sendWindow,
      deliveryRate: metrics.deliveryRate,
      pacingRate: metrics.pacingRate,
      timeouts: metrics.timeouts,
      recovery: Engine.Recovery(metrics)
    )
  }
}

extension StreamStatus.Engine.Recovery {
  fileprivate init(_ metrics: ConnectionMetrics) {
    self =
      switch metrics.recoveryState {
      case .open: .open
      case .disorder: .disorder
      case .congestionWindowReduced: .congestionWindowReduced
      case .recovery: .recovery
      case .loss: .loss
      }
  }
}

extension TimeAmount {
  fileprivate init(_ interval: Interval) { self = .nanoseconds(interval.nanoseconds) }
}
