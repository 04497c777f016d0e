internal import NIOHTTP1
internal import SockeyeTransport

/// Who we are to a server: the only place where a request is told it.
struct RequestIdentity: Sendable {
  let options: DownloadOptions
  let digests: DigestAuthentication
  /// To whom it may be shown who asks, if to anybody.
  let trusted: DownloadURL.Origin?

  /// Whether a server may be told who asks. One that another server points to, by a redirect, is not the one that the user
  /// named, be it on the same host: its scheme and its port have to be the same, too.
  private func isTrusted(_ url: DownloadURL) -> Bool { url.origin == trusted }

  /// Adds all that says who asks, and the user's own fields, which may say so.
  func identify(_ request: inout HTTPRequestHead, to url: DownloadURL) {
    guard isTrusted(url) else { return }
    if let token = options.bearerToken {
      request.headers.add(name: "Authorization", value: "Bearer \(token.text)")
    } else if let entry = options.credentials?.entry(for: url.host) {
      let digest = digests.authorization(for: url.origin, entry, method: request.method.rawValue, target: url.target)
      if let value = digest ?? (options.digestOnly ? nil : entry.basicAuthorization) {
        request.headers.add(name: "Authorization", value: value)
      }
    }
    options.fields.apply(to: &request.headers)
  }

  /// Whether a request may be sent again, with an answer to the server's challenge.
  ///
  /// - Parameters:
  ///   - head: What the server said.
  ///   - answers: How many answers there have been already. One that is too old by the time that it arrives is followed by
  ///     another, not by others for ever.
  func mayAnswer(_ head: HTTPResponseHead, from url: DownloadURL, answers: Int) -> Bool {
    guard head.status == .unauthorized, answers < 2, isTrusted(url), options.bearerToken == nil,
      options.credentials?.entry(for: url.host) != nil
    else { return false }
    return digests.take(head.headers["WWW-Authenticate"], of: url.origin, answered: answers > 0)
  }

  /// What a 401 or a 407 means to the user.
  ///
  /// - Parameter text: What the server said, for people.
  func refusal(_ head: HTTPResponseHead, _ text: String) -> Failure {
    if head.status == .proxyAuthenticationRequired { return Failure(.authentication, .proxyAsks(text)) }
    if options.digestOnly, DigestChallenge.best(in: head.headers["WWW-Authenticate"]) == nil {
      return Failure(.authentication, .noDigest(text))
    }
    let hasShownNothing = options.credentials == nil && options.bearerToken == nil
    return Failure(.authentication, hasShownNothing ? .needsCredentials(text) : .badCredentials(text))
  }
}
