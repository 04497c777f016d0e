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
/// 3. Before sending, and before an acknowledgment is taken in: `if needsRoom { makeRoom() }`, the only call
///    that allocates beside `init` and `established`.
/// 4. `nextTransmission` until it answers `.nothing` or `.wait`; after each segment (or super-segment) that
///    really leaves, `sent` with the range that it carries.
/// 5. `acknowledged` for every acceptable segment with ACK, once, with the time of its *arrival*.
/// 6. `deadlineReached` when `nextDeadline` has come; then step 3.
///
/// Zero-window probes and keep-alives are the connection's own: they carry nothing that this struct
/// should count, and are sent without telling it.
///
/// A connection has one only while something is in flight, or was a moment ago: see `LossRecoveryStorage`.
@usableFromInline
struct LossRecovery: ~Copyable {
  var scoreboard: Scoreboard
  var roundTrip: RoundTripEstimator
  var deliveryRate: DeliveryRateEstimator
  var window: CongestionWindow
  /// NewReno until the connection is established; then as configured.
  var controller: CongestionControl
  let seed: UInt32
  var pacer: Pacer
  var recentAcknowledgment: RecentAcknowledgment
  var reduction = ProportionalRateReduction()
  var lossSearch = LossSearch()
  var undo = UndoState()
  var usage = WindowUsage()
  var knownBlocks = KnownBlocks()
  var counters: Counters

  /// The state of the sender, in Linux's names, because everyone's tools know them.
  var state = LossRecoveryMetrics.State.open
  /// `recover` of RFC 6582: where the present recovery, or reduction, ends; SND.NXT when it began.
  var recoveryPoint: StreamOffset
  /// Duplicate acknowledgments in a row on a connection without SACK; each stands for a segment that arrived.
  var duplicateAcknowledgments: UInt32 = 0
  /// How far the test for a spurious timeout has come (RFC 5682).
  var timeoutTest = TimeoutTest.off
  /// The tail loss probe.
  var probe = TailLossProbe()

  /// When the retransmission timer expires.
  var retransmissionDeadline = Instant.never
  /// When a tail loss probe is due.
  var probeDeadline = Instant.never
  /// When a segment that may only be reordered is taken for lost.
  var reorderingDeadline = Instant.never
  /// When the pacer lets the next quantum go, if something is waiting for that.
  var pacingDeadline = Instant.never

  /// Since when nothing of what is outstanding has been acknowledged: what a user timeout counts from
  /// (RFC 5482); `never` with nothing outstanding.
  var stalledSince = Instant.never
  /// When data was last sent.
  var lastSent: Instant
  /// Timeouts in a row without an acknowledgment of new data between them (R1 and R2 count these).
  var consecutiveTimeouts: UInt8 = 0
  /// What has been learnt about a probe of the path's MTU since the last acknowledgment was answered.
  var pathProbe = PathProbeOutcome.unknown
  var features: Features
  /// CWR is to be set on the next new data (RFC 3168 section 6.1.2).
  var needsCongestionWindowReduced: Bool

  /// Goes on after a pause, or prepares for the SYN.
  init(resuming rest: IdleRestart, at now: Instant) {
    scoreboard = Scoreboard(at: rest.offset)
    roundTrip = rest.roundTrip
    deliveryRate = DeliveryRateEstimator(resuming: rest.deliveryRate)
    window = rest.window
    seed = rest.seed
    controller = CongestionControl(
      resuming: rest.controller,
      window: rest.window,
      roundTripTime: rest.roundTrip.smoothed,
      delivered: rest.deliveryRate.delivered,
      at: now
    )
    // After a pause the path has room for what it has room for at the start.
    pacer = Pacer(initialBurst: min(window.initial, window.bytes))
    recentAcknowledgment = RecentAcknowledgment(resuming: rest.reordering)
    counters = rest.counters
    recoveryPoint = rest.offset
    lastSent = rest.lastSent
    features = rest.features
    needsCongestionWindowReduced = rest.needsCongestionWindowReduced
    updatePacingRate()
  }

  // Usable from inline, since Embedded Swift looks it up wherever a connection is destroyed.
  deinit { controller.deallocate() }

  /// Call when the handshake is complete or, for a passive open, when the SYN's options are known and its
  /// acknowledgment has been given to `acknowledged`.
  ///
  /// - Parameters:
  ///   - selective: both sides permit SACK.
  ///   - timestamps: both sides use timestamps.
  ///   - segmentSize: bytes of payload in a full-size segment with the options that every segment carries.
  ///   - algorithm: what is to govern the congestion window from here on.
  mutating func established(
    selective: Bool,
    timestamps: Bool,
    segmentSize: UInt32,
    algorithm: CongestionControlAlgorithm,
    now: Instant
  ) {
    features.insert(.established)
    if selective { features.insert(.selective) }
    if timestamps { features.insert(.timestamps) }
    window = CongestionWindow(segmentSize: segmentSize, initialSegments: window.initialSegments)
    if counters.timeouts > 0 {
      // A SYN was lost, or took longer than a second: start with one segment (RFC 6928 section 2) and with a
      // timeout that such a path asks for (RFC 6298 section 5.7). One retransmission of a SYN may have been
      // hasty, so Linux forgives it; so do we, where a timestamp told the round trip.
      if counters.timeouts > 1 || !roundTrip.hasMeasured { window.set(window.segmentSize) }
      if !roundTrip.hasMeasured { roundTrip.distrustInitialTimeout() }
    }
    state = .open
    undo = UndoState()
    timeoutTest = .off
    recoveryPoint = scoreboard.start
    pacer = Pacer(initialBurst: window.bytes)
    controller.deallocate()
    let start = CongestionStart(
      window: window,
      roundTripTime: roundTrip.smoothed,
      isSelective: selective,
      seed: UInt64(seed),
      now: now
    )
    controller = CongestionControl(algorithm, start)
    features.formUnion(controller.features)
    updatePacingRate()
  }

  // MARK: Storage

  /// Whether the records of what was sent have little room left. Without room nothing new is sent.
  @inline(__always)
  var needsRoom: Bool {
    scoreboard.ring.capacity - scoreboard.ring.count < LossRecovery.spareRecords
      && scoreboard.ring.capacity < LossRecovery.greatestRecordCount
  }

  /// Makes room for records. Allocates, so it stays outside the functions that handle single segments.
  mutating func makeRoom() {
    guard needsRoom else { return }
    scoreboard.ring.grow()
  }

  /// Records that must be free before something is sent: one acknowledgment may split eight.
  static let spareRecords = 16

  /// Records that are kept at the most: 16 MiB, and as many tiny segments as the peer can make the sender
  /// keep outstanding.
  static let greatestRecordCount = 1 << 18

  // MARK: Changes of the path

  /// Call when the payload of a full-size segment changes (path MTU discovery, options).
  mutating func segmentSizeChanged(to segmentSize: UInt32, now: Instant) {
    window.changeSegmentSize(to: segmentSize)
  }

  /// Call when ICMP said that what is outstanding was too big for the path, after `segmentSizeChanged`: it is
  /// sent again at once, and the congestion window is left alone (RFC 1191 section 6.3).
  mutating func outstandingTooBig(at now: Instant) {
    for index in 0..<scoreboard.ring.count {
      guard let record = scoreboard.ring.record(at: index) else { break }
      if UInt64(record.length) > window.segmentSize { scoreboard.markLost(at: index) }
    }
  }

  // MARK: Facts

  /// SND.UNA: the first offset that is not cumulatively acknowledged.
  var unacknowledged: StreamOffset { scoreboard.start }
  /// SND.NXT: the first offset never sent.
  var next: StreamOffset { scoreboard.end }
  /// The smoothed round-trip time; nil before the first measurement.
  var smoothedRoundTripTime: Interval? { roundTrip.hasMeasured ? roundTrip.smoothed : nil }
  /// The present retransmission timeout, back-off included.
  var retransmissionTimeout: Interval { roundTrip.timeout }

  /// `CongestionControl.ownsWindow`, without a look at the controller: for each segment that would be a copy of it.
  @inline(__always)
  var controllerOwnsWindow: Bool { features.contains(.controllerOwnsWindow) }

  /// Bytes believed to be in the network: the pipe of RFC 6675 section 4.
  ///
  /// Without SACK, each duplicate acknowledgment counts as a segment that left the network. That is what
  /// gives limited transmit (RFC 3042) and the inflation of RFC 6582 section 3.2 without their special rules.
  @inline(__always)
  var bytesInFlight: UInt64 {
    let pipe = scoreboard.bytesInFlight
    guard duplicateAcknowledgments > 0 else { return pipe }
    return pipe.clampedDifference(UInt64(duplicateAcknowledgments) * window.segmentSize)
  }

  /// What was agreed on and what is switched on.
  struct Features: OptionSet {
    var rawValue: UInt16
    static let established = Features(rawValue: 1 << 0)
    static let selective = Features(rawValue: 1 << 1)
    static let timestamps = Features(rawValue: 1 << 2)
    static let recentAcknowledgment = Features(rawValue: 1 << 3)
    static let tailLossProbe = Features(rawValue: 1 << 4)
    static let proportionalRateReduction = Features(rawValue: 1 << 5)
    static let timeoutTest = Features(rawValue: 1 << 6)
    static let pacing = Features(rawValue: 1 << 7)
    static let controllerOwnsWindow = Features(rawValue: 1 << 8)
    static let controllerCountsTransmissions = Features(rawValue: 1 << 9)
  }

  /// Counters for `metrics`.
  struct Counters {
    var bytesSent: UInt64 = 0
    var bytesRetransmitted: UInt64 = 0
    var bytesMarked: UInt64 = 0
    /// Bytes of D-SACK reports that were believed.
    var bytesDuplicated: UInt64 = 0
    var timeouts: UInt32 = 0
    var tailLossProbes: UInt32 = 0
    var recoveries: UInt32 = 0
    var undoneReductions: UInt32 = 0
    var duplicatesReported: UInt32 = 0
    var reorderingDegree: UInt32 = 0
  }
}
