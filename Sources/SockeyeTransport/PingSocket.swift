import CSockeyeLinux
import Glibc
package import NIOCore

/// A socket of the kernel's for echo requests that takes no privileges (icmp(7)), where `ping_group_range` has the caller's group.
/// The kernel puts an identifier of its own into requests, and hands on the replies that bear it.
package struct PingSocket: Sendable {
  private let descriptor: CInt
  private let isIPv4: Bool
  private let watch: DescriptorWatch

  /// Opens a socket, which its owner closes.
  ///
  /// - Parameters:
  ///   - isIPv4: Which family.
  ///   - ready: Called on a thread of its own when there is something to receive, once for each call of `wait`.
  /// - Throws: An `IOError`, of EACCES where the system doesn't let this user.
  package init(isIPv4: Bool, ready: @escaping @Sendable () -> Void) throws {
    let type = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue)
    let descriptor = socket(isIPv4 ? AF_INET : AF_INET6, type, CInt(isIPv4 ? IPPROTO_ICMP : IPPROTO_ICMPV6))
    guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
    do {
      guard sockeye_keep_datagram_errors(descriptor, isIPv4 ? 0 : 1) == 0 else {
        throw IOError(errnoCode: errno, reason: "setsockopt")
      }
      watch = try DescriptorWatch(descriptor, ready: ready)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
    self.isIPv4 = isIPv4
  }

  /// Asks to be told when there is something to receive.
  package func wait() { watch.wait(for: .readable) }

  /// Closes the socket.
  package func close() {
    watch.end()
    Glibc.close(descriptor)
  }

  /// Sends an ICMP message.
  ///
  /// - Parameter hopLimit: How many routers it may cross, 1 to 255.
  /// - Returns: 0, or the number of the error, which may be that of an earlier message: ``takeError()`` tells which.
  package func send(_ message: [UInt8], to address: SocketAddress, hopLimit: UInt8 = 64) -> CInt {
    var count = CInt(hopLimit)
    let (level, name) = isIPv4 ? (CInt(IPPROTO_IP), IP_TTL) : (CInt(IPPROTO_IPV6), CInt(IPV6_UNICAST_HOPS))
    guard setsockopt(descriptor, level, name, &count, socklen_t(MemoryLayout<CInt>.size)) == 0 else { return errno }
    let sent = address.withSockAddr { sendto(descriptor, message, message.count, 0, $0, socklen_t($1)) }
    return sent < 0 ? errno : 0
  }

  /// Takes what ICMP said of a message that was sent.
  package func takeError() -> DatagramError? { DatagramError(of: descriptor) }

  /// Takes an ICMP message, of at most 65,535 bytes; nil when there is none, or what comes first is an error.
  package func receive() -> [UInt8]? {
    var room = [UInt8](repeating: 0, count: 65_535)
    let count = recv(descriptor, &room, room.count, 0)
    return count >= 0 ? Array(room[..<count]) : nil
  }
}
