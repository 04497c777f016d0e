import ArgumentParser
import SockeyeHost
import SockeyeWire

/// A host on a TUN device as users write it: `tun0=10.9.0.2/24`, with more addresses behind commas.
struct TunnelArgument: ExpressibleByArgument {
  /// The interface.
  let name: String
  /// The host's own addresses on it, at least one.
  let addresses: [InterfaceAddress]

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "=") else { return nil }
    name = String(argument[..<equals])
    guard (1...15).contains(name.utf8.count), !name.contains("/") else { return nil }
    var addresses: [InterfaceAddress] = []
    for part in argument[argument.index(after: equals)...].split(separator: ",", omittingEmptySubsequences: false) {
      guard let slash = part.firstIndex(of: "/"), let address = IPAddress(part[..<slash]),
        let prefix = Int(part[part.index(after: slash)...]), (0...(address.isIPv4 ? 32 : 128)).contains(prefix)
      else { return nil }
      addresses.append(InterfaceAddress(address, prefixLength: prefix))
    }
    self.addresses = addresses
  }
}
