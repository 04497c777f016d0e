/// The digest of a whole file, whatever part of it a response holds (RFC 9530, section 3).
public enum ReprDigest {
  /// The largest file, in bytes, that a server hashes before it sends it, if its digest is wanted. For larger ones that
  /// would be a long silence: their digest comes with the answer to a HEAD, which can wait while the file is on its way.
  public static let largestBeforeContents: UInt64 = 32 << 20

  /// The error of a SHA-256 that is none.
  public struct Malformed: Error, Hashable, Sendable {}

  /// Finds the SHA-256 in the field's dictionary.
  ///
  /// - Parameter members: What stood between commas.
  /// - Returns: Nothing where there are other algorithms alone, or none.
  /// - Throws: `Malformed`.
  public static func sha256(in members: [Substring]) throws(Malformed) -> SHA256Sum? {
    for member in members {
      let member = trimmed(member)
      guard member.lowercased().hasPrefix("sha-256=") else { continue }
      let value = trimmed(member.dropFirst("sha-256=".count).prefix { $0 != ";" })
      // RFC 8941, section 3.3.5: bytes stand between colons.
      guard value.utf8.count >= 2, value.hasPrefix(":"), value.hasSuffix(":"),
        let digest = Base64.bytes(value.dropFirst().dropLast()).flatMap({ SHA256Sum(bytes: $0) })
      else { throw Malformed() }
      return digest
    }
    return nil
  }

  /// The field's value that tells a SHA-256.
  ///
  /// - Parameter bytes: The digest.
  public static func field(sha256 bytes: [UInt8]) -> String { "sha-256=:\(Base64.text(bytes)):" }

  private static func trimmed(_ text: Substring) -> Substring {
    func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }
}
