internal import CSockeyeLinux
internal import Glibc
internal import SockeyeHost
internal import SockeyeWire

/// What the kernel knows of the sockets of one network, asked over a netlink socket that was made in it (sock_diag(7)): some
/// microseconds for a question, however many sockets there are.
final class SocketDiagnostics: Sendable {
  private let descriptor: Int32

  /// - Parameter descriptor: closed with this.
  init(_ descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }

  /// The inode's number of the socket with those ends; nil where there is none.
  func inode(isStream: Bool, local: HostEndpoint, remote: HostEndpoint) -> UInt32? {
    var ends = sockeye_socket_ends()
    ends.protocol = Int32(isStream ? IPPROTO_TCP : IPPROTO_UDP)
    ends.local_port = local.port.bigEndian
    ends.remote_port = remote.port.bigEndian
    // A socket of IPv6 may be the end of what goes over IPv4 (RFC 4291 section 2.5.5.2).
    let forms: [(HostEndpoint) -> [UInt8]] =
      local.address.isIPv4
      ? [{ NetlinkRequests.octets($0.address) }, { Self.mapping + NetlinkRequests.octets($0.address) }]
      : [{ NetlinkRequests.octets($0.address) }]
    for form in forms {
      let (own, other) = (form(local), form(remote))
      ends.family = Int32(own.count == 4 ? AF_INET : AF_INET6)
      withUnsafeMutableBytes(of: &ends.local) { $0.copyBytes(from: own) }
      withUnsafeMutableBytes(of: &ends.remote) { $0.copyBytes(from: other) }
      let inode = sockeye_socket_inode(descriptor, &ends)
      if inode != 0 { return inode }
    }
    return nil
  }

  private static let mapping = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
}
