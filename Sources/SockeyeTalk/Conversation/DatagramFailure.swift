import Glibc
import NIOCore
import SockeyeText
import SockeyeTransport

/// Why a datagram could not be sent, and what to do about it.
enum DatagramFailure {
  static func of(_ error: any Error, to peer: Peer) -> Failure {
    let number = (error as? IOError)?.errnoCode
    // NIO's own word for EMSGSIZE.
    let isTooLarge = error as? ChannelError == .writeMessageTooLarge
    if peer.isUnix { return ofUnix(isTooLarge ? EMSGSIZE : number, error, peer) }
    switch isTooLarge ? EMSGSIZE : number {
    case EMSGSIZE?:
      return Failure(.usage, .datagramTooLarge(peer.address, DatagramSession.largestPayload))
    case EACCES?:
      return Failure(.usage, .isBroadcast(peer.address))
    case ECONNREFUSED?:
      return Failure(.network, .datagramRefused(peer.address))
    case EHOSTUNREACH?, ENETUNREACH?:
      return Failure(.network, .unreachable(peer.address))
    case let number?:
      return Failure(.network, .cannotSendDatagram(peer.address, .system(number).lowercased()))
    case nil: return Failure(.network, .cannotSendDatagram(peer.address, .literal("\(error)")))
    }
  }

  /// A Unix domain socket knows no ICMP, and may have no name to send to.
  private static func ofUnix(_ number: CInt?, _ error: any Error, _ peer: Peer) -> Failure {
    guard peer.remoteAddress?.unixName.isEmpty == false else { return Failure(.network, .unnamedSender) }
    switch number {
    case EMSGSIZE?: return Failure(.usage, .datagramTooLarge(peer.address, DatagramSession.largestPayload))
    case let number?: return Failure(.network, .cannotSendDatagram(peer.address, .system(number).lowercased()))
    case nil: return Failure(.network, .cannotSendDatagram(peer.address, .literal("\(error)")))
    }
  }
}
