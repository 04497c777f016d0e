/// An address of either family.
public enum IPAddress: Hashable, Sendable {
  /// An IPv4 address.
  case v4(IPv4Address)
  /// An IPv6 address.
  case v6(IPv6Address)

  /// Whether this is 0.0.0.0 or ::.
  public var isUnspecified: Bool {
    switch self {
    case .v4(let address): address.isUnspecified
    case .v6(let address): address.isUnspecified
    }
  }

  /// Whether this is an address of the host itself.
  public var isLoopback: Bool {
    switch self {
    case .v4(let address): address.isLoopback
    case .v6(let address): address.isLoopback
    }
  }

  /// Whether this stands for a group.
  public var isMulticast: Bool {
    switch self {
    case .v4(let address): address.isMulticast
    case .v6(let address): address.isMulticast
    }
  }

  /// Whether this is an IPv4 address.
  public var isIPv4: Bool {
    if case .v4 = self { true } else { false }
  }

  /// This address, or the IPv6 address that maps it.
  public var asIPv6: IPv6Address {
    switch self {
    case .v4(let address): IPv6Address(mapping: address)
    case .v6(let address): address
    }
  }
}
