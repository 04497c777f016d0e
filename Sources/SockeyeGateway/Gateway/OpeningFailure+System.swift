internal import Glibc
internal import NIOCore
internal import SockeyeHost

extension OpeningFailure {
  /// What an error of a connection attempt says.
  init(_ error: any Error) {
    if case ChannelError.connectTimeout = error {
      self = .timedOut
      return
    }
    guard let error = error as? IOError else {
      self = .other(0)
      return
    }
    switch error.errnoCode {
    case ECONNREFUSED: self = .refused
    // EINVAL: an address of a link's scope, without a link. EADDRNOTAVAIL: none of the machine's addresses gets there.
    case ENETUNREACH, ENETDOWN, EADDRNOTAVAIL, EINVAL, EAFNOSUPPORT: self = .networkUnreachable
    case EHOSTUNREACH, EHOSTDOWN: self = .hostUnreachable
    case EACCES, EPERM: self = .prohibited
    case ETIMEDOUT: self = .timedOut
    case EMFILE, ENFILE, ENOBUFS, ENOMEM, EAGAIN: self = .noRoom
    case let number: self = .other(number)
    }
  }

  /// What the child is told.
  var refusal: FlowRefusal {
    switch self {
    case .refused, .noRoom, .other: .reset
    case .networkUnreachable: .unreachable(.network)
    case .hostUnreachable: .unreachable(.host)
    case .prohibited: .unreachable(.prohibited)
    case .timedOut: .silence
    }
  }
}
