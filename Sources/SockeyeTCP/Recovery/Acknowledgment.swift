/// What one arriving segment says about what was sent, in stream offsets.
///
/// The caller has already discarded segments that RFC 9293 section 3.10.7.4 tells it to: `cumulative` lies
/// between SND.UNA and SND.NXT (RFC 5961 section 5.2 decides about older ones). Everything else may lie;
/// `LossRecovery` checks it.
struct Acknowledgment {
  /// The offset that SEG.ACK stands for.
  var cumulative: StreamOffset
  /// The SACK blocks in the order in which they stand in the option, D-SACK included (RFC 2018, RFC 2883).
  var selective = SelectiveAcknowledgments()
  /// The time that the echoed timestamp stands for, at the start of its tick (RFC 7323 section 4); nil without one.
  ///
  /// The caller turns TSecr into the instant at which its own timestamp clock took that value, by the
  /// nearest wrap.
  var echoedTime: Instant?
  /// The segment occupies sequence space, so it is no duplicate acknowledgment (RFC 5681 section 2, b and c).
  var occupiesSequenceSpace = false
  /// The segment changes the send window, so it is no duplicate acknowledgment (RFC 5681 section 2, e).
  var changesWindow = false
  /// ECE is set on a connection that negotiated RFC 3168.
  var congestionEcho = false
  /// Bytes that AccECN newly reports as CE-marked (RFC 9768), 0 where it is not in use.
  var markedBytes: UInt64 = 0

  init(cumulative: StreamOffset) {
    self.cumulative = cumulative
  }

  /// Whether it matters even with nothing outstanding. That of a segment whose receiver only listens doesn't, and such
  /// are most.
  @inline(__always)
  var saysMore: Bool { selective.count > 0 || congestionEcho || markedBytes > 0 }
}

/// Up to four SACK blocks as ranges of stream offsets, without a heap allocation.
struct SelectiveAcknowledgments {
  private var blocks: (Range<StreamOffset>, Range<StreamOffset>, Range<StreamOffset>, Range<StreamOffset>) =
    (0..<0, 0..<0, 0..<0, 0..<0)
  /// How many blocks there are, 0 to 4.
  private(set) var count = 0

  init() {}

  /// Adds a block; one that is empty or reversed, or a fifth, is ignored.
  @inline(__always)
  mutating func append(from start: StreamOffset, to end: StreamOffset) {
    guard start < end else { return }
    switch count {
    case 0: blocks.0 = start..<end
    case 1: blocks.1 = start..<end
    case 2: blocks.2 = start..<end
    case 3: blocks.3 = start..<end
    default: return
    }
    count += 1
  }

  /// The block at `index`; an empty one where there is none.
  subscript(index: Int) -> Range<StreamOffset> {
    guard index < count else { return 0..<0 }
    switch index {
    case 0: return blocks.0
    case 1: return blocks.1
    case 2: return blocks.2
    default: return blocks.3
    }
  }
}

/// What became of what was sent, as far as one acknowledgment told.
struct AcknowledgmentOutcome {
  /// Bytes of sequence space by which SND.UNA advanced.
  var newlyAcknowledged: UInt64 = 0
  /// Bytes newly known to have arrived, whether cumulatively or selectively.
  var newlyDelivered: UInt64 = 0
  /// Bytes newly taken for lost.
  var newlyLost: UInt64 = 0
  /// Records that were looked at and stayed as they were: the work that the acknowledgment made for nothing.
  var visits: UInt32 = 0
  /// What was learnt about a segment sent as a path MTU probe.
  var pathProbe = PathProbeOutcome.unknown
  /// What happened to the recovery state.
  var events = RecoveryEvents()
}

/// What was learnt about a segment that was sent as a path MTU probe.
enum PathProbeOutcome: UInt8 {
  /// Nothing.
  case unknown
  /// It arrived: the path takes its size.
  case delivered
  /// It was lost. That was not held against the congestion window (RFC 4821 section 7.5).
  case lost
}

/// Changes of the recovery state.
struct RecoveryEvents: OptionSet {
  var rawValue: UInt8
  /// Fast recovery began.
  static let recoveryStarted = RecoveryEvents(rawValue: 1 << 0)
  /// Recovery ended with everything delivered that was outstanding when it began.
  static let recoveryFinished = RecoveryEvents(rawValue: 1 << 1)
  /// A reduction of the congestion window turned out to be spurious and was undone.
  static let reductionUndone = RecoveryEvents(rawValue: 1 << 2)
  /// The peer discarded data that it had selectively acknowledged (RFC 2018 section 8).
  static let reneged = RecoveryEvents(rawValue: 1 << 3)
  /// The congestion window was reduced because of ECN.
  static let congestionExperienced = RecoveryEvents(rawValue: 1 << 4)
  /// The peer reported a segment that arrived twice (RFC 2883).
  static let duplicateReported = RecoveryEvents(rawValue: 1 << 5)
}
