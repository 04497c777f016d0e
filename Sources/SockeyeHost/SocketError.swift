internal import SockeyeTCP

/// Why a call on a socket failed. The C interface gives each its Linux number.
public enum SocketError: Error, Hashable, Sendable {
  /// The handle names no socket, or none any more (EBADF).
  case badHandle
  /// The call makes no sense for this socket or in its state (EINVAL).
  case invalid
  /// The call is not for this type of socket (EOPNOTSUPP).
  case notSupported
  /// An address of the wrong family (EAFNOSUPPORT).
  case addressFamily
  /// The address is not one of the host's (EADDRNOTAVAIL); also no port is left.
  case addressNotAvailable
  /// Another socket has the address (EADDRINUSE).
  case addressInUse
  /// There is no way to the address (ENETUNREACH).
  case unreachable
  /// Nothing is there now; ask again when the socket is ready (EAGAIN).
  case wouldBlock
  /// The connection is still being opened (EALREADY).
  case alreadyOpening
  /// The socket is connected already (EISCONN).
  case isConnected
  /// The socket is not connected (ENOTCONN).
  case notConnected
  /// This side has been closed, or the connection is over (EPIPE).
  case closed
  /// A datagram without a destination (EDESTADDRREQ).
  case noDestination
  /// A datagram that is larger than any packet (EMSGSIZE).
  case tooLong
  /// No room for it now (ENOBUFS).
  case noRoom
  /// The peer refused (ECONNREFUSED).
  case refused
  /// The peer reset the connection (ECONNRESET).
  case reset
  /// The peer doesn't answer (ETIMEDOUT).
  case timedOut
  /// This side aborted the connection (ECONNABORTED).
  case aborted
  /// The host is said to be out of reach (EHOSTUNREACH).
  case hostUnreachable

  /// What an application is told of a connection's failure.
  init(_ failure: ConnectionFailure) {
    switch failure {
    case .refused: self = .refused
    case .reset: self = .reset
    case .timedOut, .userTimeout: self = .timedOut
    case .protocolUnreachable: self = .refused
    case .aborted: self = .aborted
    }
  }
}

/// What a socket is ready for.
public struct Readiness: OptionSet, Hashable, Sendable {
  /// The bits, of no meaning elsewhere.
  public let rawValue: UInt8

  /// Readiness of the given bits.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// Reading, or accepting, gives something at once: data, a connection, the end or an error.
  public static var readable: Readiness { Readiness(rawValue: 1) }
  /// Writing takes something at once, or tells why it never will.
  public static var writable: Readiness { Readiness(rawValue: 2) }
  /// The peer will send no more.
  public static var peerClosed: Readiness { Readiness(rawValue: 4) }
  /// Both directions are over.
  public static var hungUp: Readiness { Readiness(rawValue: 8) }
  /// The socket has an error to be taken.
  public static var failed: Readiness { Readiness(rawValue: 16) }
}
