import SockeyeText

/// Somebody who connects on our behalf: `http://HOST:PORT` or `socks5://HOST:PORT`.
///
/// Names are looked up by the proxy, never here, whether it is written `socks5` or `socks5h`: who needs a proxy may have no
/// name servers, or no wish to tell them what is asked for.
public struct ProxyServer: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// CONNECT (RFC 9110, section 9.3.6), and absolute targets for plain HTTP (RFC 9112, section 3.2.2).
    case http
    /// RFC 1928.
    case socks
  }

  /// Where there is no port; curl has the same for both kinds.
  private static let defaultPort = 1080

  package var kind: Kind
  package var endpoint: Endpoint
  /// Who we are to it, where it is to be told.
  package var login: String?
  package var password = ""

  /// Reads what a user wrote, or a variable of the environment has; without a scheme it is an HTTP proxy.
  ///
  /// - Parameter text: `http://[NAME:PASSWORD@]HOST[:PORT]` or `socks5://…`; name and password are percent-encoded.
  /// - Throws: A failure of kind `usage`.
  public init(_ text: String) throws(Failure) {
    var rest = text[...]
    kind = .http
    if let separator = text.firstRange(of: "://") {
      switch text[..<separator.lowerBound].lowercased() {
      case "http": kind = .http
      case "socks5", "socks5h": kind = .socks
      default: throw Failure(.usage, .bad(Self.withoutCredentials(text)))
      }
      rest = rest[separator.upperBound...]
    }
    if let at = rest.lastIndex(of: "@") {
      let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      login = Self.decoded(parts.first ?? "")
      password = parts.count > 1 ? Self.decoded(parts[1]) : ""
      rest = rest[rest.index(after: at)...]
    }
    if rest.hasSuffix("/") { rest.removeLast() }
    let hasPort = rest.hasPrefix("[") ? !rest.hasSuffix("]") : rest.contains(":")
    let place = hasPort ? String(rest) : "\(rest):\(Self.defaultPort)"
    guard !rest.hasPrefix("unix:"), let endpoint = try? Endpoint.parse(place), endpoint.scheme == nil,
      endpoint.host?.isEmpty == false, endpoint.port != 0
    else { throw Failure(.usage, .bad(Self.withoutCredentials(text))) }
    self.endpoint = endpoint
  }

  private static func decoded(_ text: Substring) -> String {
    String(decoding: PercentDecoding.bytes(of: text), as: UTF8.self)
  }

  /// What may be said of it: an address that is wrong may still have a password in front.
  private static func withoutCredentials(_ text: String) -> String {
    guard let at = text.lastIndex(of: "@") else { return text }
    let scheme = text.firstRange(of: "://").map { text[..<$0.upperBound] } ?? ""
    return "\(scheme)…\(text[at...])"
  }

  /// The value of a Proxy-Authorization field (RFC 9110, section 11.7.2).
  package var authorization: String? {
    login.map { "Basic " + Base64.text("\($0):\(password)".utf8) }
  }
}

extension ProxyServer: CustomStringConvertible {
  /// Without the credentials.
  public var description: String { "\(kind == .http ? "http" : "socks5")://\(endpoint)" }
}
