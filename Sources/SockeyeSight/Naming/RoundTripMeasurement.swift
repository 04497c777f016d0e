public import SockeyeTCP

/// Measures round trips of one direction: from a segment's sending to the acknowledgment that covers it.
///
/// What was under way when something was sent again isn't measured: its acknowledgment may answer either sending, or
/// have waited for what was missing (Karn's rule; RFC 6298, section 3).
public struct RoundTripMeasurement: Sendable {
  private struct Sent: Sendable {
    var end: StreamOffset
    var time: Instant
    var isAmbiguous: Bool
  }

  /// More segments than that under way aren't remembered.
  private static let limit = 65_536
  private var underWay: [Sent] = []
  private var head = 0
  private var next: StreamOffset?

  /// A measurement that has seen nothing.
  public init() {}

  /// Takes a segment with sequence numbers from `start` to `end` that is sent at `time`.
  public mutating func sends(from start: StreamOffset, to end: StreamOffset, at time: Instant) {
    guard end > start else { return }
    if let next, start < next {
      for index in underWay.indices.dropFirst(head) { underWay[index].isAmbiguous = true }
    }
    guard end > next ?? 0 else { return }
    next = end
    if underWay.count - head < Self.limit { underWay.append(Sent(end: end, time: time, isAmbiguous: false)) }
  }

  /// Takes an acknowledgment at `time`. Returns the round trip of the last segment that it newly covers; nil if none.
  public mutating func acknowledges(_ acknowledgment: StreamOffset, at time: Instant) -> Interval? {
    var trip: Interval?
    while head < underWay.count, underWay[head].end <= acknowledgment {
      trip = underWay[head].isAmbiguous ? nil : time - underWay[head].time
      head += 1
    }
    if head > 1_024, head * 2 > underWay.count {
      underWay.removeFirst(head)
      head = 0
    }
    return trip
  }
}
