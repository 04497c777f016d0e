internal import Glibc
internal import NIOCore
internal import SockeyeHost

extension IOError {
  /// A socket's error as NIO's applications know them: by its number on Linux.
  init(_ error: SocketError, _ attempt: String) {
    self.init(errnoCode: error.number, reason: attempt)
  }
}

extension SocketError {
  /// The error's number on Linux.
  var number: CInt {
    switch self {
    case .badHandle: EBADF
    case .invalid: EINVAL
    case .notSupported: EOPNOTSUPP
    case .addressFamily: EAFNOSUPPORT
    case .addressNotAvailable: EADDRNOTAVAIL
    case .addressInUse: EADDRINUSE
    case .unreachable: ENETUNREACH
    case .wouldBlock: EAGAIN
    case .alreadyOpening: EALREADY
    case .isConnected: EISCONN
    case .notConnected: ENOTCONN
    case .closed: EPIPE
    case .noDestination: EDESTADDRREQ
    case .tooLong: EMSGSIZE
    case .noRoom: ENOBUFS
    case .refused: ECONNREFUSED
    case .reset: ECONNRESET
    case .timedOut: ETIMEDOUT
    case .aborted: ECONNABORTED
    case .hostUnreachable: EHOSTUNREACH
    }
  }
}
