/// An IPv6 address, without a zone.
public struct IPv6Address: Hashable, Sendable {
  /// The first eight bytes as a number.
  public var high: UInt64
  /// The last eight bytes as a number.
  public var low: UInt64

  /// The address of these two halves.
  @_noLocks
  @inlinable
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// ::, no address.
  public static let unspecified = IPv6Address(high: 0, low: 0)
  /// ::1.
  public static let loopback = IPv6Address(high: 0, low: 1)
  /// ff02::1, all nodes of this link.
  public static let allNodes = IPv6Address(high: 0xFF02_0000_0000_0000, low: 1)

  /// The IPv4-mapped address ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2).
  public init(mapping address: IPv4Address) {
    high = 0
    low = 0xFFFF_0000_0000 | UInt64(address.rawValue)
  }

  /// Whether this is ::.
  public var isUnspecified: Bool { high | low == 0 }
  /// Whether this is ::1.
  public var isLoopback: Bool { high == 0 && low == 1 }
  /// Whether this is in ff00::/8.
  public var isMulticast: Bool { high >> 56 == 0xFF }
  /// Whether this is in fe80::/10.
  public var isLinkLocal: Bool { high >> 54 == 0x3FA }
  /// The IPv4 address that this maps, if it is in ::ffff:0:0/96.
  public var mapped: IPv4Address? {
    high == 0 && low >> 32 == 0xFFFF ? IPv4Address(rawValue: UInt32(truncatingIfNeeded: low)) : nil
  }

  /// Whether this and `network` agree in their first `prefixLength` bits, which are counted as 128 if more.
  public func isIn(_ network: IPv6Address, prefixLength: Int) -> Bool {
    guard prefixLength > 0 else { return true }
    guard prefixLength > 64 else { return (high ^ network.high) >> UInt64(64 - prefixLength) == 0 }
    return high == network.high && (low ^ network.low) >> UInt64(max(128 - prefixLength, 0)) == 0
  }
}
