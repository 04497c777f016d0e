import Glibc
public import NIOCore
import SockeyeText

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
      let name = unixName
      if name.first == 0 { return "unix:@\(ArgumentText.text(of: Array(name.dropFirst())))" }
      return name.isEmpty ? "unix:(unnamed)" : "unix:\(ArgumentText.text(of: name))"
    }
  }

  /// The host part of ``text``, without brackets.
  public var hostText: String {
    guard let address = ipAddress else { return pathname ?? "" }
    return address.hasPrefix("::ffff:") && address.contains(".")
      ? String(address.dropFirst("::ffff:".count)) : address + zone
  }

  /// Whether it stands for every address of the machine.
  var isUnspecified: Bool { addressBytes?.allSatisfy { $0 == 0 } ?? false }

  /// The address alone, in the network's order: four bytes, or sixteen; nothing for a Unix domain socket.
  package var addressBytes: [UInt8]? {
    // Where `sin_addr` and `sin6_addr` stand.
    let place: Range<Int>
    switch self {
    case .v4: place = 4..<8
    case .v6: place = 8..<24
    case .unixDomainSocket: return nil
    }
    return withSockAddr { pointer, size in
      Array(UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(place.lowerBound).prefix(place.count))
    }
  }

  /// The interface that a link-local address belongs to, as `%eth0` (RFC 4007, section 11); empty where there is none.
  private var zone: String {
    guard case .v6 = self else { return "" }
    // sin6_scope_id is the last word of sockaddr_in6.
    let index = withSockAddr { pointer, size in
      UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(24).prefix(4).reversed().reduce(UInt32(0)) {
        $0 << 8 | UInt32($1)
      }.littleEndian
    }
    guard index != 0 else { return "" }
    var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
    guard if_indextoname(index, &name) != nil else { return "%\(index)" }
    return "%" + String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
