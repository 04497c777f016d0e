public import SockeyeTransport
internal import SockeyeWire

/// One line of what a gateway's child may reach, or may not: `example.com`, `*.example.com:443`, `192.0.2.0/24`,
/// `[2001:db8::1]:8000-8100`, `*`.
public struct AccessRule: Hashable, Sendable, CustomStringConvertible {
  /// Whom a rule is about.
  public enum Subject: Hashable, Sendable {
    /// Everybody.
    case everybody
    /// The host of that name, in lower case.
    case name(String)
    /// All hosts whose names end in a dot and that name.
    case namesBelow(String)
    /// The addresses of a network, or a single one.
    case network(NetworkPrefix)
  }

  /// Whom it is about.
  public let subject: Subject
  /// The ports that it is about; nil for all, and for what has none.
  public let ports: ClosedRange<UInt16>?
  /// As it was written.
  public let description: String

  /// Reads a rule.
  ///
  /// - Throws: a failure of kind `usage` that says what is wrong.
  public init(_ text: String) throws(Failure) {
    let (host, portText) = Self.parts(text)
    var ports: ClosedRange<UInt16>?
    if let portText {
      guard let range = Self.range(portText) else {
        throw Failure(.usage, .badRulePorts(text))
      }
      ports = range
    }
    guard let subject = try Self.subject(host) else {
      throw Failure(.usage, .badRule(text))
    }
    self.subject = subject
    self.ports = ports
    description = text
  }

  /// Parts a host from its ports: behind brackets, or behind the only colon.
  private static func parts(_ text: String) -> (host: Substring, ports: Substring?) {
    if text.hasPrefix("["), let end = text.lastIndex(of: "]") {
      let host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      if rest.isEmpty { return (host, nil) }
      return (host, rest.hasPrefix(":") ? rest.dropFirst() : "?")
    }
    let colons = text.filter { $0 == ":" }.count
    guard colons == 1, let colon = text.firstIndex(of: ":") else { return (text[...], nil) }
    return (text[..<colon], text[text.index(after: colon)...])
  }

  private static func range(_ text: Substring) -> ClosedRange<UInt16>? {
    let ends = text.split(separator: "-", omittingEmptySubsequences: false)
    guard (1...2).contains(ends.count), let first = port(ends[0]), let last = port(ends[ends.count - 1]), first <= last
    else { return nil }
    return first...last
  }

  private static func port(_ text: Substring) -> UInt16? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(text), port > 0
    else { return nil }
    return port
  }

  private static func subject(_ host: Substring) throws(Failure) -> Subject? {
    if host == "*" { return .everybody }
    if let network = NetworkPrefix(host) { return .network(network) }
    let isPattern = host.hasPrefix("*.")
    let name = HostName(ascii: try InternationalName.ascii(String(isPattern ? host.dropFirst(2) : host)))
    guard let name else { return nil }
    return isPattern ? .namesBelow(name.text) : .name(name.text)
  }

  /// Whether the rule is about a port; what has none is the matter of rules for all of them.
  func covers(port: UInt16?) -> Bool {
    guard let ports else { return true }
    return port.map(ports.contains) ?? false
  }

  /// Whether the rule is about a host of that name.
  func covers(name: HostName) -> Bool {
    switch subject {
    case .everybody: true
    case .name(let own): own == name.text
    case .namesBelow(let own): name.text.hasSuffix("." + own)
    case .network: false
    }
  }

  /// Whether the rule is about that address, by itself.
  func covers(address: IPAddress) -> Bool {
    switch subject {
    case .everybody: true
    case .name, .namesBelow: false
    case .network(let network): network.contains(address)
    }
  }
}
