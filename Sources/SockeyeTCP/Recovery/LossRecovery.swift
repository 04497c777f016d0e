/// The sender's side of reliability for one connection: what is outstanding, what is lost, when to send
/// what, and how fast.
///
/// It owns SND.UNA and SND.NXT as stream offsets, the scoreboard, the round-trip estimate and the
/// retransmission timer, RACK-TLP, the congestion controller and the pacer. It knows nothing of payload,
/// windows offered to the peer or states; `Connection` asks and tells it:
///
/// 1. `init` when the connection leaves CLOSED; the SYN is offset 0 and goes through `nextTransmission`
///    and `sent` as data does.
/// 2. `established` when the handshake's options are known, before data is sent (fast open excepted).
/// 3. Before a burst: `if needsRoom { makeRoom() }`, the only call that allocates.
/// 4. `nextTransmission` until it answers `.nothing` or `.wait`; after each segment (or super-segment) that
///    really leaves, `sent` with the range that it carries.
/// 5. `acknowledged` for every acceptable segment with ACK, once, with the time of its *arrival*.
/// 6. `deadlineReached` when `nextDeadline` has come; then step 3.
///
/// Zero-window probes and keep-alives are the connection's own: they carry nothing that this struct
/// should count, and are sent without telling it.
struct LossRecovery: ~Copyable {
  /// SND.UNA: the first offset that is not cumulatively acknowledged.
  private(set) var unacknowledged: StreamOffset = 0
  /// SND.NXT: the first offset never sent.
  private(set) var next: StreamOffset = 0
  /// Timeouts in a row without an acknowledgement of new data between them (R1 and R2 count these).
  private(set) var consecutiveTimeouts: UInt8 = 0
  /// When the first of `consecutiveTimeouts` expired, less its timeout: what a user timeout counts from.
  private(set) var stalledSince = Instant.never

  /// Prepares for the SYN.
  ///
  /// - Parameters:
  ///   - configuration: read once; nothing of it is kept but what is needed.
  ///   - segmentSize: bytes of payload in a full-size segment, as far as is known yet.
  init(configuration: ConnectionConfiguration, segmentSize: UInt32, now: Instant) {}

  /// Call when the handshake is complete or, for a passive open, when the SYN's options are known and its
  /// acknowledgement has been given to `acknowledged`.
  ///
  /// - Parameters:
  ///   - selective: both sides permit SACK.
  ///   - timestamps: both sides use timestamps.
  ///   - segmentSize: bytes of payload in a full-size segment with the options that every segment carries.
  mutating func established(selective: Bool, timestamps: Bool, segmentSize: UInt32, now: Instant) {}

  // MARK: Storage

  /// Whether the records of what was sent have little room left. Without room nothing new is sent.
  var needsRoom: Bool { false }

  /// Makes room for records. Allocates, so it stays outside the functions that handle single segments.
  mutating func makeRoom() {}

  /// Returns storage that an idle connection does not need. Call when the connection has been idle a while.
  mutating func releaseRoom() {}

  // MARK: Sending

  /// What may be sent now. Ask again after each `sent`, until the answer is `.nothing` or `.wait`.
  mutating func nextTransmission(at now: Instant, limits: TransmissionLimits) -> Transmission { .nothing }

  /// Records that `range` left at `now`. What starts at `next` is new data; anything else repeats what
  /// `nextTransmission` last answered, or a prefix of it.
  ///
  /// - Parameter isPathProbe: the segment is larger than `segmentSize` to find out whether the path takes it.
  mutating func sent(_ range: Range<StreamOffset>, at now: Instant, isPathProbe: Bool = false) {}

  /// Whether the segment of new data about to be sent must carry CWR (RFC 3168 section 6.1.2). Answers true
  /// once for each reduction.
  mutating func takeCongestionWindowReduced() -> Bool { false }

  // MARK: Receiving

  /// Takes in an acknowledgement that arrived at `arrival` (not: that is being processed now).
  mutating func acknowledged(_ acknowledgement: borrowing Acknowledgement, at arrival: Instant)
    -> AcknowledgementOutcome
  { AcknowledgementOutcome() }

  // MARK: Time

  /// When `deadlineReached` must be called; `never` if nothing is due.
  var nextDeadline: Instant { .never }

  /// Runs the timer that is due at `now`, if one is.
  mutating func deadlineReached(at now: Instant) -> RecoveryAction { .none }

  // MARK: Changes of the path

  /// Call when the payload of a full-size segment changes (path MTU discovery, options).
  mutating func segmentSizeChanged(to segmentSize: UInt32, now: Instant) {}

  /// Call when ICMP said that what is outstanding was too big for the path, after `segmentSizeChanged`: it is
  /// sent again at once, and the congestion window is left alone (RFC 1191 section 6.3).
  mutating func outstandingTooBig(at now: Instant) {}

  // MARK: Facts

  /// Bytes believed to be in the network: the pipe of RFC 6675 section 4.
  var bytesInFlight: UInt64 { 0 }
  /// The smoothed round-trip time; nil before the first measurement.
  var smoothedRoundTripTime: Interval? { nil }
  /// The present retransmission timeout, back-off included.
  var retransmissionTimeout: Interval { .seconds(1) }
  /// Everything that Linux's TCP_INFO tells about the sender.
  var metrics: LossRecoveryMetrics { LossRecoveryMetrics() }
}
