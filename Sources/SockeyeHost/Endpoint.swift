public import SockeyeWire

/// An address and a port.
public struct Endpoint: Hashable, Sendable {
  /// The address.
  public var address: IPAddress
  /// The port.
  public var port: UInt16

  /// The port of that address.
  public init(_ address: IPAddress, port: UInt16) {
    self.address = address
    self.port = port
  }
}

extension IPAddress {
  /// The address that an IPv4-mapped IPv6 address maps; any other as it is.
  var unmapped: IPAddress {
    if case .v6(let address) = self, let mapped = address.mapped { return .v4(mapped) }
    return self
  }
}
