import Glibc
import NIOCore
import SockeyeTransport

/// Why a datagram could not be sent, and what to do about it.
enum DatagramFailure {
  static func of(_ error: any Error, to peer: Peer) -> Failure {
    let number = (error as? IOError)?.errnoCode
    // NIO's own word for EMSGSIZE.
    let isTooLarge = error as? ChannelError == .writeMessageTooLarge
    switch isTooLarge ? EMSGSIZE : number {
    case EMSGSIZE?:
      return Failure(
        .usage,
        "a datagram to \(peer.address) is too large: they hold \(DatagramSession.largestPayload) bytes at most, and what "
          + "the network takes whole (see --frame to cut input into messages)"
      )
    case EACCES?:
      return Failure(.usage, "\(peer.address) is a broadcast address; add --broadcast to speak to everybody there")
    case ECONNREFUSED?:
      return Failure(.network, "\(peer.address) refused the datagram: nobody receives on that port (ICMP)")
    case EHOSTUNREACH?, ENETUNREACH?:
      return Failure(.network, "\(peer.address) is unreachable; check the network and the address")
    case let number?:
      return Failure(
        .network,
        "a datagram to \(peer.address) could not be sent: \(String(cString: strerror(number)).lowercased())"
      )
    case nil: return Failure(.network, "a datagram to \(peer.address) could not be sent: \(error)")
    }
  }
}
