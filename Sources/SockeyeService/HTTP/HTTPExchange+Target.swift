import NIOHTTP1

/// What requests are about, where the service's paths begin with a prefix.
extension HTTPExchange {
  /// Where a request's target lies.
  enum Location {
    case inside(RequestTarget)
    /// It is the prefix itself without a slash at its end, which has this last name.
    case prefix(lastName: ArraySlice<UInt8>, query: String)
    case outside
    case malformed
  }

  func locate(_ request: Request) -> Location { locate(request.head.uri) }

  func locate(_ uri: String) -> Location {
    guard let target = try? RequestTarget(uri) else { return .malformed }
    guard let prefix = shared.pathPrefix else { return .inside(target) }
    guard let path = target.path.below(prefix) else { return .outside }
    guard !path.bytes.isEmpty || target.path.namesDirectory else {
      return .prefix(lastName: prefix.name, query: target.query)
    }
    return .inside(RequestTarget(path: path, query: target.query))
  }

  /// The target of a request that can have a file; what has none is answered.
  func target(of request: Request) -> RequestTarget? {
    switch locate(request) {
    case .inside(let target): return target
    case .prefix(let name, let query): redirect(intoFolder: name, query: query, request)
    case .outside: respond(.notFound, to: request)
    case .malformed: respond(.badRequest, to: request)
    }
    return nil
  }

  /// Sends a client to a folder's own URL. Relative links in a listing are relative to the last slash, and so is this one,
  /// so that it holds behind a proxy with a prefix.
  func redirect(intoFolder folder: ArraySlice<UInt8>, query: String, _ request: Request) {
    let query = query.isEmpty ? "" : "?" + query.filter { $0.isASCII && !$0.isWhitespace }
    var name = ""
    PercentEncoding.append(folder, to: &name)
    respondEmpty(.movedPermanently, to: request, fields: [("Location", name + "/" + query)])
  }
}
