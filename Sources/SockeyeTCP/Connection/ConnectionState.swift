/// The eleven states of RFC 9293 section 3.3.2. What a state alone needs to know travels inside it.
public enum ConnectionState: Sendable, Equatable {
  /// No connection: not yet opened, or over.
  case closed
  /// Waiting for any peer's SYN. A host keeps listeners, not connections, in this state;
  /// see `ListenDecision`. A connection is in it only after a passive open came to nothing.
  case listen
  /// A SYN has been sent and not been answered.
  case synSent
  /// A SYN has come and one has been sent. Remembers where it came from (RFC 9293 section 3.5, MUST-11).
  case synReceived(from: OpeningSide)
  /// Open in both directions.
  case established
  /// This side has closed, and its FIN is not acknowledged.
  case finWait1
  /// This side's FIN is acknowledged and the peer may still send; gives up at `expiry` where the application has gone.
  case finWait2(expiry: Instant)
  /// The peer has closed and this side may still send.
  case closeWait
  /// Both sides closed at once; this side's FIN is not acknowledged.
  case closing
  /// The peer closed first, then this side, whose FIN is not acknowledged.
  case lastAck
  /// Both directions are closed; answers stray segments of the connection until `expiry`.
  case timeWait(expiry: Instant)
}

/// How a connection came to be opened.
public enum OpeningSide: UInt8, Sendable {
  /// By `open`: from SYN-SENT.
  case active
  /// By a peer's SYN: from LISTEN.
  case passive
}

extension ConnectionState {
  /// Whether both SYNs are known to have arrived (RFC 9293 section 3.5.1).
  public var isSynchronized: Bool {
    switch self {
    case .closed, .listen, .synSent, .synReceived: false
    case .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck, .timeWait: true
    }
  }

  /// Whether the peer may still send data that is to be delivered: its FIN has not come.
  public var receivesData: Bool {
    switch self {
    case .established, .finWait1, .finWait2: true
    case .closed, .listen, .synSent, .synReceived, .closeWait, .closing, .lastAck, .timeWait: false
    }
  }

  /// Whether data that is queued may go out: this side is open, or is sending what precedes its FIN.
  public var sendsData: Bool {
    switch self {
    case .established, .finWait1, .closeWait, .closing, .lastAck: true
    case .closed, .listen, .synSent, .synReceived, .finWait2, .timeWait: false
    }
  }

  /// Whether the connection exists no more, or never did.
  public var isClosed: Bool {
    self == .closed || self == .listen
  }
}
