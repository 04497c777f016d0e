public import SockeyeTransport

/// A token that says by itself who has it (RFC 6750), from a file that nobody else can read.
public struct BearerToken: Sendable {
  let text: String

  /// Reads a file whose one line is the token.
  ///
  /// - Throws: A failure of kind `localFile` when it can't be read, `usage` when it is no token, `refusedLocally` when
  ///   others may read it.
  public init(file path: String) throws(Failure) {
    try self.init(try PrivateFile.text(of: path), of: path)
  }

  /// Whatever is visible and has no spaces goes: servers' tokens are not all of the RFC's alphabet (section 2.1).
  init(_ text: String, of path: String) throws(Failure) {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count == 1, let token = words.first, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
      throw Failure(.usage, .notToken(path))
    }
    self.text = String(token)
  }
}
