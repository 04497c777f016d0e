/// A congestion controller: decides how much may be in the network.
///
/// The engine finds losses, repairs them and tells the controller what happened; the controller answers by setting a
/// ``CongestionWindow``. The events are kept apart on purpose: a timeout, a loss and a duplicate acknowledgment ask for
/// different answers. One that a controller has no use for it leaves out, for all but two have a body that does nothing.
///
/// There are two kinds. Where ``ownsWindow`` is false, the window grows by ``acknowledged(_:window:)`` while there is no
/// congestion; ``congested(_:flight:window:at:)`` sets the slow-start threshold, to which the engine leads the window by
/// proportional rate reduction (RFC 6937); after a pause, and where the application leaves the window unused, it is decayed
/// (RFC 2861); and what turns out to be spurious is undone. Where it is true, all of that is the controller's, which is told
/// of every acknowledgment, and only a timeout makes the window that of one segment until the next acknowledgment.
///
/// ``SuppliedCongestionController`` gives one of one's own to a connection. NewReno, CUBIC and BBR are such types too.
public protocol CongestionController: SendableMetatype {
  /// Whether the controller sets its window itself throughout; the same for all its life. False where it isn't declared.
  var ownsWindow: Bool { get }

  /// The rate at which to send, in bytes a second, asked for after each event where ``ownsWindow`` is true. 0, which it is
  /// where it isn't declared, holds nothing back.
  var pacingRate: UInt64 { get }

  /// Whether the controller keeps the flight small for reasons of its own, so that delivery rates measured meanwhile say
  /// nothing about the path. Asked for after each acknowledgment where ``ownsWindow`` is true; false where it isn't declared.
  var holdsBack: Bool { get }

  /// Data left, new or again.
  ///
  /// - Parameters:
  ///   - count: bytes of it.
  ///   - inFlightBefore: bytes that were in flight before them.
  ///   - isApplicationLimited: whether the application has had too little to send for the path to be filled.
  ///   - now: when it left.
  mutating func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant)

  /// An acknowledgment arrived that delivered data, or any acknowledgment where ``ownsWindow`` is true. Grows the window.
  ///
  /// - Parameters:
  ///   - sample: what it told.
  ///   - window: the window to set.
  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow)

  /// A transmission was taken for lost. Reported for each, before what follows from it.
  ///
  /// - Parameters:
  ///   - loss: what was lost.
  ///   - window: the window to set.
  ///   - now: when that was found out.
  mutating func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant)

  /// There is congestion: reported at most once in a round trip. Sets the slow-start threshold, and where ``ownsWindow`` is
  /// true the window too.
  ///
  /// - Parameters:
  ///   - signal: how that was found out.
  ///   - flight: bytes that were outstanding.
  ///   - window: the window to set.
  ///   - now: when that was found out.
  mutating func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant)

  /// Fast recovery, or recovery from a timeout, has ended.
  ///
  /// - Parameters:
  ///   - window: the window to set.
  ///   - now: when it ended.
  mutating func recovered(window: inout CongestionWindow, at now: Instant)

  /// The last congestion had not happened: goes back to what was before it. Where ``ownsWindow`` is false the engine has
  /// restored the window itself, and its threshold.
  ///
  /// - Parameters:
  ///   - window: the window to set.
  ///   - now: when that was found out.
  mutating func spurious(window: inout CongestionWindow, at now: Instant)

  /// Sending begins again after a pause with nothing in flight that was longer than a retransmission timeout.
  ///
  /// - Parameters:
  ///   - idle: how long the pause was.
  ///   - window: the window to set.
  ///   - now: when sending begins.
  mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant)
}

extension CongestionController {
  /// False: the engine leads the window through reductions.
  @inline(__always)
  public var ownsWindow: Bool { false }

  /// 0: nothing is held back.
  @inline(__always)
  public var pacingRate: UInt64 { 0 }

  /// False: delivery rates tell what the path delivers.
  @inline(__always)
  public var holdsBack: Bool { false }

  /// Does nothing.
  @inline(__always)
  public mutating func sent(_ count: UInt64, inFlightBefore: UInt64, isApplicationLimited: Bool, at now: Instant) {}

  /// Does nothing.
  @inline(__always)
  public mutating func lost(_ loss: LostTransmission, window: inout CongestionWindow, at now: Instant) {}

  /// Does nothing.
  @inline(__always)
  public mutating func recovered(window: inout CongestionWindow, at now: Instant) {}

  /// Does nothing.
  @inline(__always)
  public mutating func spurious(window: inout CongestionWindow, at now: Instant) {}

  /// Does nothing.
  @inline(__always)
  public mutating func restarted(afterIdle idle: Interval, window: inout CongestionWindow, at now: Instant) {}
}
