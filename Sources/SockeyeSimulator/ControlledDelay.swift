public import SockeyeTCP

/// CoDel, which keeps a queue's delay bounded (RFC 8289): once packets have waited longer than a target for a whole interval,
/// it drops one, and the next ones sooner and sooner until the wait is short again.
///
/// A direction of a link knows a packet's wait when it arrives, since nothing overtakes in the queue and its rate is known;
/// what RFC 8289 decides when a packet leaves is decided then, for the time when it would leave. That no more than one
/// packet waits, which keeps the standard from dropping, is seen in what waits before it instead of behind it.
public struct ControlledDelay: Sendable, Equatable {
  /// How long a packet may wait: 5 ms unless said (section 4.4).
  public var target: Interval
  /// For how long it may be longer before something is done: 100 ms unless said, a usual round trip (section 4.3).
  public var interval: Interval

  /// Creates a queue's control.
  public init(target: Interval = .milliseconds(5), interval: Interval = .milliseconds(100)) {
    self.target = target
    self.interval = interval
  }

  /// Sixteen intervals, after which a spell is forgotten (section 5.4).
  var longInterval: Interval {
    let (product, overflow) = interval.nanoseconds.multipliedReportingOverflow(by: 16)
    return .nanoseconds(overflow ? .max : product)
  }

  /// The control law of section 5.3: pauses shrink with the root of how many were dropped.
  func pause(_ count: UInt64) -> Interval {
    .nanoseconds(Int64(Double(interval.nanoseconds) / Self.squareRoot(max(1, count))))
  }

  /// A square root by Heron's method, for programs that link no mathematics.
  private static func squareRoot(_ number: UInt64) -> Double {
    var root = Double(UInt64(1) << UInt64((64 - number.leadingZeroBitCount) / 2))
    for _ in 0..<6 { root = (root + Double(number) / root) / 2 }
    return root
  }
}

/// How far CoDel is with a queue.
struct DelayControl: Sendable {
  private var state = State.short(lastCount: 0, lastDrop: nil)

  private enum State: Sendable {
    /// Packets wait less than the target. Tells how many were dropped in the last spell, and when its next would have been.
    case short(lastCount: UInt64, lastDrop: Instant?)
    /// They wait longer; from `until` on one is dropped if none has waited less.
    case long(until: Instant, lastCount: UInt64, lastDrop: Instant?)
    /// One is dropped at each `next`.
    case dropping(next: Instant, count: UInt64, first: UInt64)
  }

  /// Decides whether a packet is dropped. Call it in the order of time.
  ///
  /// - Parameters:
  ///   - control: what the queue's delay is to be.
  ///   - wait: how long it waits in the queue.
  ///   - bytesAhead: what waits before it, in bytes.
  ///   - departure: when its turn comes.
  mutating func drops(by control: ControlledDelay, wait: Interval, bytesAhead: Int, departure: Instant) -> Bool {
    guard wait >= control.target, bytesAhead > Self.longestPacket else {
      state = .short(lastCount: lastCount, lastDrop: lastDrop)
      return false
    }
    switch state {
    case .short(let lastCount, let lastDrop):
      state = .long(until: departure + control.interval, lastCount: lastCount, lastDrop: lastDrop)
      return false
    case .long(let until, let lastCount, let lastDrop):
      guard departure >= until else { return false }
      // Where the last spell is hardly over, it goes on at the rate that it had reached (section 5.4).
      let isRecent = lastDrop.map { departure < $0 + control.longInterval } ?? false
      let count = isRecent && lastCount > 1 ? lastCount : 1
      state = .dropping(next: departure + control.pause(count), count: count, first: count)
      return true
    case .dropping(let next, let count, let first):
      guard departure >= next else { return false }
      state = .dropping(next: next + control.pause(count + 1), count: count + 1, first: first)
      return true
    }
  }

  private static let longestPacket = 1500

  private var lastCount: UInt64 {
    switch state {
    case .short(let count, _), .long(_, let count, _): count
    case .dropping(_, let count, let first): count - first
    }
  }

  private var lastDrop: Instant? {
    switch state {
    case .short(_, let time), .long(_, _, let time): time
    case .dropping(let next, _, _): next
    }
  }
}
