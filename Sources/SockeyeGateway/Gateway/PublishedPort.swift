public import SockeyeTransport

/// A port of the machine's at which a server of the child's is reached.
public struct PublishedPort: Hashable, Sendable {
  /// Where the machine listens.
  public var endpoint: Endpoint
  /// The port that the child's server listens on.
  public var port: UInt16
  /// Whether it is UDP's, and not TCP's.
  public var isDatagrams: Bool

  /// Reads `[ADDRESS:]PORT[:PORT][/udp]`, the machine's port first.
  ///
  /// - Throws: a failure of kind `usage` that says what is wrong.
  public init(_ text: String) throws(Failure) {
    var rest = text[...]
    isDatagrams = rest.hasSuffix("/udp")
    if isDatagrams || rest.hasSuffix("/tcp") { rest = rest.dropLast(4) }
    var address: String?
    if rest.hasPrefix("["), let end = rest.firstIndex(of: "]") {
      address = String(rest[rest.index(after: rest.startIndex)..<end])
      rest = rest[rest.index(after: end)...]
      guard rest.hasPrefix(":") else { throw Self.failure(text) }
      rest = rest.dropFirst()
    }
    var parts = rest.split(separator: ":", omittingEmptySubsequences: false)
    if address == nil, parts.count > 1, parts[0].contains(where: { !$0.isNumber }) {
      address = String(parts.removeFirst())
    }
    let ports = parts.compactMap { UInt16($0) }
    guard (1...2).contains(parts.count), ports.count == parts.count, ports[ports.count - 1] > 0,
      ports.count == 1 || ports[0] > 0 || ports[1] > 0, address != ""
    else { throw Self.failure(text) }
    endpoint = Endpoint(location: .network(host: address, port: ports[0]))
    port = ports[ports.count - 1]
  }

  private static func failure(_ text: String) -> Failure {
    Failure(.usage, .badPublishedPort(text))
  }
}
