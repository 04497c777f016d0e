internal import SockeyeWire

/// Which addresses are the host's own, and which it can reach from which of them.
struct RoutingTable {
  private let addresses: [InterfaceAddress]
  private let hasGateway4: Bool
  private let hasGateway6: Bool

  init(_ configuration: HostConfiguration) {
    addresses = configuration.addresses
    hasGateway4 = configuration.gateway4 != nil
    hasGateway6 = configuration.gateway6 != nil
  }

  /// Whether the address is one of the host's own.
  func isLocal(_ address: IPAddress) -> Bool {
    for own in addresses where own.address == address { return true }
    return address.isLoopback
  }

  /// Whether the address is in the prefix of a link of ours.
  func isOnLink(_ address: IPAddress) -> Bool {
    for own in addresses where Self.isOnLink(address, of: own) { return true }
    return false
  }

  /// Whether the address stands for all hosts of a link of ours (RFC 1122 section 3.2.1.3).
  func isBroadcast(_ address: IPAddress) -> Bool {
    guard case .v4(let address) = address else { return false }
    if address == .broadcast { return true }
    for own in addresses {
      guard case .v4(let mine) = own.address, own.prefixLength < 31 else { continue }
      let hostBits = UInt32.max >> UInt32(min(max(own.prefixLength, 0), 31))
      if address.rawValue & hostBits == hostBits, address.isIn(mine, prefixLength: own.prefixLength) { return true }
    }
    return false
  }

  /// The address to send from to `destination`: one whose link it is on, else any of its family if there is a gateway;
  /// nil if there is no way.
  func source(for destination: IPAddress) -> IPAddress? {
    if isLocal(destination) { return destination }
    var best: InterfaceAddress?
    for own in addresses where Self.isOnLink(destination, of: own) {
      if own.prefixLength > best?.prefixLength ?? -1 { best = own }
    }
    if let best { return best.address }
    guard destination.isIPv4 ? hasGateway4 : hasGateway6 else { return nil }
    for own in addresses where own.address.isIPv4 == destination.isIPv4 && !Self.isLinkLocal(own.address) {
      return own.address
    }
    return nil
  }

  private static func isOnLink(_ destination: IPAddress, of own: InterfaceAddress) -> Bool {
    switch (destination, own.address) {
    case (.v4(let destination), .v4(let mine)): destination.isIn(mine, prefixLength: own.prefixLength)
    case (.v6(let destination), .v6(let mine)): destination.isIn(mine, prefixLength: own.prefixLength)
    default: false
    }
  }

  private static func isLinkLocal(_ address: IPAddress) -> Bool {
    switch address {
    case .v4(let address): address.isLinkLocal
    case .v6(let address): address.isLinkLocal
    }
  }
}
