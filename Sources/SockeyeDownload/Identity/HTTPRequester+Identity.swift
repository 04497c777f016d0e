internal import NIOHTTP1

/// Who we are to a server: the only place where a request is told it.
extension HTTPRequester {
  /// Whether a server may be told who asks. One that another server points to, by a redirect, is not the one that the user
  /// named, be it on the same host: its scheme and its port have to be the same, too.
  func isTrusted(_ url: DownloadURL) -> Bool { url.origin == trusted }

  /// Adds all that says who asks, and the user's own fields, which may say so.
  func identify(_ request: inout HTTPRequestHead, to url: DownloadURL) {
    guard isTrusted(url) else { return }
    if let token = options.bearerToken {
      request.headers.add(name: "Authorization", value: "Bearer \(token.text)")
    } else if let entry = options.credentials?.entry(for: url.host) {
      let digest = pool.digests.authorization(
        for: url.origin,
        entry,
        method: request.method.rawValue,
        target: url.target
      )
      if let value = digest ?? (options.digestOnly ? nil : entry.basicAuthorization) {
        request.headers.add(name: "Authorization", value: value)
      }
    }
    options.fields.apply(to: &request.headers)
  }

  /// Whether a refused request may be sent again, with an answer to the server's challenge.
  ///
  /// - Parameter answered: Whether it carried such an answer already.
  func mayAnswer(_ answer: Answer, answered: Bool) -> Bool {
    guard answer.head.status == .unauthorized, isTrusted(answer.url), options.bearerToken == nil,
      options.credentials?.entry(for: answer.url.host) != nil
    else { return false }
    return pool.digests.take(answer.head.headers["WWW-Authenticate"], of: answer.url.origin, answered: answered)
  }
}
