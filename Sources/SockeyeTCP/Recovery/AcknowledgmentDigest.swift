/// What one acknowledgment has told so far, while it is taken in.
struct AcknowledgmentDigest {
  let now: Instant
  let echoedTime: Instant?
  /// SND.UNA before the acknowledgment.
  let start: StreamOffset
  /// Bytes in flight before it.
  let inFlight: UInt64
  /// FlightSize before it (RFC 5681 section 2).
  let outstandingBytes: UInt64
  /// FlightSize before it, less what was selectively acknowledged.
  let undeliveredBytes: UInt64
  /// Bytes taken for lost since the start, before it.
  let lost: UInt64

  /// Bytes by which SND.UNA advanced.
  var newlyAcknowledged: UInt64 = 0
  /// Bytes newly delivered.
  var newlyDelivered: UInt64 = 0
  /// Bytes newly delivered selectively.
  var newlySelected: UInt64 = 0
  /// When the oldest and the newest cumulatively acknowledged segments were sent that were sent once.
  var oldestSentAt = Instant.never
  /// The newest of those delivered in any way.
  var newestSentAt = Instant(nanoseconds: .min)
  /// The oldest of those delivered selectively.
  var oldestSelectedSentAt = Instant.never
  /// When what had been sent more than once, of all that the acknowledgment is the first to tell of, was last sent.
  var newestRetransmissionAt = Instant(nanoseconds: .min)
  /// Records that were looked at and stayed as they were.
  var visits: UInt32 = 0
  var sample = RateSample()
  var facts = Facts()

  init(now: Instant, echoedTime: Instant?, inFlight: UInt64, scoreboard: borrowing Scoreboard, lost: UInt64) {
    self.now = now
    self.echoedTime = echoedTime
    self.inFlight = inFlight
    self.lost = lost
    start = scoreboard.start
    outstandingBytes = scoreboard.outstandingBytes
    undeliveredBytes = scoreboard.outstandingBytes.clampedDifference(scoreboard.deliveredBytes)
  }

  /// Whether it is the first to tell of something that had been sent more than once, so that this may have provoked it.
  @inline(__always)
  var tellsOfRetransmission: Bool { newestRetransmissionAt > Instant(nanoseconds: .min) }

  /// Notes that it is the first to tell of a record, either way, that had been sent more than once.
  @inline(__always)
  mutating func noteRetransmission(_ record: SentRecord) {
    newestRetransmissionAt = max(newestRetransmissionAt, record.sentAt)
  }

  struct Facts: OptionSet {
    var rawValue: UInt8
    /// Something that had been sent more than once was cumulatively acknowledged.
    static let retransmissionAcknowledged = Facts(rawValue: 1 << 0)
    /// Something sent once, before the recovery began, was delivered.
    static let originalDelivered = Facts(rawValue: 1 << 1)
    /// A D-SACK.
    static let duplicateReported = Facts(rawValue: 1 << 2)
    /// The D-SACK tells of the tail loss probe.
    static let probeDuplicated = Facts(rawValue: 1 << 3)
    /// Data was taken for lost that says something about congestion.
    static let congestiveLoss = Facts(rawValue: 1 << 4)
    /// A duplicate acknowledgment (RFC 5681 section 2).
    static let duplicate = Facts(rawValue: 1 << 5)
  }
}
