import SockeyeText

/// Where a conversation happens: what a user writes to name the other side, or the place to listen on.
///
/// A port is a number, or the name of a service such as `ssh`.
///
/// One grammar serves every command: `HOST:PORT`, `HOST PORT`, `:PORT`, `PORT`, `[ADDRESS%ZONE]:PORT`, each of them
/// behind `tcp://`, `udp://` or `tls://` if wanted; `unix:PATH` and, for datagrams, `unixgram:PATH`, where `@NAME` in the path's
/// place is a name without a file (unix(7), "abstract").
public struct Endpoint: Hashable, Sendable {
  /// The protocol that an endpoint names explicitly.
  public enum Scheme: String, Hashable, Sendable, CaseIterable {
    /// A plain stream.
    case tcp
    /// Datagrams, those of a Unix domain socket included.
    case udp
    /// A stream inside TLS.
    case tls
  }

  /// The place itself.
  public enum Location: Hashable, Sendable {
    /// A host (a name, or an IPv4 or IPv6 address with an optional zone) and a port. No host means every address of
    /// this machine when listening, and this machine itself when connecting.
    case network(host: String?, port: UInt16)
    /// A Unix domain socket.
    case unix(path: String)
    /// A Unix domain socket whose name is in no file system: Linux keeps it for each network namespace.
    case abstract(name: String)
  }

  /// The protocol, when the endpoint was written with one.
  public var scheme: Scheme?

  /// The host and port, or the path.
  public var location: Location

  /// Creates an endpoint from its parts.
  public init(scheme: Scheme? = nil, location: Location) {
    self.scheme = scheme
    self.location = location
  }

  /// Whether it is a Unix domain socket, of either kind.
  public var isUnix: Bool {
    switch location {
    case .unix, .abstract: true
    case .network: false
    }
  }

  /// The host, unless there is none or the endpoint is a Unix domain socket.
  public var host: String? {
    if case .network(let host, _) = location { host } else { nil }
  }

  /// The port, unless the endpoint is a Unix domain socket.
  public var port: UInt16? {
    if case .network(_, let port) = location { port } else { nil }
  }
}

extension Endpoint: CustomStringConvertible {
  /// The endpoint in the grammar that ``parse(_:)-(String)`` reads.
  public var description: String {
    let prefix = scheme.map { "\($0.rawValue)://" } ?? ""
    switch location {
    case .unix(let path): return Self.unixPrefix(isDatagram: scheme == .udp) + path
    case .abstract(let name): return Self.unixPrefix(isDatagram: scheme == .udp) + "@" + name
    case .network(nil, let port): return "\(prefix):\(port)"
    case .network(let host?, let port):
      return host.contains(":") ? "\(prefix)[\(host)]:\(port)" : "\(prefix)\(host):\(port)"
    }
  }
}

// MARK: Reading what a user wrote

extension Endpoint {
  /// Reads an endpoint from the words of a command line.
  ///
  /// - Parameter words: One word in any form of the grammar, or a host and a port.
  /// - Throws: A failure of kind `usage` that says what is wrong and what would be right.
  public static func parse(_ words: [String]) throws(Failure) -> Endpoint {
    switch words.count {
    case 1: return try parse(words[0])
    case 2:
      guard let port = ServiceName.port(words[1]) else { throw badPort(words[1], in: words.joined(separator: " ")) }
      var (scheme, host) = try splitScheme(words[0])
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      guard !host.isEmpty, scheme != nil || !(host.hasPrefix("unix:") || host.hasPrefix("unixgram:")) else {
        throw Failure(.usage, .notHost(words[0]))
      }
      return Endpoint(scheme: scheme, location: .network(host: host, port: port))
    default:
      throw Failure(.usage, .badEndpoint)
    }
  }

  /// Reads an endpoint from one word.
  ///
  /// - Parameter text: Any form of the grammar but `HOST PORT`.
  /// - Throws: A failure of kind `usage` that says what is wrong and what would be right.
  public static func parse(_ text: String) throws(Failure) -> Endpoint {
    for isDatagram in [false, true] where text.hasPrefix(unixPrefix(isDatagram: isDatagram)) {
      let path = text.dropFirst(unixPrefix(isDatagram: isDatagram).count)
      return Endpoint(scheme: isDatagram ? .udp : nil, location: try parseUnix(String(path), whole: text))
    }
    let (scheme, rest) = try splitScheme(text)
    return Endpoint(scheme: scheme, location: try parseHostAndPort(rest, whole: text))
  }

  /// What fits into `sockaddr_un.sun_path` with its final NUL, or with the first one that marks a name without a file.
  private static let longestUnixPath = 107

  private static func unixPrefix(isDatagram: Bool) -> String { isDatagram ? "unixgram:" : "unix:" }

  private static func parseUnix(_ path: String, whole: String) throws(Failure) -> Location {
    let isAbstract = path.hasPrefix("@")
    let name = isAbstract ? String(path.dropFirst()) : path
    let bytes = ArgumentText.bytes(of: name)
    guard (1...longestUnixPath).contains(bytes.count), !bytes.contains(0) else {
      throw Failure(.usage, .badSocketPath(whole, longestUnixPath))
    }
    return isAbstract ? .abstract(name: name) : .unix(path: name)
  }

  private static func splitScheme(_ text: String) throws(Failure) -> (Scheme?, String) {
    guard let separator = text.firstRange(of: "://") else { return (nil, text) }
    let name = text[..<separator.lowerBound].lowercased()
    guard let scheme = Scheme(rawValue: name) else {
      throw Failure(.usage, .badScheme(text))
    }
    var rest = text[separator.upperBound...]
    if rest.hasSuffix("/") { rest = rest.dropLast() }
    return (scheme, String(rest))
  }

  private static func parseHostAndPort(_ text: String, whole: String) throws(Failure) -> Location {
    if let port = UInt16(text) { return .network(host: nil, port: port) }

    if text.hasPrefix("[") {
      guard let bracket = text.firstIndex(of: "]") else {
        throw Failure(.usage, .openBracket(whole))
      }
      let host = String(text[text.index(after: text.startIndex)..<bracket])
      let tail = text[text.index(after: bracket)...]
      guard host.contains(":"), tail.hasPrefix(":") else {
        throw Failure(.usage, .badIPv6Endpoint(whole))
      }
      guard let port = ServiceName.port(tail.dropFirst()) else { throw badPort(tail.dropFirst(), in: whole) }
      return .network(host: host, port: port)
    }

    guard let colon = text.lastIndex(of: ":") else {
      throw Failure(.usage, .missingPort(whole))
    }
    let host = text[..<colon]
    let portText = text[text.index(after: colon)...]
    guard !host.contains(":") else {
      throw Failure(.usage, .badIPv6Endpoint(whole))
    }
    guard let port = ServiceName.port(portText) else { throw badPort(portText, in: whole) }
    guard !host.contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" || $0 == "\0" }) else {
      throw Failure(.usage, .badHost(whole, "\(host)"))
    }
    return .network(host: host.isEmpty || host == "*" ? nil : String(host), port: port)
  }

  private static func badPort(_ text: some StringProtocol, in whole: String) -> Failure {
    Failure(.usage, .badPort(whole, "\(text)"))
  }
}
