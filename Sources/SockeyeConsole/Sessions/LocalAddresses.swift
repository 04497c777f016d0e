internal import NIOCore

/// The addresses of this machine, for people to choose from.
enum LocalAddresses {
  /// Every address first, then those of the interfaces that are up, each once.
  static var all: [String] {
    var result = ["0.0.0.0", "::"]
    for device in (try? System.enumerateDevices()) ?? [] {
      guard let address = device.address?.ipAddress, !result.contains(address) else { continue }
      result.append(address)
    }
    return result
  }
}
