/// The digest of a whole file, whatever part of it a response holds (RFC 9530, section 3).
public enum ReprDigest {
  /// The largest file, in bytes, that a server hashes before it sends it, if its digest is wanted. For larger ones that
  /// would be a long silence: their digest comes with the answer to a HEAD, which can wait while the file is on its way.
  public static let largestBeforeContents: UInt64 = 32 << 20
}
