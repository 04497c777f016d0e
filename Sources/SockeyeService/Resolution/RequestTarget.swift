/// What a request is about: RFC 9112, section 3.2.
struct RequestTarget: Equatable, Sendable {
  /// The error of what is not a target, or not one for a file.
  struct Malformed: Error, Hashable, Sendable {}

  /// The path, its escapes undone.
  var path: ResourcePath

  /// What follows the question mark, as it was written.
  var query: String

  init(path: ResourcePath, query: String) {
    self.path = path
    self.query = query
  }

  /// Reads a target in origin form or absolute form. The host of the absolute form is of no interest: whoever reached
  /// this server is served.
  init(_ text: String) throws(Malformed) {
    var rest = text[...]
    if !rest.utf8.starts(with: "/".utf8) {
      guard let scheme = rest.firstRange(of: "://"),
        ["http", "https"].contains(rest[..<scheme.lowerBound].lowercased())
      else {
        throw Malformed()
      }
      rest = rest[scheme.upperBound...]
      let authority = rest.prefix { $0 != "/" && $0 != "?" }
      // RFC 9110, section 4.2: a host there must be, and names of users are an attempt to mislead.
      guard !authority.isEmpty, HostField.isValid(authority) else { throw Malformed() }
      guard let slash = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "?") }) else {
        self.path = .root
        query = ""
        return
      }
      rest = rest[slash...]
    }
    guard !rest.utf8.contains(UInt8(ascii: "#")) else { throw Malformed() }

    let question = rest.utf8.firstIndex(of: UInt8(ascii: "?"))
    query = question.map { String(rest[rest.utf8.index(after: $0)...]) } ?? ""
    guard let decoded = PercentEncoding.decodePath(rest[..<(question ?? rest.endIndex)].utf8) else { throw Malformed() }
    guard let path = ResourcePath(decoded.dropFirst()) else { throw Malformed() }
    self.path = path
  }
}
