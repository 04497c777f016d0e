public import SockeyeTransport

/// Which proxy a URL is reached through, if any.
///
/// What the environment has for one protocol is read only when that is used: a proxy of a kind that isn't known stops those
/// downloads that would go through it, and no others.
public struct ProxySelection: Sendable {
  private enum Source {
    case none
    case one(ProxyServer)
    case environment([String: String])
  }

  private var source: Source
  private var exceptions: ProxyExceptions
  private var credentials: Credentials.Entry?

  /// No proxy for anything.
  public init() {
    source = .none
    exceptions = ProxyExceptions("")
  }

  /// What the environment asks for: `http_proxy` in lower case alone, since a web server makes HTTP_PROXY of a client's
  /// field; `https_proxy`; `all_proxy` for what has none of its own; and `no_proxy`, the latter three in upper case too.
  ///
  /// - Parameter environment: The variables. An empty one counts as missing.
  public init(environment: [String: String]) {
    source = .environment(environment)
    exceptions = ProxyExceptions(Self.value(["no_proxy", "NO_PROXY"], in: environment) ?? "")
  }

  /// Uses one proxy, whatever the environment asks for.
  ///
  /// - Parameter proxy: `http://HOST:PORT` or `socks5://HOST:PORT`; names are looked up by the proxy.
  /// - Throws: A failure of kind `usage`, also when there are credentials in it.
  public mutating func use(_ proxy: String) throws(Failure) {
    let proxy = try ProxyServer(proxy)
    guard proxy.login == nil else { throw Failure(.usage, .credentialsInProxy) }
    source = .one(proxy)
  }

  /// Reaches these hosts without a proxy, whatever `no_proxy` has: names with all that is beneath them, addresses, blocks such as
  /// `192.0.2.0/24`; `*` for all.
  public mutating func except(_ hosts: String) { exceptions = ProxyExceptions(hosts) }

  /// Shows a name and a password to the proxy, in place of those that its URL has.
  ///
  /// - Parameter path: A file of one line `NAME:PASSWORD` that nobody else can read.
  /// - Throws: Those of reading it.
  public mutating func authenticate(file path: String) throws(Failure) {
    let entries = try Credentials(file: path).entries
    guard entries.count == 1, let entry = entries.first, entry.machine == nil else {
      throw Failure(.usage, .notCredentials(path))
    }
    credentials = entry
  }

  /// The one proxy that was chosen with ``use(_:)``, and who we are to it; nothing where there is none, or the environment
  /// decides.
  public var chosen: ProxyServer? {
    if case .one(let proxy) = source { proxy.showing(credentials) } else { nil }
  }

  /// The proxy for a URL.
  ///
  /// - Throws: A failure of kind `usage` when the environment's makes no sense.
  func proxy(for url: DownloadURL) throws(Failure) -> ProxyServer? {
    guard !exceptions.contains(url.host), let proxy = try candidate(for: url) else { return nil }
    return proxy.showing(credentials)
  }

  private func candidate(for url: DownloadURL) throws(Failure) -> ProxyServer? {
    switch source {
    case .none: return nil
    case .one(let proxy): return proxy
    case .environment(let environment):
      let own =
        switch url.scheme {
        case .http: ["http_proxy"]
        case .https: ["https_proxy", "HTTPS_PROXY"]
        case .tcp: [String]()
        }
      guard let text = Self.value(own + ["all_proxy", "ALL_PROXY"], in: environment) else { return nil }
      return try ProxyServer(text)
    }
  }

  private static func value(_ names: [String], in environment: [String: String]) -> String? {
    for name in names {
      if let value = environment[name], !value.isEmpty { return value }
    }
    return nil
  }
}

extension ProxyServer {
  /// The same proxy, told who we are.
  fileprivate func showing(_ credentials: Credentials.Entry?) -> ProxyServer {
    guard let credentials else { return self }
    var proxy = self
    (proxy.login, proxy.password) = (credentials.login, credentials.password)
    return proxy
  }

  /// Whether it passes requests for a URL on by itself, where it otherwise only carries bytes.
  func forwards(_ url: DownloadURL) -> Bool { kind == .http && url.scheme == .http }
}
