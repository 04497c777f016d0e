/// What must be known to take back a reduction of the window (RFC 4015, RFC 8985 section 6.2, RFC 5682).
struct UndoState {
  /// Whether there is a reduction that may still turn out to be spurious.
  private(set) var isArmed = false
  /// SND.UNA when it was made: D-SACKs before it say nothing about it.
  private(set) var start: StreamOffset = 0
  /// Bytes sent again since, less those that the peer reported as duplicates.
  private(set) var unexplainedBytes: UInt32 = 0
  /// When the first retransmission since was sent; `never` before it.
  private(set) var firstRetransmission = Instant.never
  /// The window before.
  private(set) var window: UInt32 = 0
  /// The slow-start threshold before.
  var threshold: UInt64 { storedThreshold == .max ? CongestionWindow.unknown : UInt64(storedThreshold) }
  private var storedThreshold: UInt32 = 0

  init() {}

  /// Remembers what is about to be reduced.
  ///
  /// - Parameter retransmittedBytes: bytes of a tail loss probe already in the network.
  mutating func arm(at start: StreamOffset, window: CongestionWindow, retransmittedBytes: UInt64) {
    if !isArmed || retransmittedBytes == 0 {
      firstRetransmission = retransmittedBytes > 0 ? firstRetransmission : .never
      unexplainedBytes = UInt32(clamping: retransmittedBytes)
    }
    self.start = start
    self.window = UInt32(clamping: window.bytes)
    storedThreshold = UInt32(clamping: window.slowStartThreshold)
    isArmed = true
  }

  /// Forgets the reduction: it was right, or has been undone.
  mutating func disarm() {
    isArmed = false
    firstRetransmission = .never
    unexplainedBytes = 0
  }

  /// Counts a retransmission.
  mutating func retransmitted(_ count: UInt64, at now: Instant) {
    if firstRetransmission == .never { firstRetransmission = now }
    unexplainedBytes = UInt32(clamping: UInt64(unexplainedBytes).clampedSum(count))
  }

  /// Counts a D-SACK.
  mutating func duplicateReported(_ range: Range<StreamOffset>) {
    guard isArmed, range.lowerBound >= start, firstRetransmission != .never else { return }
    let count = range.upperBound - range.lowerBound
    unexplainedBytes = UInt32(clamping: UInt64(unexplainedBytes).clampedDifference(count))
  }

  /// Whether every retransmission was reported as a duplicate: all of them had been needless.
  var isExplainedByDuplicates: Bool { isArmed && firstRetransmission != .never && unexplainedBytes == 0 }
}

/// The test for a spurious timeout (F-RTO, RFC 5682 section 3, with SACK).
enum TimeoutTest: UInt8 {
  /// Not running.
  case off
  /// Step 1: the first segment was sent again; its acknowledgment decides whether to go on.
  case awaitingFirst
  /// Step 2b: the acknowledgment advanced, so new data is sent instead of more retransmissions.
  case sendingNew
}

/// A tail loss probe (RFC 8985 section 7).
struct TailLossProbe {
  /// TLP.end_seq: SND.NXT when the probe was sent; 0 while none is outstanding.
  var end: StreamOffset = 0
  /// TLP.is_retrans.
  var isRetransmission = false
  /// The probe timer has expired and the probe has not been sent yet.
  var isPending = false

  init() {}

  /// Whether one is outstanding; only one is at a time.
  @inline(__always)
  var isOutstanding: Bool { end != 0 }
}

/// How much of the congestion window is really used (RFC 7661, in the simpler way that Linux has).
struct WindowUsage {
  /// The greatest flight in the present round.
  var greatestInFlight: UInt64 { UInt64(storedGreatest) }
  private var storedGreatest: UInt32 = 0
  /// The round ends when this is acknowledged.
  private var roundEnd: StreamOffset = 0
  /// Whether the window held something back in this round.
  private(set) var isLimited = false
  /// When the window was last known to be used.
  private(set) var validatedAt = Instant.never

  init() {}

  /// Notes what is in flight after a transmission, or when the window stopped one.
  @inline(__always)
  mutating func note(
    inFlight: UInt64,
    isLimited limited: Bool,
    unacknowledged: StreamOffset,
    next: StreamOffset,
    at now: Instant
  ) {
    if unacknowledged >= roundEnd || limited || (!isLimited && inFlight > greatestInFlight) {
      isLimited = limited
      storedGreatest = UInt32(clamping: inFlight)
      roundEnd = next
    }
    if limited || validatedAt == .never { validatedAt = now }
  }

  /// Starts a new period of validation.
  mutating func validated(at now: Instant) {
    validatedAt = now
    storedGreatest = 0
    isLimited = false
  }

  /// Whether an acknowledgment may make the window larger: in slow start where at least half of it is used,
  /// after that only where all of it is.
  @inline(__always)
  func allowsGrowth(of window: CongestionWindow) -> Bool {
    if isLimited { return true }
    return window.isInSlowStart && window.bytes < greatestInFlight.clampedSum(greatestInFlight)
  }
}

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
