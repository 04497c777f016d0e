/// How long the sender has had data under way or waiting, and what held it back: Linux's `tcpi_busy_time`,
/// `tcpi_rwnd_limited` and `tcpi_sndbuf_limited`, which tell a slow network from a slow peer and from a small buffer.
struct SendLimits {
  /// What decides how fast the sender is.
  enum Limit: UInt8 {
    /// The application: there is nothing to send.
    case application
    /// The network: what is sent waits for acknowledgments, or for the congestion window.
    case network
    /// The peer's window.
    case receiveWindow
    /// The send buffer: it is full, and all of it has been sent.
    case sendBuffer
  }

  private var limit = Limit.application
  private var since = Instant.zero
  private var network: UInt32 = 0
  private var receiveWindow: UInt32 = 0
  private var sendBuffer: UInt32 = 0

  /// Times are counted in units of 65,536 ns, so that 32 bits last for three days and then stay.
  private static let unitShift: Int64 = 16

  /// From `now` on `limit` decides. What doesn't fill a unit counts for what comes next.
  @inline(__always)
  mutating func change(to limit: Limit, at now: Instant) {
    guard limit != self.limit else { return }
    count(until: now)
    self.limit = limit
  }

  private mutating func count(until now: Instant) {
    guard limit != .application else {
      since = now
      return
    }
    let units = (now - since).nanoseconds >> Self.unitShift
    since += .nanoseconds(units << Self.unitShift)
    switch limit {
    case .application: break
    case .network: network = Self.sum(network, units)
    case .receiveWindow: receiveWindow = Self.sum(receiveWindow, units)
    case .sendBuffer: sendBuffer = Self.sum(sendBuffer, units)
    }
  }

  private static func sum(_ count: UInt32, _ units: Int64) -> UInt32 { UInt32(clamping: Int64(count) + units) }

  /// Tells the times at `now`; busy is all time in which there was something to send.
  func describe(in metrics: inout ConnectionMetrics, at now: Instant) {
    var current = self
    current.count(until: now)
    metrics.limitedByReceiveWindow = Self.interval(current.receiveWindow)
    metrics.limitedBySendBuffer = Self.interval(current.sendBuffer)
    metrics.busy = Self.interval(current.network) + metrics.limitedByReceiveWindow + metrics.limitedBySendBuffer
  }

  private static func interval(_ units: UInt32) -> Interval { .nanoseconds(Int64(units) << unitShift) }
}

extension Connection {
  /// Notes what the sender waits for now.
  func presentLimit() -> SendLimits.Limit {
    guard outgoing.dataEnd > max(recovery.unacknowledged, 1) else { return .application }
    let unsent = outgoing.dataEnd - min(max(recovery.next, 1), outgoing.dataEnd)
    if unsent == 0 { return sendCapacity == 0 ? .sendBuffer : .network }
    let usable = windowEnd > recovery.next ? windowEnd - recovery.next : 0
    return usable < min(UInt64(outgoing.segmentSize), unsent) ? .receiveWindow : .network
  }
}
