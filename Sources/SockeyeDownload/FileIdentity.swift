internal import NIOHTTP1
internal import SockeyeText

/// What a file is, as the first response said: all later ones are held against it.
struct FileIdentity: Hashable, Sendable {
  /// The file's size in bytes, where it was said.
  var size: UInt64?
  /// The entity tag as the server wrote it, a weak one with its `W/` (RFC 9110, section 8.8.3).
  var entityTag: String?
  /// The date, as the server wrote it.
  var lastModified: String?
  /// The digest of the whole (RFC 9530).
  var digest: SHA256Sum?
  /// The type in lower case, without its parameters.
  var mediaType: String?
  /// The content coding in lower case; nothing for the file as it is.
  var coding: String?
  /// Whether ranges of it may be asked for.
  var acceptsRanges = false

  /// No type and no coding has a longer name; of what is longer, so much is compared.
  private static let longestName = 255

  /// Reads the fields of a 200 or 206.
  ///
  /// - Parameter size: That of the whole: a 206 has it in another field.
  init(_ head: HTTPResponseHead, size: UInt64?) {
    self.size = size
    if let tag = head.headers.first(name: "ETag"), Self.isTag(tag) { entityTag = tag }
    lastModified = head.headers.first(name: "Last-Modified")
    // One that can't be read says nothing.
    digest = try? ReprDigest.sha256(in: head.headers[canonicalForm: "Repr-Digest"])
    mediaType = head.headers.first(name: "Content-Type").flatMap { value in
      let type = value.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
      return type.isEmpty ? nil : String(type.prefix(Self.longestName))
    }
    let coding = head.headers.first(name: "Content-Encoding").map { String($0.lowercased().prefix(Self.longestName)) }
    self.coding = coding == "identity" || coding == "" ? nil : coding
    acceptsRanges =
      head.status == .partialContent
      || head.headers[canonicalForm: "Accept-Ranges"].contains { $0.lowercased() == "bytes" }
  }

  /// Reads the fields of a 200, whose body is the whole.
  init(whole head: HTTPResponseHead) {
    self.init(head, size: head.headers.first(name: "Content-Length").flatMap { DecimalNumber.parse($0) })
  }

  init(
    size: UInt64?,
    entityTag: String?,
    lastModified: String?,
    digest: SHA256Sum?,
    mediaType: String? = nil,
    coding: String? = nil
  ) {
    self.size = size
    self.entityTag = entityTag
    self.lastModified = lastModified
    self.digest = digest
    self.mediaType = mediaType
    self.coding = coding
  }

  static func isTag(_ text: some StringProtocol) -> Bool {
    let opaque = text.hasPrefix("W/") ? text.dropFirst(2) : text[...]
    return opaque.utf8.count >= 2 && opaque.hasPrefix("\"") && opaque.hasSuffix("\"")
  }

  /// Whether two tags name one version, strong or weak (RFC 9110, section 8.8.3.2).
  static func isSame(_ left: String, _ right: String) -> Bool { withoutStrength(left) == withoutStrength(right) }

  private static func withoutStrength(_ tag: String) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag[...] }

  /// The tag if it changes with every byte: a weak one may stay the same.
  var strongTag: String? { entityTag.flatMap { $0.hasPrefix("W/") ? nil : $0 } }

  /// The tag by which two are told apart, strong or weak (RFC 9110, section 8.8.3.2).
  private var opaqueTag: Substring? { entityTag.map { Self.withoutStrength($0) } }

  /// The sign that another version of the same file has another of.
  var version: Substring? { opaqueTag ?? lastModified?[...] }

  /// What to put into If-Range (RFC 9110, section 13.1.5).
  ///
  /// The RFC lets a date stand there only if it is a strong validator, which takes a clock to know. The server that
  /// compares it does so for equality, and what it answers is compared once more.
  var validator: String? { strongTag ?? lastModified }

  /// Whether two responses contradict each other. Where one is silent, it doesn't.
  func contradicts(_ other: FileIdentity) -> Bool {
    func differ<Value: Equatable>(_ left: Value?, _ right: Value?) -> Bool {
      left != nil && right != nil && left != right
    }
    return differ(size, other.size) || differ(digest, other.digest) || differ(opaqueTag, other.opaqueTag)
      || differ(lastModified, other.lastModified)
  }

  /// Whether another response names a sign that only the same bytes have.
  func isProved(by other: FileIdentity) -> Bool {
    func agree<Value: Equatable>(_ left: Value?, _ right: Value?) -> Bool { left != nil && left == right }
    guard !contradicts(other) else { return false }
    return agree(strongTag, other.strongTag) || agree(digest, other.digest) || agree(lastModified, other.lastModified)
  }

  /// Whether another response is of the kind that this one was: it has the type, the coding, and as many signs by which
  /// to know the file. A page that a proxy, a login or an overloaded server sends in place of the file is not.
  func isOfTheKind(of other: FileIdentity) -> Bool {
    mediaType == other.mediaType && coding == other.coding
      && (other.size == nil || size != nil)
      && (other.entityTag == nil || entityTag != nil) && (other.strongTag == nil || strongTag != nil)
      && (other.lastModified == nil || lastModified != nil)
  }
}
