internal import SockeyeHost

/// Linux's error numbers, whatever the machine.
enum Errno {
  static let badDescriptor: CInt = 9
  static let again: CInt = 11
  static let fault: CInt = 14
  static let invalid: CInt = 22
  static let tooManyFiles: CInt = 24
  static let pipe: CInt = 32
  static let noDestination: CInt = 89
  static let messageSize: CInt = 90
  static let noProtocolOption: CInt = 92
  static let protocolNotSupported: CInt = 93
  static let typeNotSupported: CInt = 94
  static let notSupported: CInt = 95
  static let familyNotSupported: CInt = 97
  static let addressInUse: CInt = 98
  static let addressNotAvailable: CInt = 99
  static let networkUnreachable: CInt = 101
  static let aborted: CInt = 103
  static let reset: CInt = 104
  static let noBuffers: CInt = 105
  static let isConnected: CInt = 106
  static let notConnected: CInt = 107
  static let timedOut: CInt = 110
  static let refused: CInt = 111
  static let hostUnreachable: CInt = 113
  static let already: CInt = 114
  static let inProgress: CInt = 115
}

extension SocketError {
  /// The error's number on Linux.
  var number: CInt {
    switch self {
    case .badHandle: Errno.badDescriptor
    case .invalid: Errno.invalid
    case .notSupported: Errno.notSupported
    case .addressFamily: Errno.familyNotSupported
    case .addressNotAvailable: Errno.addressNotAvailable
    case .addressInUse: Errno.addressInUse
    case .unreachable: Errno.networkUnreachable
    case .wouldBlock: Errno.again
    case .alreadyOpening: Errno.already
    case .isConnected: Errno.isConnected
    case .notConnected: Errno.notConnected
    case .closed: Errno.pipe
    case .noDestination: Errno.noDestination
    case .tooLong: Errno.messageSize
    case .noRoom: Errno.noBuffers
    case .refused: Errno.refused
    case .reset: Errno.reset
    case .timedOut: Errno.timedOut
    case .aborted: Errno.aborted
    case .hostUnreachable: Errno.hostUnreachable
    }
  }
}
