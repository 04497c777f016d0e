public import SockeyeTCP

/// A rule that the engine broke in a simulation.
public struct Violation: Sendable, Equatable {
  /// The rules that are checked at every event.
  public enum Rule: Sendable, Equatable {
    /// Data was sent that the application has not written.
    case sentBeyondWritten
    /// Data was sent beyond the right edge of every window that the peer offered, other than a one-byte probe.
    case sentBeyondWindow
    /// Data was sent that the peer has acknowledged and the application has let go of.
    case sentBelowAcknowledged
    /// A segment's sequence number is not that of its data.
    case sequenceNumberOffPayload
    /// A segment has more data than the peer's maximum segment size or the path takes.
    case segmentTooLarge
    /// A segment's options do not fit in its header.
    case optionsTooLong
    /// An acknowledgment number went back.
    case acknowledgmentWentBack
    /// Data was acknowledged that has not been kept in order.
    case acknowledgedWhatWasNotKept
    /// The right edge of the window that is offered went back.
    case windowShrank
    /// Bytes are to be kept that the segment did not carry, or elsewhere than the segment says.
    case keptWhatWasNotSent
    /// Bytes are to be kept beyond the window that was offered.
    case keptBeyondWindow
    /// More ranges are held ahead of a gap than the configuration allows.
    case tooManyRanges
    /// What may be read is not what was kept in order.
    case readableOffKept
    /// A byte was read that is not the byte that was written there.
    case wrongByte
    /// The acknowledged count that the application is told went back or exceeds what was sent.
    case acknowledgedCountWrong
    /// The peer's close was told before all of its data could be read.
    case closedTooSoon
    /// The congestion window is out of bounds.
    case congestionWindowOutOfBounds
    /// A rule of the engine's own doesn't hold; the detail is the raw value of `Invariant`.
    case invariantBroken
    /// The bytes in flight exceed what is outstanding.
    case flightOutOfBounds
    /// A deadline stays in the past although everything was done that was due.
    case deadlineWithoutProgress
    /// Segments come without end at one instant.
    case segmentsWithoutEnd
    /// A connection has work to do, and neither a deadline nor a packet in the network.
    case stall
    /// The run took more events than any honest run would.
    case tooManyEvents
    /// A connection ended otherwise than the applications and the network explain.
    case unexplainedFailure
    /// A connection ended in order without all of its data having been read.
    case endedWithoutAllData
  }

  /// The rule.
  public let rule: Rule
  /// Which endpoint broke it.
  public let endpoint: Int
  /// When.
  public let time: Instant
  /// A number that says more: a place in the stream, a count.
  public let detail: UInt64
}
