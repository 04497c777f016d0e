extension ConnectionState {
  /// A state by its name alone, numbered so that what a connection enters has a higher number than what it leaves, but for
  /// the LISTEN that a passive open returns to.
  public enum Name: UInt8, Sendable, CaseIterable {
    /// LISTEN.
    case listen
    /// SYN-SENT.
    case synSent
    /// SYN-RECEIVED.
    case synReceived
    /// ESTABLISHED.
    case established
    /// FIN-WAIT-1.
    case finWait1
    /// FIN-WAIT-2.
    case finWait2
    /// CLOSING.
    case closing
    /// CLOSE-WAIT.
    case closeWait
    /// LAST-ACK.
    case lastAck
    /// TIME-WAIT.
    case timeWait
    /// CLOSED.
    case closed
  }

  /// The state's name.
  public var name: Name {
    switch self {
    case .closed: .closed
    case .listen: .listen
    case .synSent: .synSent
    case .synReceived: .synReceived
    case .established: .established
    case .finWait1: .finWait1
    case .finWait2: .finWait2
    case .closeWait: .closeWait
    case .closing: .closing
    case .lastAck: .lastAck
    case .timeWait: .timeWait
    }
  }
}

extension ConnectionState.Name {
  /// The name that RFC 9293, section 3.3.2, gives it.
  public var standardName: String {
    switch self {
    case .closed: "CLOSED"
    case .listen: "LISTEN"
    case .synSent: "SYN-SENT"
    case .synReceived: "SYN-RECEIVED"
    case .established: "ESTABLISHED"
    case .finWait1: "FIN-WAIT-1"
    case .finWait2: "FIN-WAIT-2"
    case .closeWait: "CLOSE-WAIT"
    case .closing: "CLOSING"
    case .lastAck: "LAST-ACK"
    case .timeWait: "TIME-WAIT"
    }
  }
}
