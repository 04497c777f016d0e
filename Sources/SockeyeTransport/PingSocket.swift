import Glibc
package import NIOCore

/// A socket of the kernel's for echo requests that takes no privileges (icmp(7)), where `ping_group_range` has the caller's group.
/// The kernel puts an identifier of its own into requests, and hands on the replies that bear it.
package struct PingSocket: Sendable {
  private let descriptor: CInt
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
      watch = try DescriptorWatch(descriptor, ready: ready)
    } catch {
      Glibc.close(descriptor)
      throw error
    }
    self.descriptor = descriptor
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
  /// - Returns: 0, or the number of the error.
  package func send(_ message: [UInt8], to address: SocketAddress) -> CInt {
    let sent = address.withSockAddr { sendto(descriptor, message, message.count, 0, $0, socklen_t($1)) }
    return sent < 0 ? errno : 0
  }

  /// Takes an ICMP message, of at most 65,535 bytes; nil when there is none, or what comes first is an error.
  package func receive() -> [UInt8]? {
    var room = [UInt8](repeating: 0, count: 65_535)
    let count = recv(descriptor, &room, room.count, 0)
    return count >= 0 ? Array(room[..<count]) : nil
  }
}
