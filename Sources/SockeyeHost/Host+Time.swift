public import SockeyeTCP
internal import SockeyeWire

extension Host where Storage: ~Copyable {
  /// When `advance(to:)` is to be called at the latest; `never` if nothing waits. It is now while there may be something to
  /// send: `transmit` comes first.
  public var nextDeadline: Instant {
    @specialized(where Storage == ByteRing)
    mutating get {
      guard sending.isEmpty, packets.isEmpty else { return now }
      return min(wheel.nextDeadline(), min(timeWaits.nextDeadline, min(flows.nextDeadline, fragments.nextDeadline)))
    }
  }

  /// Sets the clock, which never goes back, and runs what is due.
  @specialized(where Storage == ByteRing)
  public mutating func advance(to time: Instant) {
    now = max(now, time)
    while let number = wheel.popExpired(now: now) {
      let index = StreamPlace(number)
      streams[index].connection.advance(to: now)
      settle(index)
    }
    while let tuple = timeWaits.popExpired(now: now) { tellEnd(ofTimeWait: tuple) }
    flows.expire(now: now)
    while let expired = fragments.expire(now: now) {
      statistics.fragmentsExpired += 1
      if !expired.quote.isEmpty { reportReassemblyTimeout(expired) }
    }
  }
}
