internal import SockeyeTCP
internal import SockeyeWire

/// What the sender of a transfer saw: the segments that it sent, and the acknowledgments that reached it.
///
/// A capture taken elsewhere on the path shows acknowledgments before they reach the sender, and data after it left. The
/// handshake tells how far away the sender is, and acknowledgments are taken for so much later.
struct SenderTrace {
  /// One thing that the sender did or learned.
  struct Step {
    enum Kind {
      case sent(start: UInt64, end: UInt64, again: Bool)
      case acknowledged(upTo: UInt64, window: UInt64)
    }

    var time: Instant
    var number: UInt64
    var kind: Kind
  }

  /// In the order of time.
  private(set) var steps: [Step] = []
  /// Bytes of data in a full segment.
  private(set) var segmentSize: UInt64 = 0
  /// The round trip of the sender's SYN; nil where it wasn't seen.
  private(set) var handshake: Interval?
  /// Whether packets were seen nearer to the receiver, where queues before it don't show in round trips.
  private(set) var isFar = false
  /// When the first segment of the conversation was sent.
  private(set) var began = Instant.zero

  /// The trace of what `sender` sent.
  init(_ conversation: Conversation, sender: End) {
    let distance = Self.lag(conversation, sender: sender)
    // A segment that takes less to transmit than those of the handshake mustn't come before what caused it.
    let lag = distance - min(distance / 32, .microseconds(500))
    var acknowledgments: [UInt64: Segment] = [:]
    var next: UInt64 = 1
    var opened: Instant?
    var sizes = SegmentSizes()
    began = conversation.events.first?.time ?? .zero
    for event in conversation.events {
      switch event.kind {
      case .sent(let segment, _) where event.end == sender:
        if segment.header.flags.contains(.syn) { opened = event.time }
        sizes.note(segment)
        let length = UInt64(clamping: segment.payloadLength)
        guard let start = segment.sequence, length > 0 else { continue }
        steps.append(
          Step(
            time: event.time,
            number: segment.number,
            kind: .sent(start: start, end: start + length, again: start < next)
          )
        )
        next = max(next, start + length)
      case .sent(let segment, _):
        acknowledgments[segment.number] = segment
        sizes.note(segment)
      case .received(let number) where event.end == sender:
        guard let segment = acknowledgments.removeValue(forKey: number), let upTo = segment.acknowledgment else {
          continue
        }
        if handshake == nil, let opened, upTo > 0 { handshake = event.time + lag - opened }
        let kind = Step.Kind.acknowledged(upTo: upTo, window: segment.offeredWindow)
        steps.append(Step(time: event.time + lag, number: number, kind: kind))
      case .received, .entered, .updated, .datagram: continue
      }
    }
    segmentSize = sizes.full
    isFar = lag * 2 > handshake ?? .zero
    // What happens at one instant keeps its order.
    let order = steps.indices.sorted { (steps[$0].time, $0) < (steps[$1].time, $1) }
    steps = order.map { steps[$0] }
  }

  /// The round trip between where packets were seen and the sender; zero where each end tells its own time.
  private static func lag(_ conversation: Conversation, sender: End) -> Interval {
    var opening: Instant?
    var answer: Instant?
    for event in conversation.events {
      guard case .sent(let segment, _) = event.kind else { continue }
      let flags = segment.header.flags
      if flags.isSuperset(of: [.syn, .ack]) {
        answer = event.time
      } else if flags.contains(.syn) {
        opening = event.time
      } else {
        guard let opening, let answer, isSeenAtOnePlace(conversation) else { return .zero }
        return sender == .first ? event.time - answer : answer - opening
      }
    }
    return .zero
  }

  /// Whether the first segment arrives when it leaves, as it does in a capture.
  private static func isSeenAtOnePlace(_ conversation: Conversation) -> Bool {
    var left: [UInt64: Instant] = [:]
    for event in conversation.events {
      switch event.kind {
      case .sent(let segment, _): left[segment.number] = event.time
      case .received(let number): return left[number] == event.time
      case .entered, .updated, .datagram: continue
      }
    }
    return false
  }
}

/// Finds how much data a full segment of a conversation has.
private struct SegmentSizes {
  private var announced: UInt64?
  private var hasTimestamps = false
  private var largest: UInt64 = 0
  private var largestCount = 0
  private var count = 0

  mutating func note(_ segment: Segment) {
    let options = segment.header.options
    if segment.header.flags.contains(.syn), let size = options.maximumSegmentSize {
      announced = min(announced ?? .max, UInt64(size))
      hasTimestamps = options.timestamp != nil
    }
    let length = UInt64(clamping: segment.payloadLength)
    guard length > 0 else { return }
    count += 1
    if length > largest { (largest, largestCount) = (length, 0) }
    if length == largest { largestCount += 1 }
  }

  /// What most segments have where that is one size, so that a path that takes less than was announced counts; else what
  /// was announced, less the timestamps (RFC 7323, section 3.2).
  var full: UInt64 {
    guard let announced, largestCount * 2 < count || largest > announced else { return largest }
    return announced - min(announced, hasTimestamps ? 12 : 0)
  }
}
