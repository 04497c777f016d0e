/// What is remarkable about a segment, by the name that textbooks and analysers give it.
public enum Finding: Hashable, Sendable {
  /// Carries what was sent before and, as far as was seen, not acknowledged. The cause is a timeout.
  case retransmission
  /// The same, after at least two duplicate acknowledgments that asked for it (RFC 5681, section 3.2).
  case fastRetransmission
  /// Carries what had been acknowledged already.
  case spuriousRetransmission
  /// Came late: segments behind it in the stream came before it.
  case outOfOrder
  /// There is a gap before it: what belongs there was lost, or not captured.
  case previousSegmentMissing
  /// Acknowledges again what was acknowledged, and nothing else has changed; the number of such in a row.
  case duplicateAcknowledgment(count: Int)
  /// Offers no window: the receiver's buffer is full.
  case zeroWindow
  /// One byte, or none, into a closed window, to learn whether it has opened (RFC 9293, section 3.8.6.1).
  case zeroWindowProbe
  /// Answers such a probe; the window is still closed.
  case zeroWindowProbeAnswer
  /// Opens the window and says nothing else.
  case windowUpdate
  /// Fills the peer's window to the last byte.
  case windowFull
  /// Repeats the byte before what is expected, to learn whether the peer is there (RFC 9293, section 3.8.4).
  case keepAlive
  /// Answers a keep-alive.
  case keepAliveAnswer
  /// Breaks the connection off.
  case reset
  /// Refuses a connection: a reset that answers a SYN.
  case refusal
  /// Acknowledges what was not seen: the capture lacks segments.
  case acknowledgesUnseen
  /// Reports by D-SACK that something arrived twice (RFC 2883).
  case duplicateReported
}

extension Finding {
  /// The name by which programs know it.
  public var name: String {
    switch self {
    case .retransmission: "retransmission"
    case .fastRetransmission: "fast-retransmission"
    case .spuriousRetransmission: "spurious-retransmission"
    case .outOfOrder: "out-of-order"
    case .previousSegmentMissing: "previous-segment-missing"
    case .duplicateAcknowledgment: "duplicate-acknowledgment"
    case .zeroWindow: "zero-window"
    case .zeroWindowProbe: "zero-window-probe"
    case .zeroWindowProbeAnswer: "zero-window-probe-answer"
    case .windowUpdate: "window-update"
    case .windowFull: "window-full"
    case .keepAlive: "keep-alive"
    case .keepAliveAnswer: "keep-alive-answer"
    case .reset: "reset"
    case .refusal: "refusal"
    case .acknowledgesUnseen: "acknowledges-unseen"
    case .duplicateReported: "duplicate-reported"
    }
  }
}
