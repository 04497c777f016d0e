public import SockeyeTCP
public import SockeyeWire

/// The two ends of a TCP conversation, by address and port; the first is the one that spoke first.
public struct ConversationKey: Hashable, Sendable {
  /// An address and a port.
  public struct Place: Hashable, Sendable, CustomStringConvertible {
    /// The address.
    public var address: IPAddress
    /// The port.
    public var port: UInt16

    /// The place as people write it.
    public var description: String { address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)" }
  }

  /// The end that spoke first.
  public var first: Place
  /// The other end.
  public var second: Place

  /// The same ends the other way round.
  var reversed: ConversationKey { ConversationKey(first: second, second: first) }
}

/// What is known of one conversation of a capture, in fixed memory, and its first segments where they are wanted.
public struct ConversationSummary: Sendable {
  /// Its place among the capture's conversations, from one.
  public let number: Int
  /// Its ends.
  public let key: ConversationKey
  /// When its first and its last segment passed, since the capture's first packet.
  public internal(set) var began: Instant
  /// The time of its last segment.
  public internal(set) var ended: Instant
  /// Segments, and bytes of data, from each end.
  public internal(set) var segments: (first: UInt64, second: UInt64) = (0, 0)
  /// Bytes of data from each end, what was sent again included.
  public internal(set) var bytes: (first: UInt64, second: UInt64) = (0, 0)
  /// How often each finding was made, by name.
  public internal(set) var findings: [String: UInt64] = [:]
  /// The states that the ends have come to, as far as segments prove.
  public internal(set) var states: StateInference
  /// The time from the SYN to the end of the handshake as it passed; nil if it wasn't seen.
  public internal(set) var handshakeRoundTrip: Interval?
  /// The events of its first segments, up to the table's limit.
  public internal(set) var events: [Event] = []
  /// How many segments came after that limit.
  public internal(set) var missedSegments: UInt64 = 0

  var numbering = Numbering()
  var analysis = SegmentAnalysis()

  init(number: Int, key: ConversationKey, time: Instant, startsOpen: Bool) {
    self.number = number
    self.key = key
    began = time
    ended = time
    states = startsOpen ? StateInference(first: .established, second: .established) : StateInference()
  }

  /// Data segments that were sent again, for whatever reason.
  public var retransmissions: UInt64 {
    ["retransmission", "fast-retransmission", "spurious-retransmission"].reduce(0) { $0 + (findings[$1] ?? 0) }
  }

  /// The conversation as its kept events tell it.
  public var conversation: Conversation {
    let initial: (State, State) = startedOpen ? (.established, .established) : (.closed, .listen)
    return Conversation(names: (key.first.description, key.second.description), initialStates: initial, events: events)
  }

  var startedOpen = false
}

/// A segment of a capture, and what was found out about it.
public struct SeenSegment: Sendable {
  /// The place of its conversation in the table, from zero.
  public var index: Int
  /// The segment.
  public var segment: Segment
  /// The end that sent it.
  public var from: End
  /// What is remarkable about it.
  public var findings: [Finding]
  /// Where its data lies in the packet, as far as the capture kept it.
  public var payload: Range<Int>
}

/// Sorts the packets of a capture into conversations.
///
/// Memory is bounded: conversations beyond a limit are counted and not kept, and segments are kept for one conversation,
/// or for each while there are few.
public struct ConversationTable: Sendable {
  /// What the table keeps.
  public struct Limits: Sendable {
    /// Conversations that are told apart.
    public var conversations = 100_000
    /// Segments that are kept in all.
    public var segments = 20_000
    /// The one conversation whose segments are kept; nil keeps them for all.
    public var onlyNumber: Int?
    /// Whether the kept segments keep the bytes of their headers.
    public var keepsHeaders = false
    /// The port that a conversation has to have at either end; nil takes all.
    public var port: UInt16?

    /// 100,000 conversations, 20,000 segments, no bytes.
    public init() {}
  }

  /// The conversations in the order of their beginning.
  public private(set) var conversations: [ConversationSummary] = []
  /// Packets without a TCP segment.
  public private(set) var otherPackets: UInt64 = 0
  /// TCP segments of conversations beyond the limit.
  public private(set) var unlistedSegments: UInt64 = 0
  private var places: [ConversationKey: Int] = [:]
  private var firstTime: UInt64?
  private var keptSegments = 0
  private let limits: Limits

  /// The date of the first packet, which is time zero, in milliseconds since 1970; 0 where the capture doesn't say.
  public var beganMilliseconds: Int64 { Int64(clamping: (firstTime ?? 0) / 1_000_000) }

  /// A table without conversations.
  public init(limits: Limits = Limits()) {
    self.limits = limits
  }

  /// Takes the next packet of the capture.
  ///
  /// - Parameters:
  ///   - packet: its bytes, as far as they were kept.
  ///   - captured: what the capture says of it.
  /// - Returns: what happened; nil if the packet belongs to no conversation.
  @discardableResult
  public mutating func add(_ packet: RawSpan, _ captured: CapturedPacket) -> SeenSegment? {
    let time = instant(captured.time)
    guard
      let found = Dissection(
        packet,
        linkType: captured.linkType,
        originalLength: Int(clamping: captured.originalLength)
      )
    else {
      otherPackets += 1
      return nil
    }
    if let port = limits.port, found.header.sourcePort != port, found.header.destinationPort != port { return nil }
    let from = ConversationKey.Place(address: found.source, port: found.header.sourcePort)
    let to = ConversationKey.Place(address: found.destination, port: found.header.destinationPort)
    guard let (index, end) = place(ConversationKey(first: from, second: to), found.header, time: time) else {
      unlistedSegments += 1
      return nil
    }
    var segment = conversations[index].numbering.segment(
      found.header,
      payloadLength: found.payloadLength,
      from: end,
      number: captured.number
    )
    let findings = conversations[index].analysis.findings(segment, from: end, at: time)
    conversations[index].count(segment, findings, from: end, time: time)
    if limits.keepsHeaders, isKept(index) {
      segment.headerBytes = found.headerRange.map { packet.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
    }
    keep(segment, from: end, time: time, index: index)
    return SeenSegment(index: index, segment: segment, from: end, findings: findings, payload: found.payloadRange)
  }

  /// Time since the first packet. Captures may go back in time; what lies before the first counts as the first.
  private mutating func instant(_ time: UInt64?) -> Instant {
    guard let time else { return conversations.last?.ended ?? .zero }
    let first = firstTime ?? time
    firstTime = first
    return .zero + .nanoseconds(Int64(clamping: time > first ? time - first : 0))
  }

  private mutating func place(_ key: ConversationKey, _ header: TCPHeader, time: Instant) -> (index: Int, end: End)? {
    let isOpening = header.flags.contains(.syn) && !header.flags.contains(.ack)
    if let index = places[key], !(isOpening && isOver(index)) { return (index, .first) }
    if let index = places[key.reversed], !(isOpening && isOver(index)) { return (index, .second) }
    guard conversations.count < limits.conversations else { return nil }
    places[key.reversed] = nil
    let index = conversations.count
    let startsOpen = !header.flags.contains(.syn) && !header.flags.contains(.rst)
    // A SYN,ACK that comes first is the second end's.
    let isAnswer = header.flags.isSuperset(of: [.syn, .ack])
    let ordered = isAnswer ? key.reversed : key
    var summary = ConversationSummary(number: index + 1, key: ordered, time: time, startsOpen: startsOpen)
    summary.startedOpen = startsOpen
    conversations.append(summary)
    places[key] = nil
    places[ordered] = index
    return (index, isAnswer ? .second : .first)
  }

  /// Whether a new SYN on the same ports begins another conversation.
  private func isOver(_ index: Int) -> Bool {
    let states = conversations[index].states
    return [.closed, .timeWait].contains(states.state(of: .first))
      || [.closed, .timeWait].contains(states.state(of: .second))
  }

  /// Whether the next segment of a conversation is kept.
  private func isKept(_ index: Int) -> Bool {
    keptSegments < limits.segments && (limits.onlyNumber == nil || limits.onlyNumber == index + 1)
  }

  private mutating func keep(_ segment: Segment, from end: End, time: Instant, index: Int) {
    let entered = conversations[index].states.sends(segment, from: end)
    let arrived = conversations[index].states.receives(segment, at: end.other)
    guard isKept(index) else {
      conversations[index].missedSegments += 1
      return
    }
    keptSegments += 1
    if let entered {
      conversations[index].events.append(Event(time: time, end: end, kind: .entered(entered)))
    }
    conversations[index].events.append(Event(time: time, end: end, kind: .sent(segment, .delivered)))
    conversations[index].events.append(Event(time: time, end: end.other, kind: .received(number: segment.number)))
    for state in arrived {
      conversations[index].events.append(Event(time: time, end: end.other, kind: .entered(state)))
    }
  }
}

extension ConversationSummary {
  mutating func count(_ segment: Segment, _ found: [Finding], from end: End, time: Instant) {
    ended = max(ended, time)
    if end == .first {
      segments.first += 1
      bytes.first += UInt64(clamping: segment.payloadLength)
    } else {
      segments.second += 1
      bytes.second += UInt64(clamping: segment.payloadLength)
    }
    for finding in found { findings[finding.name, default: 0] += 1 }
    handshakeRoundTrip = analysis.handshakeRoundTrip
  }
}
