internal import SockeyeTCP
internal import SockeyeWire

/// Puts together what both ends of one connection say, from its segments as they pass.
///
/// ```swift
/// for (end, piece) in follower.take(seen.segment, payload, from: seen.from) { show(piece, of: end) }
/// ```
///
/// Memory is bounded, for each direction by the limit and 128 KiB.
public struct ConversationFollower: Sendable {
  private var streams: [StreamReassembly]
  private var initial: [UInt32?] = [nil, nil]
  private let limit: Int

  /// A follower that has seen nothing.
  ///
  /// - Parameter limit: bytes that may wait in each direction for what is missing before them.
  public init(limit: Int = 1 << 20) {
    self.limit = limit
    streams = [StreamReassembly(limit: limit), StreamReassembly(limit: limit)]
  }

  /// Takes a segment.
  ///
  /// - Parameters:
  ///   - segment: the segment, with its place in the stream.
  ///   - payload: its data, as far as the capture kept it.
  ///   - end: the end that sent it.
  /// - Returns: what can be shown, each piece with the end that said it.
  public mutating func take(_ segment: Segment, _ payload: RawSpan, from end: End) -> [(end: End, piece: StreamPiece)] {
    let own = Int(end.rawValue)
    let flags = segment.header.flags
    var result: [(End, StreamPiece)] = []
    if flags.contains(.syn), !flags.contains(.rst) { result += restart(segment, from: end) }
    if flags.contains(.rst) { return result + [(end, .reset)] }
    if flags.contains(.ack), let acknowledgment = segment.acknowledgment, acknowledgment > 0 {
      result += streams[Int(end.other.rawValue)].acknowledged(upTo: acknowledgment - 1).map { (end.other, $0) }
    }
    // A SYN takes the number before the first byte, which it may bring along (RFC 7413).
    guard let sequence = segment.sequence.map({ flags.contains(.syn) ? $0 + 1 : $0 }), sequence > 0 else {
      return result
    }
    let start = sequence - 1
    result += streams[own].take(payload, count: segment.payloadLength, at: start).map { (end, $0) }
    if flags.contains(.fin) {
      result += streams[own].finish(at: start + UInt64(clamping: segment.payloadLength)).map { (end, $0) }
    }
    return result
  }

  /// Shows what is left when nothing more will come, with the gaps in it.
  public mutating func finish() -> [(end: End, piece: StreamPiece)] {
    [End.first, .second].flatMap { end in streams[Int(end.rawValue)].end().map { (end, $0) } }
  }

  /// A SYN with another initial number begins another connection.
  private mutating func restart(_ segment: Segment, from end: End) -> [(End, StreamPiece)] {
    let own = Int(end.rawValue)
    let number = segment.header.sequenceNumber
    defer { initial[own] = number }
    guard let before = initial[own], before != number, !segment.header.flags.contains(.ack) else { return [] }
    let rest = finish()
    initial = [nil, nil]
    streams = [StreamReassembly(limit: limit), StreamReassembly(limit: limit)]
    return rest + [(end, .restarted)]
  }
}
