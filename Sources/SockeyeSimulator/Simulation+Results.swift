public import SockeyeTCP

extension Simulation {
  /// How many endpoints there are; those of the nth connection are numbered 2n and 2n + 1.
  public var endpointCount: Int { endpoints.count }

  /// Bytes that the program at an endpoint has written.
  public func bytesWritten(at endpoint: Int) -> UInt64 { endpoints[endpoint].pointee.application.written }

  /// Bytes that the program at an endpoint has read.
  public func bytesRead(at endpoint: Int) -> UInt64 { endpoints[endpoint].pointee.application.read }

  /// How the connection ended at an endpoint.
  public func outcome(at endpoint: Int) -> ConnectionOutcome { endpoints[endpoint].pointee.outcome }

  /// When the handshake was complete at an endpoint; nil if it never was.
  public func establishedAt(_ endpoint: Int) -> Instant? { endpoints[endpoint].pointee.establishedAt }

  /// When an endpoint was told that its peer had closed, which is when it has everything; nil if it never was.
  public func peerClosedAt(_ endpoint: Int) -> Instant? { endpoints[endpoint].pointee.closedByPeerAt }

  /// The engine's own counters and gauges.
  public func metrics(at endpoint: Int) -> ConnectionMetrics {
    endpoints[endpoint].pointee.connection.metrics(now: now)
  }

  /// What one direction of a link did.
  public func counters(ofLink link: Int) -> LinkCounters { links[link].counters }

  /// How many bytes wait in a link's queue.
  public mutating func queuedBytes(onLink link: Int) -> Int { links[link].queuedBytes(at: now) }

  /// When the next thing happens; nil if nothing will.
  public var nextEventTime: Instant? { queue.nextTime }
}
