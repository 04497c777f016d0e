import Glibc
import NIOCore

extension Failure {
  /// What to tell when the local end that was asked for can't be had; nothing when that isn't what failed.
  static func binding(_ source: SocketAddress, error: any Error) -> Failure? {
    let port = UInt16(source.port ?? 0)
    switch (error as? IOError)?.errnoCode {
    case EADDRINUSE? where port != 0:
      switch PortUse.find(port: port) {
      case .process(let name, let identifier, _)?:
        return Failure(.network, .localPortInUseBy(port, name, identifier))
      case .timeWait(let seconds)?: return Failure(.network, .localPortWaits(port, seconds))
      case nil: return Failure(.network, .localPortInUse(port))
      }
    case EADDRNOTAVAIL?:
      // The system says the same of an address that isn't its own, and of a connection that exists already between both ends.
      if port != 0, isOwn(source) { return Failure(.network, .localPortWasConnected(port)) }
      return Failure(.network, .notOwnLocalAddress(source.hostText))
    case EACCES? where (1..<1024).contains(port): return Failure(.network, .localPortNeedsRights(port))
    default: return nil
    }
  }

  /// Whether an address is one of this machine's: a socket can be bound to it.
  private static func isOwn(_ address: SocketAddress) -> Bool {
    let descriptor = socket(address.protocol == .inet6 ? AF_INET6 : AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var free = address
    free.port = 0
    return free.withSockAddr { bind(descriptor, $0, socklen_t($1)) } == 0
  }
}
