/// Whom a proxy is asked to connect to.
package struct ProxyTarget: Sendable {
  /// A name, which the proxy looks up, or an address without brackets.
  package let host: String
  package let port: UInt16
  /// What it is called where something fails.
  package let name: String

  package init(host: String, port: UInt16, name: String) {
    self.host = host
    self.port = port
    self.name = name
  }

  /// What a user wrote.
  ///
  /// - Throws: A failure of kind `usage` where it is no host and port, or has a name that can't be.
  package init(_ endpoint: Endpoint) throws(Failure) {
    guard case .network(let host, let port) = endpoint.location else {
      throw Failure(.usage, .noSocketPaths)
    }
    guard port != 0 else { throw Failure(.usage, .portZero) }
    let name = try InternationalName.ascii(host ?? "localhost")
    // It stands in a request's first line as it is.
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { throw Failure(.usage, .notHost(name)) }
    self.init(host: name, port: port, name: "\(endpoint)")
  }
}
