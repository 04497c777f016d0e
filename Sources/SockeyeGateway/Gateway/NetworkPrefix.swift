public import SockeyeWire

/// A network: an address, and how many of its leading bits all addresses of the network share.
public struct NetworkPrefix: Hashable, Sendable {
  /// One of its addresses.
  public let address: IPAddress
  /// How many leading bits count, 0...32 or 0...128.
  public let length: Int

  /// A network of the given bits.
  public init(_ address: IPAddress, length: Int) {
    self.address = address
    self.length = min(max(length, 0), address.isIPv4 ? 32 : 128)
  }

  /// Reads `192.0.2.0/24`, `2001:db8::/32`, or an address, which is a network of its own. An IPv4-mapped address is the IPv4
  /// address that it maps. nil if the text is none, or has bits behind its prefix, which is a slip of the pen.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = parts.first, let address = IPAddress(first) else { return nil }
    var prefix = NetworkPrefix(address, length: 128)
    if parts.count == 2 {
      let digits = parts[1]
      guard (1...3).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let length = Int(digits), length <= (address.isIPv4 ? 32 : 128)
      else { return nil }
      prefix = NetworkPrefix(address, length: length)
    }
    if case .v6(let mapping) = address, let mapped = mapping.mapped, prefix.length >= 96 {
      prefix = NetworkPrefix(.v4(mapped), length: prefix.length - 96)
    }
    guard prefix.isFirstAddress else { return nil }
    self = prefix
  }

  /// Whether all bits behind the prefix are zero.
  private var isFirstAddress: Bool {
    switch address {
    case .v4(let address):
      return length == 32 || address.rawValue << UInt32(length) == 0
    case .v6(let address):
      if length >= 64 { return length == 128 || address.low << UInt64(length - 64) == 0 }
      return address.low == 0 && address.high << UInt64(length) == 0
    }
  }

  /// Whether an address is in it.
  public func contains(_ other: IPAddress) -> Bool {
    switch (address, other) {
    case (.v4(let own), .v4(let other)): other.isIn(own, prefixLength: length)
    case (.v6(let own), .v6(let other)): other.isIn(own, prefixLength: length)
    default: false
    }
  }

  /// Whether all addresses of another are in it.
  public func contains(_ other: NetworkPrefix) -> Bool {
    other.length >= length && contains(other.address)
  }
}

extension IPAddress {
  /// The IPv4 address that is reached by way of this one, as far as its bits tell: mapped (RFC 4291 section 2.5.5.2), compatible
  /// (2.5.5.1), translated (RFC 6052, RFC 8215, RFC 2765), or of a tunnel's end (6to4, RFC 3056; Teredo, RFC 4380, whose client's
  /// bits are turned over; ISATAP, RFC 5214).
  var embedded: IPAddress? {
    guard case .v6(let address) = self else { return nil }
    let low = IPAddress.v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: address.low)))
    switch address.high {
    case 0:
      let middle = address.low >> 32
      return middle == 0xFFFF || middle == 0 || middle == 0xFFFF_0000 ? low : nil
    case 0x0064_FF9B_0000_0000:
      return address.low >> 32 == 0 ? low : nil
    case 0x0064_FF9B_0001_0000...0x0064_FF9B_0001_FFFF:
      return low
    case let high where high >> 48 == 0x2002:
      return .v4(IPv4Address(rawValue: UInt32(truncatingIfNeeded: high >> 16)))
    case let high where high >> 32 == 0x2001_0000:
      return .v4(IPv4Address(rawValue: ~UInt32(truncatingIfNeeded: address.low)))
    default:
      return (address.low >> 32) | 0x0200_0000 == 0x0200_5EFE ? low : nil
    }
  }

  /// Whether nobody but the machine itself, or nobody at all, or everybody, has this address: the child's own networks and
  /// what the machine would take for itself. No rule opens these.
  var isNeverForwarded: Bool {
    let own: Bool
    switch self {
    case .v4(let address):
      // 0.0.0.0/8 is this host (Linux connects to itself), 224.0.0.0/4 groups, 240.0.0.0/4 reserved (RFC 6890).
      own = !(1..<224).contains(address.rawValue >> 24) || address.isLoopback
    case .v6(let address):
      own = address.isUnspecified || address.isLoopback || address.isMulticast
    }
    return own || embedded?.isNeverForwarded == true
  }

  /// Whether this is an address of a private network, of a link, or of a machine's own making (RFC 1918, 6598, 3927, 2544, 6890,
  /// 4193, 3879): one that a name of somebody else's has no business with.
  var isPrivate: Bool {
    Self.privateNetworks.contains { $0.contains(self) } || embedded?.isPrivate == true
  }

  static let privateNetworks: [NetworkPrefix] = [
    "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "198.18.0.0/15", "192.0.0.0/24",
    "fc00::/7", "fe80::/10", "fec0::/10",
  ].compactMap { NetworkPrefix($0) }
}
