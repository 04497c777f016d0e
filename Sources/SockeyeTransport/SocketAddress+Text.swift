public import NIOCore

extension SocketAddress {
  /// The address as people write it: `192.0.2.1:80`, `[2001:db8::1]:80`, or `unix:PATH`.
  ///
  /// An IPv4 address that arrived on an IPv6 socket is written as IPv4.
  public var text: String {
    switch self {
    case .v4, .v6:
      let host = hostText
      let port = self.port ?? 0
      return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .unixDomainSocket:
      guard let path = pathname, !path.isEmpty else { return "unix:(unnamed)" }
      return "unix:\(path)"
    }
  }

  /// The host part of ``text``, without brackets.
  public var hostText: String {
    guard let address = ipAddress else { return pathname ?? "" }
    return address.hasPrefix("::ffff:") && address.contains(".") ? String(address.dropFirst("::ffff:".count)) : address
  }
}
