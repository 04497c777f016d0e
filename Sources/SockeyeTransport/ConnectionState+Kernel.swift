import SockeyeTCP

extension ConnectionState.Name {
  /// In the order of the numbers that Linux gives them in its tables and in TCP_INFO, from 1. A socket of UDP that isn't
  /// connected has the number of CLOSED.
  private static let inKernelOrder: [Self] = [
    .established, .synSent, .synReceived, .finWait1, .finWait2, .timeWait, .closed, .closeWait, .lastAck, .listen,
    .closing,
  ]

  /// The state of a number of the kernel's; nothing for a number that is no connection's.
  init?(kernelNumber: UInt8) {
    let place = Int(kernelNumber) - 1
    guard Self.inKernelOrder.indices.contains(place) else { return nil }
    self = Self.inKernelOrder[place]
  }
}
