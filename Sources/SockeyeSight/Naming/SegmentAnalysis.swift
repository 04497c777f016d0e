public import SockeyeTCP
internal import SockeyeWire

/// Finds out what is remarkable about the segments of one conversation, from the segments alone.
///
/// The rules are those by which packet analysers name segments, so that what is said here can be compared with theirs.
/// Memory is fixed, whatever passes.
public struct SegmentAnalysis: Sendable {
  /// What is known of one direction.
  private struct Direction: Sendable {
    /// The end of the furthest data that was sent.
    var next: StreamOffset?
    /// What was not seen of the data before that.
    var gaps = SequenceGaps()
    /// The highest acknowledgment that this end sent, the window with it in bytes, and how often it was repeated.
    var acknowledgment: StreamOffset?
    var window: UInt64?
    var duplicates = 0
    /// The SACK blocks that this end sent last.
    var blocks = SACKBlocks()
    /// The same, as far as the other end has heard of it, and when it did.
    var heard: StreamOffset?
    var heardWindow: UInt64?
    var heardDuplicates = 0
    var heardTime = Instant.zero
    var lastWasSYN = false
    /// Whether the last segment of this end was a probe of the peer's window, or a keep-alive.
    var lastWasProbe = false
    var lastWasKeepAlive = false
    var hasSentSYN = false
    var hasAnsweredSYN = false
  }

  private var directions = [Direction(), Direction()]
  private var roundTrip: Interval?
  private var synTime: Instant?

  /// An analysis that has seen nothing.
  public init() {}

  /// The time between the first SYN and the segment that ended the handshake as it was seen; nil if it wasn't.
  public var handshakeRoundTrip: Interval? { roundTrip }

  /// Takes a segment that was seen passing at `time`, as in a capture. Returns what is remarkable about it.
  public mutating func findings(_ segment: Segment, from end: End, at time: Instant) -> [Finding] {
    let found = sends(segment, from: end, at: time)
    receives(segment, from: end, at: time)
    return found
  }

  /// Takes a segment that `end` sends at `time`. Returns what is remarkable about it, as far as `end` can know.
  public mutating func sends(_ segment: Segment, from end: End, at time: Instant) -> [Finding] {
    let flags = segment.header.flags
    let own = Int(end.rawValue)
    let peer = Int(end.other.rawValue)
    noteHandshake(segment, own: own, peer: peer, time: time)
    if flags.contains(.rst) {
      let answersSYN = directions[peer].hasSentSYN && !directions[own].hasSentSYN
      return [answersSYN && flags.contains(.ack) ? .refusal : .reset]
    }
    var found: [Finding] = []
    if let finding = sequenceFinding(segment, own: own, peer: peer, time: time) { found.append(finding) }
    found += acknowledgmentFindings(segment, own: own, peer: peer)
    noteSent(segment, found: found, own: own, time: time)
    return found
  }

  /// Takes a segment of `end` that arrives at the other end at `time`.
  public mutating func receives(_ segment: Segment, from end: End, at time: Instant) {
    let own = Int(end.rawValue)
    let flags = segment.header.flags
    guard !flags.contains(.rst), flags.contains(.ack), let acknowledgment = segment.acknowledgment else { return }
    let isRepeated = directions[own].heard == acknowledgment && segment.payloadLength == 0
    directions[own].heardDuplicates = isRepeated ? directions[own].duplicates : 0
    directions[own].heard = max(acknowledgment, directions[own].heard ?? 0)
    directions[own].heardWindow = segment.offeredWindow
    directions[own].heardTime = time
  }

  // MARK: What is sent

  private func sequenceFinding(_ segment: Segment, own: Int, peer: Int, time: Instant) -> Finding? {
    guard let start = segment.sequence, let end = segment.sequenceEnd, let next = directions[own].next else {
      return nil
    }
    let flags = segment.header.flags
    let takesRoom = segment.payloadLength > 0 || flags.contains(.syn) || flags.contains(.fin)
    let isSmall = segment.payloadLength <= 1 && !flags.contains(.syn) && !flags.contains(.fin)
    let peerWindow = directions[peer].heardWindow
    if isSmall, segment.payloadLength == 1, start == next, peerWindow == 0 { return .zeroWindowProbe }
    if isSmall, start + 1 == next, flags.contains(.ack) {
      return peerWindow == 0 ? .zeroWindowProbe : .keepAlive
    }
    // An acknowledgment without data shows a gap before it as well as data would.
    guard takesRoom else { return start > next ? .previousSegmentMissing : nil }
    // A SYN that is repeated as SYN,ACK answers one that crossed it (RFC 9293, section 3.5, figure 8).
    if flags.isSuperset(of: [.syn, .ack]), start == 0, !directions[own].hasAnsweredSYN { return nil }
    if start > next { return .previousSegmentMissing }
    if start == next || end > next && start + 1 == next { return windowFull(end: end, peer: peer) }
    return repeated(start: start, end: end, own: own, peer: peer, time: time)
  }

  private func repeated(start: StreamOffset, end: StreamOffset, own: Int, peer: Int, time: Instant) -> Finding {
    let receiver = directions[peer]
    if let heard = receiver.heard, end <= heard { return .spuriousRetransmission }
    // What was never seen and comes sooner than its sender could have heard of the gap was overtaken on the way.
    if let opened = directions[own].gaps.opening(of: start..<max(start, end)),
      time - opened < roundTrip ?? .milliseconds(3)
    {
      return .outOfOrder
    }
    let isAskedFor = receiver.heardDuplicates >= 2 && receiver.heard == start
    return isAskedFor && time - receiver.heardTime < .milliseconds(20) ? .fastRetransmission : .retransmission
  }

  private func windowFull(end: StreamOffset, peer: Int) -> Finding? {
    let receiver = directions[peer]
    guard let heard = receiver.heard, let window = receiver.heardWindow else { return nil }
    return window > 0 && end == heard + window ? .windowFull : nil
  }

  // MARK: What is acknowledged

  private func acknowledgmentFindings(_ segment: Segment, own: Int, peer: Int) -> [Finding] {
    let flags = segment.header.flags
    guard flags.contains(.ack), let acknowledgment = segment.acknowledgment else { return [] }
    var found: [Finding] = []
    let before = directions[own]
    let isBare = segment.payloadLength == 0 && !flags.contains(.syn) && !flags.contains(.fin)
    if let seen = directions[peer].next, acknowledgment > seen { found.append(.acknowledgesUnseen) }
    let window = segment.offeredWindow
    let repeats = isBare && before.acknowledgment == acknowledgment && segment.sequence == before.next
    if window == 0, !flags.contains(.syn) {
      let answersProbe = isBare && directions[peer].lastWasProbe && before.window == 0
      found.append(answersProbe ? .zeroWindowProbeAnswer : .zeroWindow)
    } else if repeats, directions[peer].lastWasKeepAlive {
      found.append(.keepAliveAnswer)
    } else if repeats, let last = before.window {
      let isOutstanding = directions[peer].next.map { $0 > acknowledgment } ?? false
      // RFC 6675, section 2: new SACK blocks make it a duplicate, whatever the window.
      let blocks = segment.header.options.sackBlocks
      let isDuplicate = last == window || !blocks.isEmpty && blocks != before.blocks
      if isDuplicate, isOutstanding {
        found.append(.duplicateAcknowledgment(count: before.duplicates + 1))
      } else if !isDuplicate, !before.lastWasSYN {
        found.append(.windowUpdate)
      }
    }
    if reportsDuplicate(segment) { found.append(.duplicateReported) }
    return found
  }

  /// RFC 2883, section 4: the first block lies below the acknowledgment, or within the second block.
  private func reportsDuplicate(_ segment: Segment) -> Bool {
    let blocks = segment.header.options.sackBlocks
    guard blocks.count > 0 else { return false }
    let acknowledgment = SequenceNumber(segment.header.acknowledgmentNumber)
    let first = blocks[0]
    if SequenceNumber(first.right) - acknowledgment <= 0 { return true }
    guard blocks.count > 1 else { return false }
    let isInside = SequenceNumber(first.left) - SequenceNumber(blocks[1].left) >= 0
    return isInside && SequenceNumber(blocks[1].right) - SequenceNumber(first.right) >= 0
  }

  // MARK: What is remembered

  private mutating func noteHandshake(_ segment: Segment, own: Int, peer: Int, time: Instant) {
    let flags = segment.header.flags
    if flags.contains(.syn), !flags.contains(.rst) {
      // A SYN with another initial number is another connection on the same ports.
      if segment.sequence == 0, directions[own].next ?? 0 > 1, !flags.contains(.ack) {
        directions = [Direction(), Direction()]
        roundTrip = nil
      }
      directions[own].hasSentSYN = true
      if !flags.contains(.ack) { synTime = time }
    } else if roundTrip == nil, let synTime, directions[own].hasSentSYN, directions[peer].hasSentSYN {
      roundTrip = time - synTime
    }
  }

  private mutating func noteSent(_ segment: Segment, found: [Finding], own: Int, time: Instant) {
    let flags = segment.header.flags
    directions[own].lastWasProbe = found.contains(.zeroWindowProbe)
    directions[own].lastWasKeepAlive = found.contains(.keepAlive)
    directions[own].lastWasSYN = flags.contains(.syn)
    if flags.isSuperset(of: [.syn, .ack]) { directions[own].hasAnsweredSYN = true }
    if let start = segment.sequence, let end = segment.sequenceEnd, !found.contains(.zeroWindowProbe) {
      directions[own].gaps.fill(start..<max(start, end))
      if let next = directions[own].next, start > next { directions[own].gaps.open(next..<start, at: time) }
      directions[own].next = max(directions[own].next ?? 0, end)
    }
    guard flags.contains(.ack), let acknowledgment = segment.acknowledgment else { return }
    var duplicates = 0
    for case .duplicateAcknowledgment(let count) in found { duplicates = count }
    let keepsCount = acknowledgment == directions[own].acknowledgment && segment.payloadLength > 0
    if !keepsCount { directions[own].duplicates = duplicates }
    directions[own].acknowledgment = max(acknowledgment, directions[own].acknowledgment ?? 0)
    directions[own].window = segment.offeredWindow
    directions[own].blocks = segment.header.options.sackBlocks
  }
}
