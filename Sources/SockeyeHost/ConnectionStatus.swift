public import SockeyeTCP

/// One connection as its host sees it: what `ss -ti` tells of the kernel's.
public struct ConnectionStatus: Sendable {
  /// The address and port of this side.
  public var local: Endpoint
  /// The peer.
  public var remote: Endpoint
  /// Bytes that have arrived and were not read.
  public var receiveQueue: Int
  /// Bytes that were written and are not acknowledged.
  public var sendQueue: Int
  /// The algorithm that governs the congestion window.
  public var congestionControl: CongestionControlAlgorithm
  /// The connection's counters and gauges.
  public var metrics: ConnectionMetrics
}

extension Host where Storage: ~Copyable {
  /// Calls `body` with each connection, those excepted of which only the TIME-WAIT state is kept.
  public func forEachConnection(_ body: (ConnectionStatus) -> Void) {
    var next = streams.firstTaken(from: 0)
    while let index = next {
      let metrics = streams[index].connection.metrics(now: now)
      body(
        ConnectionStatus(
          local: streams[index].local,
          remote: streams[index].remote,
          receiveQueue: streams[index].connection.readableCount,
          sendQueue: streams[index].unacknowledgedCount(metrics),
          congestionControl: streams[index].connection.configuration.congestionControl,
          metrics: metrics
        )
      )
      next = streams.firstTaken(from: index.index + 1)
    }
  }
}
