public import SockeyeTCP
internal import SockeyeWire

/// Finds out what is remarkable about the segments of a conversation in which strangers may take part, each with a connection
/// of its own.
public struct ConversationAnalysis: Sendable {
  private var own = SegmentAnalysis()
  private var strangers: [IPAddress: SegmentAnalysis] = [:]

  /// An analysis that has seen nothing.
  public init() {}

  /// Takes a segment that `end` sends at `time`. Returns what is remarkable about it, as far as `end` can know.
  public mutating func sends(_ segment: Segment, from end: End, at time: Instant) -> [Finding] {
    guard let stranger = segment.stranger else { return own.sends(segment, from: end, at: time) }
    return strangers[stranger, default: SegmentAnalysis()].sends(segment, from: end, at: time)
  }

  /// Takes a segment of `end` that arrives at the other end at `time`.
  public mutating func receives(_ segment: Segment, from end: End, at time: Instant) {
    guard let stranger = segment.stranger else { return own.receives(segment, from: end, at: time) }
    strangers[stranger, default: SegmentAnalysis()].receives(segment, from: end, at: time)
  }
}
