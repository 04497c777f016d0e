public import SockeyeWire

/// Whom a proxy's client wants to reach.
public struct ProxyDestination: Hashable, Sendable, CustomStringConvertible {
  /// An address, or a name, which is this side's to look up.
  public enum Host: Hashable, Sendable {
    /// An address.
    case address(IPAddress)
    /// A name.
    case name(HostName)
  }

  /// The host.
  public let host: Host
  /// The port, 1 to 65535.
  public let port: UInt16

  init?(_ host: Host, port: UInt16) {
    guard port > 0 else { return nil }
    self.host = host
    self.port = port
  }

  /// Reads a host as text, an IPv6 address with or without brackets; nil where it is none, or there is no port.
  init?(_ text: some StringProtocol, port: UInt16) {
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    let bare = isBracketed ? String(text.dropFirst().dropLast()) : String(text)
    if let address = IPAddress(bare) {
      self.init(.address(address), port: port)
    } else if !isBracketed, let name = HostName(ascii: bare) {
      self.init(.name(name), port: port)
    } else {
      return nil
    }
  }

  /// The name, if it is one.
  var name: HostName? { if case .name(let name) = host { name } else { nil } }

  /// The destination as `HOST:PORT`.
  public var description: String {
    switch host {
    case .name(let name): "\(name.text):\(port)"
    case .address(.v4(let address)): "\(address):\(port)"
    case .address(.v6(let address)): "[\(address)]:\(port)"
    }
  }
}
