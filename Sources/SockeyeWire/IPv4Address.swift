/// An IPv4 address.
public struct IPv4Address: Hashable, Sendable {
  /// The address as a number: 127.0.0.1 is 0x7F000001.
  public var rawValue: UInt32

  /// The address of that number.
  @_noLocks
  @inlinable
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// The address `a.b.c.d`.
  @inlinable
  public init(_ a: UInt8, _ b: UInt8, _ c: UInt8, _ d: UInt8) {
    rawValue = UInt32(a) << 24 | UInt32(b) << 16 | UInt32(c) << 8 | UInt32(d)
  }

  /// 0.0.0.0: no address.
  public static let unspecified = IPv4Address(rawValue: 0)
  /// 127.0.0.1.
  public static let loopback = IPv4Address(rawValue: 0x7F00_0001)
  /// 255.255.255.255: everyone on this link.
  public static let broadcast = IPv4Address(rawValue: 0xFFFF_FFFF)

  /// Whether this is 0.0.0.0.
  public var isUnspecified: Bool { rawValue == 0 }
  /// Whether this is in 127.0.0.0/8.
  public var isLoopback: Bool { rawValue >> 24 == 127 }
  /// Whether this is in 224.0.0.0/4.
  public var isMulticast: Bool { rawValue >> 28 == 0xE }
  /// Whether this is in 169.254.0.0/16.
  public var isLinkLocal: Bool { rawValue >> 16 == 0xA9FE }

  /// Whether this and `network` agree in their first `prefixLength` bits, which are counted as 32 if more.
  public func isIn(_ network: IPv4Address, prefixLength: Int) -> Bool {
    guard prefixLength > 0 else { return true }
    return (rawValue ^ network.rawValue) >> UInt32(max(32 - prefixLength, 0)) == 0
  }
}
