/// What a connection has to tell whoever owns it. Events wait in the connection, each at most once,
/// until `nextEvent()` takes them; positions in them count bytes of data from zero.
public enum ConnectionEvent: Sendable, Equatable {
  /// The handshake is complete: both directions are open.
  case established
  /// In order up to this count of bytes from the peer may now be read.
  case readable(upTo: UInt64)
  /// The peer has acknowledged this count of bytes: whoever stores them may let go of them.
  case acknowledged(upTo: UInt64)
  /// The peer has urgent data that ends before this byte (RFC 9293 section 3.8.5, MUST-32).
  case urgent(upTo: UInt64)
  /// The peer has closed its direction: after what is readable, nothing more will come.
  case peerClosed
  /// A passive open came to nothing; the listener goes on (RFC 9293 section 3.10.7.4, second step).
  case returnedToListen
  /// An error that need not be lasting was reported or is suspected (MUST-47, SHLD-9, SHLD-25).
  case advice(ConnectionAdvice)
  /// Both directions closed in order. The connection is in TIME-WAIT or CLOSED.
  case finished
  /// The connection is over and was not closed in order (MUST-12).
  case failed(ConnectionFailure)
}

/// A report of trouble that does not end the connection.
public enum ConnectionAdvice: UInt8, Sendable {
  /// The same data has timed out R1 times: the network layer should look for another path (MUST-20, SHLD-9).
  case pathIsSuspect
  /// ICMP says that the network or host can't be reached (SHLD-25).
  case unreachable
  /// ICMP says that a packet's time to live ran out on the way (MUST-56).
  case timeExceeded
  /// ICMP says that a header field was wrong (MUST-56).
  case parameterProblem
}

/// Why a connection ended out of order.
public enum ConnectionFailure: UInt8, Sendable, Error {
  /// The peer answered the SYN with a reset.
  case refused
  /// The peer reset the connection.
  case reset
  /// The peer did not answer the SYN, the retransmissions (R2) or the keep-alive probes.
  case timedOut
  /// Data stayed unacknowledged beyond the user timeout (RFC 5482; RFC 9293 section 3.10.8).
  case userTimeout
  /// ICMP says that the host takes no such protocol or port (SHLD-26).
  case protocolUnreachable
  /// This side aborted.
  case aborted
}
