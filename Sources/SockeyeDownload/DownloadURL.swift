internal import SockeyeText
public import SockeyeTransport

/// Where a download comes from: an `http`, `https` or `tcp` URL (RFC 3986).
///
/// In `tcp://host:port/name` the path without its first slash is the name that the bare-name protocol asks for.
public struct DownloadURL: Hashable, Sendable {
  /// The protocols that a download can use.
  public enum Scheme: String, Hashable, Sendable, CaseIterable {
    /// HTTP/1.1 over TCP.
    case http
    /// HTTP/1.1 over TLS.
    case https
    /// The bare-name protocol over TCP.
    case tcp
  }

  /// Whom credentials may be told, and whose connections may be used again.
  struct Origin: Hashable, Sendable {
    var scheme: Scheme
    var host: String
    var port: UInt16
  }

  /// The protocol.
  public let scheme: Scheme
  /// The host in lower case and in ASCII (RFC 5891); an IPv6 address has no brackets.
  public let host: String
  /// The port, from 1 up.
  public let port: UInt16
  /// The path and the query, percent-encoded; begins with a slash.
  public let target: String

  /// Reads a URL that a user wrote. Without a scheme it is an `http` one.
  ///
  /// - Throws: A failure of kind `usage`; also when there are credentials in it, since those show in the list of
  ///   processes and in histories.
  public init(_ text: String) throws(Failure) {
    let whole = text.contains("://") ? text : "http://\(text)"
    let parts = try Self.parse(whole, written: text)
    guard !parts.hasCredentials else {
      throw Failure(.usage, .credentialsInURL)
    }
    self = parts.url
  }

  private init(scheme: Scheme, host: String, port: UInt16, target: String) {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.target = target
  }

  var origin: Origin { Origin(scheme: scheme, host: host, port: port) }

  /// The endpoint to connect to.
  package var endpoint: Endpoint { Endpoint(location: .network(host: host, port: port)) }

  /// The path, without the query.
  var path: Substring { target.prefix { $0 != "?" } }

  /// The host and port as the Host field has them (RFC 9110, section 7.2).
  package var authority: String {
    let host = self.host.contains(":") ? "[\(self.host)]" : self.host
    return port == scheme.defaultPort ? host : "\(host):\(port)"
  }

  /// The same place with something else for the query.
  func with(query: String) -> DownloadURL {
    DownloadURL(scheme: scheme, host: host, port: port, target: "\(path)?\(query)")
  }

  /// A thing inside this folder, by its name; the query is left out.
  func appending(_ name: [UInt8], isFolder: Bool) -> DownloadURL {
    let base = path.hasSuffix("/") ? String(path) : "\(path)/"
    let target = base + Self.percentEncode(name, keeping: Self.isUnreserved) + (isFolder ? "/" : "")
    return DownloadURL(scheme: scheme, host: host, port: port, target: target)
  }

  /// The same place as a folder: its path ends with a slash. The query is left out.
  var asFolder: DownloadURL {
    let path = self.path.hasSuffix("/") ? String(self.path) : "\(self.path)/"
    return DownloadURL(scheme: scheme, host: host, port: port, target: path)
  }

  /// The bytes of the last component of the path, decoded once. Empty when the path ends in a slash.
  var lastComponent: [UInt8] {
    let path = self.path
    let component = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path
    return Self.percentDecode(component)
  }

  /// The bytes of the whole path without its first slash, decoded once: what the bare-name protocol asks for.
  var bareName: [UInt8] { Self.percentDecode(path.dropFirst()) }
}

extension DownloadURL: CustomStringConvertible {
  /// The URL in its normal form.
  public var description: String {
    let authority =
      scheme == .tcp && !self.authority.hasSuffix(":\(port)") ? "\(host):\(port)" : self.authority
    return "\(scheme.rawValue)://\(authority)\(target)"
  }
}

extension DownloadURL.Scheme {
  /// The port where none is written; the bare-name protocol has none.
  var defaultPort: UInt16? {
    switch self {
    case .http: 80
    case .https: 443
    case .tcp: nil
    }
  }
}

// MARK: References

extension DownloadURL {
  /// Where a reference that a server sent leads to, seen from here (RFC 3986, section 5.2).
  ///
  /// Credentials in it are left out: a server doesn't choose whom we claim to be.
  ///
  /// - Throws: A failure of kind `peerProtocol` when it leads nowhere.
  func resolving(_ reference: String) throws(Failure) -> DownloadURL {
    let reference = reference.prefix { $0 != "#" }
    do throws(Failure) {
      if let colon = reference.firstIndex(of: ":"), Self.isScheme(reference[..<colon]) {
        return try Self.parse(String(reference), written: String(reference)).url
      }
      if reference.hasPrefix("//") {
        let text = "\(scheme.rawValue):\(reference)"
        return try Self.parse(text, written: text).url
      }
    } catch {
      throw Failure(.peerProtocol, .badPlace(self, error.phrase))
    }
    let target: String
    switch reference.first {
    case nil: target = self.target
    case "/": target = Self.normalize(target: reference)
    case "?": target = Self.normalize(target: path + reference)
    default:
      let folder = path.prefix(through: path.lastIndex(of: "/") ?? path.startIndex)
      target = Self.normalize(target: folder + reference)
    }
    return DownloadURL(scheme: scheme, host: host, port: port, target: target)
  }

  /// Whether a redirect from here to there is followed: to what is encrypted, or from HTTP without encryption to the same.
  func mayLead(to next: DownloadURL) -> Bool {
    next.scheme == .https || (next.scheme == .http && scheme == .http)
  }

  private static func isScheme(_ text: Substring) -> Bool {
    guard let first = text.utf8.first, isLetter(first) else { return false }
    return text.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2b || $0 == 0x2d || $0 == 0x2e }
  }
}

// MARK: Parsing

extension DownloadURL {
  private static func parse(
    _ text: String,
    written: String
  ) throws(Failure) -> (url: DownloadURL, hasCredentials: Bool) {
    guard let separator = text.firstRange(of: "://"),
      let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
    else { throw Failure(.usage, .badURL(written)) }

    let rest = text[separator.upperBound...].prefix { $0 != "#" }
    let authorityEnd = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
    var authority = rest[..<authorityEnd]
    var hasCredentials = false
    if let at = authority.lastIndex(of: "@") {
      hasCredentials = true
      authority = authority[authority.index(after: at)...]
    }
    if authority.hasSuffix(":") { authority.removeLast() }
    let hasPort =
      authority.hasPrefix("[") ? !authority.hasSuffix("]") : authority.contains(":")
    guard hasPort || scheme.defaultPort != nil else {
      throw Failure(.usage, .missingPort(written))
    }
    let endpoint = try Endpoint.parse(hasPort ? String(authority) : "\(authority):\(scheme.defaultPort ?? 0)")
    guard let host = endpoint.host, let port = endpoint.port, port != 0, !host.isEmpty,
      host.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
    else { throw Failure(.usage, .badForm(written, scheme.rawValue)) }
    let url = DownloadURL(
      scheme: scheme,
      host: try InternationalName.ascii(host.lowercased()),
      port: port,
      target: scheme == .tcp ? encodeName(rest[authorityEnd...]) : normalize(target: rest[authorityEnd...])
    )
    return (url, hasCredentials)
  }

  /// A bare name goes over the wire as it is written: dots are the server's business, and a question mark is a character.
  private static func encodeName(_ text: Substring) -> String {
    let name = percentDecode(text.drop { $0 == "/" })
    return "/" + percentEncode(name) { isUnreserved($0) || $0 == UInt8(ascii: "/") }
  }

  /// Removes `.` and `..` from the path (RFC 3986, section 5.2.4) and percent-encodes what may not stand in a request.
  private static func normalize(target: Substring) -> String {
    let pathEnd = target.firstIndex(of: "?") ?? target.endIndex
    var components: [Substring] = []
    let written = target[..<pathEnd].split(separator: "/", omittingEmptySubsequences: false)
    for (index, component) in written.enumerated() where index > 0 || !component.isEmpty {
      let isLast = index == written.count - 1
      switch component {
      case ".": if isLast { components.append("") }
      case "..":
        _ = components.popLast()
        if isLast { components.append("") }
      default: components.append(component)
      }
    }
    let normal = "/" + components.joined(separator: "/") + target[pathEnd...]
    return percentEncode(ArgumentText.bytes(of: normal), keeping: mayStandInTarget)
  }

  private static func normalize(target: String) -> String { normalize(target: target[...]) }

  static func percentDecode(_ text: some StringProtocol) -> [UInt8] { PercentDecoding.bytes(of: text) }

  static func percentEncode(_ bytes: [UInt8], keeping isKept: (UInt8) -> Bool) -> String {
    var text = ""
    for byte in bytes {
      if isKept(byte) {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        text += "%" + Hexadecimal.text([byte]).uppercased()
      }
    }
    return text
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// RFC 3986, section 2.3.
  static func isUnreserved(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte)
  }

  /// Printing ASCII but for what RFC 3986 keeps out of paths and queries. A percent sign is taken as an escape.
  private static func mayStandInTarget(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte < 0x7f && !#""<>\^`{|}"#.utf8.contains(byte)
  }
}
