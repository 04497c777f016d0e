/// A connection's loss recovery: at work in storage of its own while something is in flight, at rest otherwise.
///
/// Most connections are idle most of the time, and then need a tenth of that. It begins at rest, goes to work with
/// `makeRoom`, and back to rest when the connection has been idle for a while. Of what `LossRecovery` offers this has
/// what makes sense at rest too.
@usableFromInline
struct LossRecoveryStorage: ~Copyable {
  /// What is at work; nil at rest.
  private var working: UnsafeMutablePointer<LossRecovery>?
  /// What is known at rest; out of date while another is at work. (As the two cases of one enumeration they would be
  /// copied by each look at them, for each segment several times.)
  private var resting: IdleRestart

  /// At rest, before the SYN.
  init(configuration: ConnectionConfiguration, segmentSize: UInt32, seed: UInt64) {
    resting = IdleRestart(configuration: configuration, segmentSize: segmentSize, seed: seed)
  }

  // Usable from inline, since Embedded Swift looks it up wherever a connection is destroyed.
  @usableFromInline
  deinit {
    (working?.pointee.controller.resting ?? resting.controller).deallocate()
    working?.deinitialize(count: 1)
    working?.deallocate()
  }

  // MARK: Storage

  /// Whether `makeRoom` must be called before anything is sent.
  @inline(__always)
  var needsRoom: Bool {
    guard let working else { return true }
    return working.pointee.needsRoom
  }

  /// Goes to work, and makes room for records. Allocates.
  mutating func makeRoom(at now: Instant) {
    work(at: now).pointee.makeRoom()
  }

  /// Goes to rest, if nothing is in flight. Gives all storage back.
  mutating func rest() {
    guard let recovery = working, recovery.pointee.unacknowledged == recovery.pointee.next else { return }
    resting = IdleRestart(after: recovery.pointee)
    working = nil
    recovery.deinitialize(count: 1)
    recovery.deallocate()
  }

  /// Bytes of heap that are held, BBR's model not counted.
  var storageSize: Int {
    guard let working else { return 0 }
    let records = working.pointee.scoreboard.ring.capacity
    return MemoryLayout<LossRecovery>.size + records * MemoryLayout<SentRecord>.stride
  }

  // MARK: Invariants

  /// Records of what is outstanding.
  var recordCount: Int {
    guard let working else { return 0 }
    return working.pointee.scoreboard.ring.count
  }

  /// See `LossRecovery`; at rest all hold.
  func checkInvariants() -> Invariant? {
    guard let working else { return nil }
    return working.pointee.checkInvariants()
  }

  /// See `LossRecovery`; none at rest.
  var hasPathProbe: Bool {
    guard let working else { return false }
    return working.pointee.hasPathProbe
  }

  private mutating func work(at now: Instant) -> UnsafeMutablePointer<LossRecovery> {
    if let working { return working }
    let recovery = UnsafeMutablePointer<LossRecovery>.allocate(capacity: 1)
    recovery.initialize(to: LossRecovery(resuming: resting, at: now))
    working = recovery
    return recovery
  }

  // MARK: Facts

  /// SND.UNA.
  @inline(__always)
  var unacknowledged: StreamOffset {
    guard let working else { return resting.offset }
    return working.pointee.unacknowledged
  }

  /// SND.NXT.
  @inline(__always)
  var next: StreamOffset {
    guard let working else { return resting.offset }
    return working.pointee.next
  }

  /// cwnd, in bytes.
  var congestionWindow: UInt64 {
    guard let working else { return resting.window.bytes }
    return working.pointee.window.bytes
  }

  /// The present retransmission timeout, back-off included.
  var retransmissionTimeout: Interval {
    guard let working else { return resting.roundTrip.timeout }
    return working.pointee.retransmissionTimeout
  }

  /// See `LossRecovery`; none at rest.
  var consecutiveTimeouts: UInt8 {
    guard let working else { return 0 }
    return working.pointee.consecutiveTimeouts
  }

  /// See `LossRecovery`; `never` at rest.
  var stalledSince: Instant {
    guard let working else { return .never }
    return working.pointee.stalledSince
  }

  /// See `LossRecovery`; `never` at rest.
  @inline(__always)
  var nextDeadline: Instant {
    guard let working else { return .never }
    return working.pointee.nextDeadline
  }

  /// Everything that Linux's TCP_INFO tells about the sender.
  var metrics: LossRecoveryMetrics {
    guard let working else { return resting.metrics }
    return working.pointee.metrics
  }

  // MARK: Events

  /// See `LossRecovery`. Allocates.
  mutating func established(
    selective: Bool,
    timestamps: Bool,
    segmentSize: UInt32,
    algorithm: CongestionControlAlgorithm,
    now: Instant
  ) {
    work(at: now).pointee.established(
      selective: selective,
      timestamps: timestamps,
      segmentSize: segmentSize,
      algorithm: algorithm,
      now: now
    )
  }

  /// See `LossRecovery`. Allocates.
  mutating func change(to algorithm: CongestionControlAlgorithm, at now: Instant) {
    work(at: now).pointee.change(to: algorithm, at: now)
  }

  /// See `LossRecovery`.
  mutating func segmentSizeChanged(to segmentSize: UInt32, now: Instant) {
    if let working {
      working.pointee.segmentSizeChanged(to: segmentSize, now: now)
    } else {
      resting.window.changeSegmentSize(to: segmentSize)
    }
  }

  /// See `LossRecovery`.
  mutating func outstandingTooBig(at now: Instant) {
    guard let working else { return }
    working.pointee.outstandingTooBig(at: now)
  }

  /// See `LossRecovery`; nothing at rest.
  @inline(__always)
  mutating func nextTransmission(at now: Instant, limits: TransmissionLimits) -> Transmission {
    guard let working else { return .nothing }
    return working.pointee.nextTransmission(at: now, limits: limits)
  }

  /// See `LossRecovery`. Nothing is sent at rest.
  @inline(__always)
  mutating func sent(_ range: Range<StreamOffset>, at now: Instant, isPathProbe: Bool = false) {
    guard let working else { return }
    working.pointee.sent(range, at: now, isPathProbe: isPathProbe)
  }

  /// See `LossRecovery`. At rest there is nothing that an acknowledgment could concern.
  @inline(__always)
  mutating func acknowledged(_ acknowledgment: Acknowledgment, at arrival: Instant) -> AcknowledgmentOutcome {
    guard let working else { return AcknowledgmentOutcome() }
    return working.pointee.acknowledged(acknowledgment, at: arrival)
  }

  /// See `LossRecovery`; nothing is due at rest.
  mutating func deadlineReached(at now: Instant) -> RecoveryAction {
    guard let working else { return .none }
    return working.pointee.deadlineReached(at: now)
  }

  /// See `LossRecovery`.
  mutating func takeCongestionWindowReduced() -> Bool {
    guard let working else { return false }
    return working.pointee.takeCongestionWindowReduced()
  }
}
