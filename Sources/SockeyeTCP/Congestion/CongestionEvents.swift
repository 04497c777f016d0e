/// What a congestion controller is told when an acknowledgment has arrived.
public struct CongestionSample: Sendable {
  /// When the acknowledgment arrived.
  public internal(set) var now: Instant
  /// Bytes newly known to have arrived, cumulatively or selectively. Never 0 where the controller doesn't own its window.
  public internal(set) var newlyDelivered: UInt64
  /// Bytes newly taken for lost.
  public internal(set) var newlyLost: UInt64
  /// Bytes newly reported as CE-marked (RFC 9768).
  public internal(set) var newlyMarked: UInt64
  /// Bytes in flight before it.
  public internal(set) var inFlightBefore: UInt64
  /// Bytes in flight after it.
  public internal(set) var inFlight: UInt64
  /// SND.UNA after it, counted from the SYN, which is 0.
  public internal(set) var unacknowledged: UInt64
  /// SND.NXT, counted from the SYN.
  public internal(set) var next: UInt64
  /// The round-trip time of the newest segment that it acknowledged; zero if it measured none.
  public internal(set) var roundTripTime: Interval
  /// SRTT; zero if nothing has been measured.
  public internal(set) var smoothedRoundTripTime: Interval
  /// Whether the congestion window, and not the application or the peer's window, bounded what was in
  /// flight. Where it did not, nothing was learnt about whether more would fit (RFC 7661).
  public internal(set) var isWindowLimited: Bool
  /// Whether losses are being repaired, fast or after a timeout.
  public internal(set) var isRecovering: Bool
  /// How fast data arrives.
  public internal(set) var rate: RateSample
  /// Bytes delivered since the start.
  public internal(set) var delivered: UInt64
  /// Bytes taken for lost since the start.
  public internal(set) var lost: UInt64
}

/// Why the congestion window must come down.
public enum CongestionSignal: Sendable {
  /// Segments were lost, and fast recovery repairs them.
  case loss
  /// The network marked segments (RFC 3168 section 6.1.2).
  case explicitNotification
  /// The retransmission timer expired.
  case timeout
}

/// A transmission that is taken for lost, with what was known when it left.
public struct LostTransmission: Sendable {
  /// Where its data lies, counted from the SYN, which is 0.
  public internal(set) var range: Range<UInt64>
  /// Bytes in flight just after it left.
  public internal(set) var inFlightAtSend: UInt64
  /// Bytes taken for lost since the start, as it left.
  public internal(set) var lostAtSend: UInt64
  /// Bytes taken for lost since the start, with this.
  public internal(set) var lost: UInt64
  /// Bytes delivered since the start.
  public internal(set) var delivered: UInt64
  /// Whether the application limited the rate as it left.
  public internal(set) var isApplicationLimited: Bool

  @inline(__always)
  init(_ record: SentRecord, lost: UInt64, delivered: UInt64) {
    range = record.start..<max(record.end, record.start)
    inFlightAtSend = UInt64(record.inFlightAtSend)
    lostAtSend = record.lostAtSend
    self.lost = lost
    self.delivered = delivered
    isApplicationLimited = record.flags.contains(.applicationLimited)
  }
}

/// What is known of a path and a connection when its congestion controller is made: the handshake is over, and no data has
/// been sent.
public struct CongestionStart: Sendable {
  /// The initial window (RFC 6928), or less where the SYN was lost.
  public internal(set) var window: CongestionWindow
  /// The round-trip time of the handshake; zero if it measured none.
  public internal(set) var roundTripTime: Interval
  /// Whether both sides permit selective acknowledgments (RFC 2018).
  public internal(set) var isSelective: Bool
  /// What randomness should derive from. It is no secret, and differs between connections.
  public internal(set) var seed: UInt64
  /// The time.
  public internal(set) var now: Instant
}
