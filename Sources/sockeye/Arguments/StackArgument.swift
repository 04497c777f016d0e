import ArgumentParser
import SockeyeHost
import SockeyeWire

/// A TCP/IP of our own on a TUN device as users write it: `tun:sock0=10.9.0.2/24,gateway=10.9.0.1`; with more addresses, and
/// the keys of `Key` and of `StackSettings.Key`, behind commas.
struct StackArgument: ExpressibleByArgument {
  /// What may be said of it besides addresses.
  private enum Key: String {
    case gateway, mtu, capture
  }

  /// The argument as it was written.
  let text: String
  /// The device, and the host's addresses on it.
  let tunnel: TunnelArgument
  private(set) var gateway4: IPv4Address?
  private(set) var gateway6: IPv6Address?
  /// The device's MTU; nil leaves it.
  private(set) var maximumTransmissionUnit: Int?
  private(set) var settings = StackSettings()
  /// A file that takes down what passes the device.
  private(set) var capture: String?

  init?(argument: String) {
    guard argument.hasPrefix("tun:") else { return nil }
    var places: [Substring] = []
    var settings: [Substring] = []
    for part in argument.dropFirst("tun:".count).split(separator: ",", omittingEmptySubsequences: false) {
      // The first one has the device's name before its sign.
      if places.isEmpty || !part.contains("=") { places.append(part) } else { settings.append(part) }
    }
    guard let tunnel = TunnelArgument(argument: places.joined(separator: ",")) else { return nil }
    let areOwn = tunnel.addresses.allSatisfy { own in
      !own.address.isMulticast && !own.address.isUnspecified && !own.address.isLoopback
    }
    guard areOwn else { return nil }
    text = argument
    self.tunnel = tunnel
    for setting in settings {
      guard let sign = setting.firstIndex(of: "="),
        set(String(setting[..<sign]), to: String(setting[setting.index(after: sign)...]))
      else { return nil }
    }
    let hasIPv6 = tunnel.addresses.contains { !$0.address.isIPv4 }
    if let mtu = maximumTransmissionUnit, mtu < (hasIPv6 ? 1280 : 68) { return nil }
  }

  /// Returns whether the key can have that value.
  private mutating func set(_ name: String, to value: String) -> Bool {
    if let key = StackSettings.Key(rawValue: name) { return settings.set(key, to: value) }
    guard let key = Key(rawValue: name) else { return false }
    switch key {
    case .gateway:
      switch IPAddress(value) {
      case .v4(let address): gateway4 = address
      case .v6(let address): gateway6 = address
      case nil: return false
      }
    case .mtu:
      guard let mtu = Int(value), (68...65_535).contains(mtu) else { return false }
      maximumTransmissionUnit = mtu
    case .capture:
      guard !value.isEmpty else { return false }
      capture = value
    }
    return true
  }
}
