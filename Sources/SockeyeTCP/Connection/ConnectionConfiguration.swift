/// What one connection may be told before it starts. The defaults are Linux's, where Linux has one.
///
/// Intervals are kept in whole milliseconds, up to seven weeks: every connection has a copy of its settings.
public struct ConnectionConfiguration: Sendable {
  // MARK: Windows and buffers

  /// Bytes of window offered in the SYN, exactly; also the window to start from.
  public var initialReceiveWindow: UInt32 = 65_535
  /// Bytes of received data, read or not yet read by the application, that the connection may hold at the start.
  public var receiveBuffer: UInt32 = 131_072
  /// Bytes up to which `autotune` may raise the receive buffer.
  public var maximumReceiveBuffer: UInt32 = 6_291_456
  /// Bytes that the application may queue ahead of what is acknowledged.
  public var sendBuffer: UInt32 = 4_194_304
  /// Let the application queue only what the peer drains allows, two congestion windows, up to `sendBuffer`.
  public var autotunesSendBuffer = false
  /// Grow the receive buffer with the rate at which the application reads (dynamic right-sizing).
  public var autotune = true
  /// Ranges of data that may be held ahead of a gap; what would make one more is dropped.
  public var maximumOutOfOrderRanges: UInt16 = 256

  // MARK: Options offered to the peer

  /// Offer and accept selective acknowledgments (RFC 2018).
  public var selectiveAcknowledgment = true
  /// Offer and accept timestamps (RFC 7323 section 3).
  public var timestamps = true
  /// The shift to offer for the receive window, 0 to 14; nil offers no scaling (RFC 7323 section 2).
  /// `automaticWindowScale` stands for the least shift that can express `maximumReceiveBuffer`.
  public var windowScale: UInt8? = ConnectionConfiguration.automaticWindowScale
  /// Explicit congestion notification to ask for as a client. A server accepts what is asked for, up to this.
  public var explicitCongestionNotification = ExplicitCongestionNotification.acceptOnly
  /// Fast open (RFC 7413): whether a client may send data with its SYN, and a server accept it.
  public var fastOpen = false

  // MARK: Loss recovery and congestion control

  /// The congestion control algorithm.
  public var congestionControl = CongestionControlAlgorithm.cubic
  /// Segments in the initial congestion window (RFC 6928).
  public var initialCongestionWindow: UInt16 = 10
  /// Time-based loss detection (RFC 8985); without it three duplicate acknowledgments (RFC 6675).
  public var recentAcknowledgment = true
  /// Tail loss probes (RFC 8985 section 7).
  public var tailLossProbe = true
  /// Proportional rate reduction (RFC 6937).
  public var proportionalRateReduction = true
  /// Detection of spurious timeouts (RFC 5682), with timestamps by Eifel (RFC 3522).
  public var forwardRetransmissionTimeoutRecovery = true
  /// Pace transmissions even where the congestion controller does not ask for it.
  public var pacing = true

  // MARK: Timers

  /// The retransmission timeout of the SYN, before the round trip has been measured (RFC 6298 section 2.1).
  @Milliseconds public var initialRetransmissionTimeout = Interval.milliseconds(1_000)
  /// The least retransmission timeout. RFC 6298 asks for a second; every deployed stack takes less.
  @Milliseconds public var minimumRetransmissionTimeout = Interval.milliseconds(200)
  /// The greatest retransmission timeout.
  @Milliseconds public var maximumRetransmissionTimeout = Interval.milliseconds(120_000)
  /// The longest that an acknowledgment is held back; capped at 500 ms (RFC 9293 section 3.8.6.3, MUST-40).
  @Milliseconds public var delayedAcknowledgment = Interval.milliseconds(40)
  /// Data segments at the start that are acknowledged at once.
  public var quickAcknowledgments: UInt8 = 16
  /// The maximum segment lifetime; TIME-WAIT lasts twice as long (RFC 9293 section 3.4.2).
  @Milliseconds public var maximumSegmentLifetime = Interval.milliseconds(60_000)
  /// How long a connection whose application has gone waits in FIN-WAIT-2 for the peer's FIN.
  @Milliseconds public var finWait2Timeout = Interval.milliseconds(60_000)
  /// Retransmissions of a SYN before the connection fails (RFC 9293 section 3.8.3, MUST-23): 255 seconds. Linux's 6 make
  /// 127, less than the three minutes that the RFC asks for.
  public var synRetries: UInt8 = 7
  /// Timeouts in a row of the same data before the connection fails: R2 (RFC 9293 section 3.8.3).
  public var dataRetries: UInt8 = 15
  /// Timeouts in a row after which the network layer is told to look for another path: R1 (SHLD-10).
  public var adviceRetries: UInt8 = 3
  /// How long data may stay unacknowledged before the connection fails (RFC 5482); nil leaves it to `dataRetries`.
  @OptionalMilliseconds public var userTimeout: Interval?
  /// Idle time after which keep-alive probes are sent; nil sends none (RFC 9293 section 3.8.4, MUST-25).
  @OptionalMilliseconds public var keepAliveIdle: Interval?
  /// What to set `keepAliveIdle` to where the application asks for keep-alive and says no more: two hours (MUST-28).
  public static let defaultKeepAliveIdle = Interval.seconds(7_200)
  /// Time between keep-alive probes that are not answered.
  @Milliseconds public var keepAliveInterval = Interval.seconds(75)
  /// Unanswered keep-alive probes after which the connection fails (MUST-29).
  public var keepAliveProbes: UInt8 = 9

  // MARK: Sending

  /// Hold back small segments while data is unacknowledged (Nagle; RFC 9293 section 3.7.4).
  public var nagle = true
  /// Segment size to announce and to obey, where it is less than what the path allows.
  public var maximumSegmentSize: UInt16?
  /// Search for a greater path MTU by probing (RFC 4821, RFC 8899), and recover from one that drops silently.
  public var pathMTUProbing = true

  // MARK: Defence

  /// Answer RST, SYN and ACK that are off the mark as RFC 5961 says; false answers as RFC 793 did.
  public var challengesBlindAttacks = true
  /// Challenge acknowledgments that one connection sends in a second (RFC 5961 section 7).
  public var challengeAcknowledgmentsPerSecond: UInt8 = 10

  /// The defaults.
  public init() {}

  /// How long a window may stay closed to data that no application waits for any more.
  static var orphanTimeout: Interval { .seconds(120) }

  /// Bytes that may be queued to a peer that has drained nothing yet.
  static var leastSendBuffer: UInt64 { 65_536 }

  /// The value of `windowScale` that chooses the least shift that can express `maximumReceiveBuffer`.
  public static let automaticWindowScale: UInt8 = 255
}

/// Which explicit congestion notification a connection asks for and accepts.
public enum ExplicitCongestionNotification: UInt8, Sendable, Comparable {
  /// Neither asks for it nor accepts it.
  case off
  /// Accepts RFC 3168 as a server, and does not ask for it as a client: Linux's default.
  case acceptOnly
  /// Asks for RFC 3168 and accepts it.
  case classic
  /// Asks for AccECN (RFC 9768), which can fall back to RFC 3168, and accepts both.
  case accurate

  /// Compares what the two allow.
  public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What the network layer says about the path to the peer.
public struct NetworkPath: Sendable, Equatable {
  /// Which IP carries the connection; it decides the default MSS.
  public enum Version: UInt8, Sendable {
    /// IPv4: 20 bytes of header, default MSS 536.
    case v4
    /// IPv6: 40 bytes of header, default MSS 1220.
    case v6
  }

  /// The version of IP.
  public var version: Version
  /// Bytes of the largest IP packet that the first link takes (MMS_S with the headers).
  public var maximumTransmissionUnit: UInt16
  /// Bytes of the largest IP packet that can be received and reassembled here, less nothing (MMS_R with the headers).
  public var maximumReceiveUnit: UInt16
  /// Bytes of IP options or extension headers that every segment will carry.
  public var networkOptionsLength: UInt16 = 0

  /// A path over a link of the given MTU, both ways.
  public init(version: Version, maximumTransmissionUnit: UInt16 = 1_500) {
    self.version = version
    self.maximumTransmissionUnit = maximumTransmissionUnit
    self.maximumReceiveUnit = maximumTransmissionUnit
  }
}
