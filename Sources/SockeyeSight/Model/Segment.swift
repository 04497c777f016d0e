public import SockeyeTCP
public import SockeyeWire

/// A TCP segment of a conversation, with its numbers as they stand on the wire and counted from the start of each stream.
public struct Segment: Sendable {
  /// Its place among all segments of the conversation, from one.
  public var number: UInt64
  /// The header as it was sent.
  public var header: TCPHeader
  /// Bytes of data behind the header.
  public var payloadLength: Int
  /// Where the segment starts, counted from the sender's initial sequence number; nil where that isn't known.
  public var sequence: StreamOffset?
  /// What it acknowledges, counted from the peer's initial sequence number; nil without ACK or where that isn't known.
  public var acknowledgment: StreamOffset?
  /// The window that it offers in bytes, scaled as the SYNs agreed (RFC 7323, section 2.2); nil where they weren't seen.
  public var window: UInt64?
  /// Who is at the left end of the diagram, where that isn't the end that it is drawn for: a flood's invented senders.
  public var stranger: IPAddress?
  /// The header's bytes as they passed; empty where nobody kept them, and they follow from `header`.
  public var headerBytes: [UInt8] = []

  /// A segment from its parts.
  public init(
    number: UInt64,
    header: TCPHeader,
    payloadLength: Int,
    sequence: StreamOffset?,
    acknowledgment: StreamOffset?,
    window: UInt64? = nil
  ) {
    self.number = number
    self.header = header
    self.payloadLength = payloadLength
    self.sequence = sequence
    self.acknowledgment = acknowledgment
    self.window = window
  }

  /// Sequence numbers that the segment takes: its data, and one each for SYN and FIN (RFC 9293, section 3.4).
  public var sequenceLength: UInt64 {
    UInt64(clamping: payloadLength) + (header.flags.contains(.syn) ? 1 : 0) + (header.flags.contains(.fin) ? 1 : 0)
  }

  /// Where what follows the segment starts; nil where its own start isn't known.
  public var sequenceEnd: StreamOffset? { sequence.map { $0 + sequenceLength } }

  /// The window in bytes as far as is known: as it stands in the header where the SYNs weren't seen.
  var offeredWindow: UInt64 { window ?? UInt64(header.window) }
}

/// Turns sequence numbers of 32 bits into positions that count on, for both directions of a conversation.
///
/// Where no SYN was seen, the first number that was seen counts as one, so that the numbers shown stay small.
public struct Numbering: Sendable {
  private var initial: [SequenceNumber?] = [nil, nil]
  private var latest: [StreamOffset] = [0, 0]
  /// What each end's SYN said of its windows.
  private var scaling = [Scaling.unknown, .unknown]

  private enum Scaling: Sendable, Equatable {
    case unknown
    case none
    case shift(UInt8)
  }

  /// A numbering that has seen nothing.
  public init() {}

  /// Numbers a segment that `end` sent.
  public mutating func segment(
    _ header: TCPHeader,
    payloadLength: Int,
    from end: End,
    number: UInt64
  ) -> Segment {
    let own = Int(end.rawValue)
    let peer = Int(end.other.rawValue)
    let hasReset = header.flags.contains(.rst)
    if header.flags.contains(.syn) {
      let start = SequenceNumber(header.sequenceNumber)
      if initial[own] != start {
        initial[own] = start
        latest[own] = 0
      }
      // RFC 7323, section 2.3: a greater shift counts as 14.
      scaling[own] = header.options.windowScale.map { .shift(min($0, 14)) } ?? Scaling.none
    } else if initial[own] == nil, !hasReset {
      initial[own] = SequenceNumber(header.sequenceNumber &- 1)
    }
    let acknowledges = header.flags.contains(.ack)
    if acknowledges, initial[peer] == nil, !hasReset {
      initial[peer] = SequenceNumber(header.acknowledgmentNumber &- 1)
    }
    let sequence = position(header.sequenceNumber, direction: own)
    let acknowledgment = acknowledges ? position(header.acknowledgmentNumber, direction: peer) : nil
    let segment = Segment(
      number: number,
      header: header,
      payloadLength: payloadLength,
      sequence: sequence,
      acknowledgment: acknowledgment,
      window: window(header, own: own, peer: peer)
    )
    if let end = segment.sequenceEnd, !hasReset { latest[own] = max(latest[own], end) }
    return segment
  }

  /// Windows count in units where both ends offered to scale, except on a SYN (RFC 7323, section 2.2).
  private func window(_ header: TCPHeader, own: Int, peer: Int) -> UInt64? {
    let value = UInt64(header.window)
    if header.flags.contains(.syn) { return value }
    switch (scaling[own], scaling[peer]) {
    case (.unknown, _), (_, .unknown): return nil
    case (.shift(let shift), .shift): return value << UInt64(shift)
    case (.none, _), (_, .none): return value
    }
  }

  private func position(_ number: UInt32, direction: Int) -> StreamOffset? {
    guard let initial = initial[direction] else { return nil }
    return SequenceNumber(number).offset(near: latest[direction], initial: initial)
  }
}
