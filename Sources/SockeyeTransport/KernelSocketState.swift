/// A state of a socket, with the number that Linux gives it in its tables and in TCP_INFO.
public enum KernelSocketState: UInt8, Sendable {
  /// Open in both directions.
  case established = 1
  /// Has sent a SYN.
  case synSent
  /// Has sent a SYN and received one.
  case synReceived
  /// Has sent a FIN that isn't acknowledged.
  case finWait1
  /// Waits for the peer's FIN; its own is acknowledged.
  case finWait2
  /// Waits for twice the maximum segment lifetime.
  case timeWait
  /// No connection; a socket of UDP that isn't connected, too.
  case closed
  /// Has received a FIN and not sent one.
  case closeWait
  /// Closed after its peer; its FIN is not acknowledged.
  case lastAck
  /// Waits for a peer's SYN.
  case listen
  /// Both sent FINs at once; its own is not acknowledged.
  case closing

  /// The name that RFC 9293, section 3.3.2, gives it.
  public var name: String {
    switch self {
    case .established: "ESTABLISHED"
    case .synSent: "SYN-SENT"
    case .synReceived: "SYN-RECEIVED"
    case .finWait1: "FIN-WAIT-1"
    case .finWait2: "FIN-WAIT-2"
    case .timeWait: "TIME-WAIT"
    case .closed: "CLOSED"
    case .closeWait: "CLOSE-WAIT"
    case .lastAck: "LAST-ACK"
    case .listen: "LISTEN"
    case .closing: "CLOSING"
    }
  }
}
