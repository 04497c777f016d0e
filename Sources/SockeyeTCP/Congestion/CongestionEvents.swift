/// What a congestion controller is told when data has been acknowledged.
struct CongestionSample {
  /// When the acknowledgment arrived.
  var now: Instant
  /// Bytes newly known to have arrived, cumulatively or selectively. Never 0 for the loss-based algorithms.
  var newlyDelivered: UInt64
  /// Bytes newly taken for lost.
  var newlyLost: UInt64
  /// Bytes newly reported as CE-marked.
  var newlyMarked: UInt64
  /// Bytes in flight before and after.
  var inFlightBefore: UInt64
  /// Bytes in flight after it.
  var inFlight: UInt64
  /// SND.UNA after it.
  var unacknowledged: StreamOffset
  /// SND.NXT.
  var next: StreamOffset
  /// The round-trip time of the newest segment that it acknowledged; zero if it measured none.
  var roundTripTime: Interval
  /// SRTT; zero if nothing has been measured.
  var smoothedRoundTripTime: Interval
  /// Whether the congestion window, and not the application or the peer's window, bounded what was in
  /// flight. Where it did not, nothing was learnt about whether more would fit (RFC 7661).
  var isWindowLimited: Bool
  /// Whether losses are being repaired, fast or after a timeout.
  var isRecovering: Bool
  /// The delivery rate.
  var rate: RateSample
  /// Bytes delivered since the start.
  var delivered: UInt64
  /// Bytes taken for lost since the start.
  var lost: UInt64
}

/// Why the congestion window must come down.
enum CongestionSignal {
  /// Segments were lost, and fast recovery repairs them.
  case loss
  /// The network marked segments (RFC 3168 section 6.1.2).
  case explicitNotification
  /// The retransmission timer expired.
  case timeout
}

/// The events of a congestion controller.
///
/// They are kept apart on purpose: one event for timeout, duplicate acknowledgment and loss has cost other
/// stacks years. No event but `congested` and `timedOut` makes a loss-based window smaller. Dispatch is
/// static, by `CongestionController`; the protocol only says what an algorithm must answer.
protocol CongestionAlgorithm {
  /// Bytes left, new or again. `inFlightBefore` is what was in flight before them.
  mutating func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant)

  /// An acknowledgment newly delivered data. Grows the window.
  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow)

  /// A transmission was taken for lost. Reported for each, before what follows from it.
  mutating func lost(
    _ record: SentRecord,
    totalDelivered: UInt64,
    totalLost: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  )

  /// Congestion, at most once in a round trip; `flight` bytes were outstanding. Sets the slow-start threshold,
  /// and for algorithms that own their window the window too; otherwise proportional rate reduction leads it
  /// there.
  mutating func congested(
    _ signal: CongestionSignal,
    flight: UInt64,
    window: inout CongestionWindow,
    at now: Instant
  )

  /// Fast recovery, or recovery from a timeout, has ended.
  mutating func recovered(window: inout CongestionWindow, at now: Instant)

  /// The last congestion had not happened: goes back to what was before it. The window itself is restored
  /// by the caller, where the algorithm doesn't own it.
  mutating func spurious(window: inout CongestionWindow, at now: Instant)

  /// Sending begins again after a pause of `idle` with nothing in flight.
  mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant)
}
