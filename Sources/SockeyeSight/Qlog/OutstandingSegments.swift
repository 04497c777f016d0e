internal import SockeyeTCP
internal import SockeyeWire

/// The segments of one direction that are on their way, by number: which of them an acknowledgment answers, and which were
/// replaced by others.
///
/// qlog's tools know acknowledgments of packets. TCP acknowledges bytes, so that what answers a segment is the first
/// acknowledgment, cumulative or selective (RFC 2018), that covers it.
struct OutstandingSegments {
  private struct Sent {
    var number: UInt64
    var start: StreamOffset
    var end: StreamOffset
  }

  /// More aren't remembered.
  private static let limit = 65_536
  private var sent: [Sent] = []
  private var acknowledged: StreamOffset = 0
  private var next: StreamOffset = 0

  /// Sequence numbers that were sent and not acknowledged.
  var bytesInFlight: UInt64 { next - min(next, acknowledged) }

  /// Takes a segment that is sent. Returns the numbers of those that it repeats, which are taken for lost.
  mutating func sends(_ segment: Segment) -> [UInt64] {
    guard let start = segment.sequence, let end = segment.sequenceEnd, end > start else { return [] }
    var replaced: [UInt64] = []
    if start < next {
      sent.removeAll { old in
        guard old.start >= start, old.end <= end else { return false }
        replaced.append(old.number)
        return true
      }
    }
    next = max(next, end)
    if sent.count < Self.limit { sent.append(Sent(number: segment.number, start: start, end: end)) }
    return replaced
  }

  /// Takes an acknowledgment that arrives. Returns the numbers of the segments that it is the first to cover.
  mutating func acknowledges(_ segment: Segment) -> [UInt64] {
    guard let acknowledgment = segment.acknowledgment else { return [] }
    acknowledged = max(acknowledged, acknowledgment)
    var ranges: [Range<StreamOffset>] = [0..<acknowledgment]
    let blocks = segment.header.options.sackBlocks
    for index in blocks.indices {
      let left = SequenceNumber(blocks[index].left) - SequenceNumber(segment.header.acknowledgmentNumber)
      let length = SequenceNumber(blocks[index].right) - SequenceNumber(blocks[index].left)
      guard left > 0, length > 0 else { continue }
      ranges.append(acknowledgment + UInt64(left)..<acknowledgment + UInt64(left) + UInt64(length))
    }
    var covered: [UInt64] = []
    sent.removeAll { segment in
      guard ranges.contains(where: { $0.lowerBound <= segment.start && segment.end <= $0.upperBound }) else {
        return false
      }
      covered.append(segment.number)
      return true
    }
    return covered.sorted()
  }
}
