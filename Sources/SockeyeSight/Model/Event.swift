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

/// A connection's state by its name in RFC 9293, section 3.3.2.
public enum State: String, Hashable, Sendable, CaseIterable {
  /// No connection.
  case closed = "CLOSED"
  /// Waits for a peer's SYN.
  case listen = "LISTEN"
  /// Has sent a SYN.
  case synSent = "SYN-SENT"
  /// Has sent a SYN and received one.
  case synReceived = "SYN-RECEIVED"
  /// Open in both directions.
  case established = "ESTABLISHED"
  /// Has sent a FIN that isn't acknowledged.
  case finWait1 = "FIN-WAIT-1"
  /// Waits for the peer's FIN; its own is acknowledged.
  case finWait2 = "FIN-WAIT-2"
  /// Has received a FIN and not sent one.
  case closeWait = "CLOSE-WAIT"
  /// Both sent FINs at once; its own is not acknowledged.
  case closing = "CLOSING"
  /// Closed after its peer; its FIN is not acknowledged.
  case lastAck = "LAST-ACK"
  /// Waits for twice the maximum segment lifetime.
  case timeWait = "TIME-WAIT"

  /// The state of an engine's connection.
  public init(_ state: ConnectionState.Name) {
    self =
      switch state {
      case .closed: .closed
      case .listen: .listen
      case .synSent: .synSent
      case .synReceived: .synReceived
      case .established: .established
      case .finWait1: .finWait1
      case .finWait2: .finWait2
      case .closeWait: .closeWait
      case .closing: .closing
      case .lastAck: .lastAck
      case .timeWait: .timeWait
      }
  }
}
