internal import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
public import SockeyeWire

extension AccessPolicy {
  /// The addresses that the machine's interfaces have now.
  public static func addressesOfMachine() -> Set<IPAddress> {
    guard let devices = try? System.enumerateDevices() else { return [] }
    var addresses: Set<IPAddress> = []
    for device in devices {
      guard let address = device.address, let endpoint = try? HostEndpoint(address) else { continue }
      addresses.insert(endpoint.address)
    }
    return addresses
  }
}
