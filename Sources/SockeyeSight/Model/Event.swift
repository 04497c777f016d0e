public import SockeyeSimulator
public import SockeyeTCP

/// One of the two ends of a conversation.
public enum End: UInt8, Hashable, Sendable {
  /// The end that is drawn on the left: the one that spoke first.
  case first
  /// The other end.
  case second

  /// The end opposite to this one.
  public var other: End { self == .first ? .second : .first }
}

/// One thing that happened at one end of a conversation.
///
/// Events have two producers, an engine that tells its own truth and inference from packets, and views that draw them
/// without knowing which of the two it was.
public struct Event: Sendable {
  /// When it happened, since the conversation's producer began to count.
  public var time: Instant
  /// Where it happened.
  public var end: End
  /// What happened.
  public var kind: Kind

  /// What can happen at an end.
  public enum Kind: Sendable {
    /// The end sent a segment.
    case sent(Segment, Fate)
    /// The end sent a packet that is no segment.
    case datagram(Datagram, Fate)
    /// A segment, or another packet, of that number arrived at the end.
    case received(number: UInt64)
    /// The end's connection entered a state.
    case entered(State)
    /// What the end's sender goes by has changed; only an engine tells.
    case updated(ConnectionGauges)
  }

  /// An event from its parts.
  public init(time: Instant, end: End, kind: Kind) {
    self.time = time
    self.end = end
    self.kind = kind
  }
}

/// What became of a segment on its way, as far as the producer knows.
public enum Fate: Hashable, Sendable, CaseIterable {
  /// It arrives, or nobody knows better.
  case delivered
  /// It arrives with a byte changed, so that its checksum is wrong.
  case corrupted
  /// It arrives twice.
  case duplicated
  /// It vanishes on the wire.
  case lost
  /// It is dropped because the queue before a bottleneck is full.
  case queueFull
  /// It is dropped because packets wait too long in the queue (CoDel, RFC 8289).
  case queueDelay
  /// It is dropped because the link is down.
  case linkDown

  /// Whether the segment never arrives.
  public var isDropped: Bool {
    switch self {
    case .lost, .queueFull, .queueDelay, .linkDown: true
    case .delivered, .corrupted, .duplicated: false
    }
  }
}

/// A connection's state, without what it needs to know.
public typealias State = ConnectionState.Name
