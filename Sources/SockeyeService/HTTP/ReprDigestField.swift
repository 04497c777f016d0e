/// `Repr-Digest`: RFC 9530, section 3.
enum ReprDigestField {
  /// The error of a digest that is none.
  struct Malformed: Error, Hashable, Sendable {}

  /// The SHA-256 in a field; `nil` where there is none, since other algorithms say nothing here.
  static func sha256(in field: String?) throws(Malformed) -> FileDigest? {
    for member in (field ?? "").split(separator: ",") {
      let member = member.trimmingSpaces
      guard member.lowercased().hasPrefix("sha-256=") else { continue }
      let value = member.dropFirst("sha-256=".count).prefix { $0 != ";" }.trimmingSpaces
      // RFC 8941, section 3.3.5: bytes stand between colons.
      guard value.hasPrefix(":"), value.hasSuffix(":"), value.count >= 2,
        let bytes = Base64.decode(value.dropFirst().dropLast()), bytes.count == 32
      else { throw Malformed() }
      return FileDigest(bytes: bytes)
    }
    return nil
  }

  static func text(_ digest: FileDigest) -> String { "sha-256=:\(digest.base64):" }
}
