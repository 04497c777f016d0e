import NIOCore
import SockeyeService
import SockeyeTransport

/// The URLs by which a service can be reached.
struct ServedAddresses {
  let urls: [String]
  /// Whether other machines can get here.
  let areForOthers: Bool

  /// The addresses of this machine's interfaces, those that others are likeliest to reach first.
  static var ofThisMachine: [SocketAddress] {
    let devices = (try? System.enumerateDevices()) ?? []
    let addresses = devices.compactMap(\.address).filter { address in
      guard let text = address.ipAddress else { return false }
      return !text.hasPrefix("127.") && text != "::1" && !text.lowercased().hasPrefix("fe80")
    }
    return addresses.filter { $0.protocol == .inet } + addresses.filter { $0.protocol == .inet6 }
  }

  /// - Parameters:
  ///   - bound: What is listened on. An unspecified address stands for all of this machine's.
  ///   - isEncrypted: Whether to write `https`.
  ///   - own: The addresses of a host of our own; nil for this machine's.
  ///   - path: What the URLs lead to, with a slash in front.
  init(bound: [SocketAddress], isEncrypted: Bool, own: [SocketAddress]?, path: String) {
    let scheme = isEncrypted ? "https" : "http"
    var urls: [String] = []
    for address in bound {
      guard let text = address.ipAddress, text == "0.0.0.0" || text == "::" else {
        urls.append(address.pathname.map { "unix:\($0)" } ?? Self.url(address, scheme, path))
        continue
      }
      for var own in own ?? Self.ofThisMachine where own.protocol == address.protocol {
        own.port = address.port
        urls.append(Self.url(own, scheme, path))
      }
    }
    self.urls = urls
    areForOthers = bound.contains { address in
      address.ipAddress.map { !$0.hasPrefix("127.") && $0 != "::1" } ?? false
    }
  }

  /// RFC 6874: the sign before a zone is written as an escape.
  private static func url(_ address: SocketAddress, _ scheme: String, _ path: String) -> String {
    "\(scheme)://\(address.text.replacing("%", with: "%25"))\(path)"
  }

  /// Names for a certificate: what a client may type to get here.
  ///
  /// - Parameter own: The addresses of a host of our own; nil for this machine's.
  static func names(of own: [SocketAddress]?) -> [String] {
    let local = own == nil ? ["localhost", "127.0.0.1", "::1"] : []
    return local + (own ?? ofThisMachine).compactMap { $0.ipAddress?.split(separator: "%").first.map(String.init) }
  }
}
