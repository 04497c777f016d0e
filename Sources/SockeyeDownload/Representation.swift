internal import FoundationEssentials
internal import NIOHTTP1
internal import SockeyeText

/// What a server said of the file that it sends: enough to know the same file again.
struct Representation: Hashable, Sendable {
  /// In bytes, where it was said.
  var size: UInt64?
  /// An entity tag that changes with every byte (RFC 9110, section 8.8.3); weak ones say too little.
  var strongTag: String?
  /// The date, as the server wrote it.
  var lastModified: String?
  /// The digest of the whole (RFC 9530).
  var digest: SHA256Sum?
  /// Whether ranges of it may be asked for.
  var acceptsRanges = false

  /// Reads the fields of a 200 or 206.
  init(_ head: HTTPResponseHead, size: UInt64?) {
    self.size = size
    if let tag = head.headers.first(name: "ETag"), tag.count >= 2, tag.hasPrefix("\""), tag.hasSuffix("\"") {
      self.strongTag = tag
    }
    self.lastModified = head.headers.first(name: "Last-Modified")
    self.digest = ReprDigest.sha256(in: head.headers[canonicalForm: "Repr-Digest"])
    acceptsRanges =
      head.status == .partialContent
      || head.headers[canonicalForm: "Accept-Ranges"].contains { $0.lowercased() == "bytes" }
  }

  init(size: UInt64?, strongTag: String?, lastModified: String?, digest: SHA256Sum?) {
    self.size = size
    self.strongTag = strongTag
    self.lastModified = lastModified
    self.digest = digest
  }

  /// What to put into If-Range (RFC 9110, section 13.1.5).
  ///
  /// The RFC lets a date stand there only if it is a strong validator, which takes a clock to know. The server that
  /// compares it does so for equality, and ``isSame(as:)`` compares once more.
  var validator: String? { self.strongTag ?? self.lastModified }

  /// Whether a later response is about the same bytes, as far as both tell.
  ///
  /// A 206 to a request with If-Range need not repeat the date (RFC 9110, section 15.3.7), so that silence is no
  /// contradiction.
  func isSame(as other: Representation) -> Bool {
    func agree<Value: Equatable>(_ left: Value?, _ right: Value?) -> Bool {
      left == nil || right == nil || left == right
    }
    return agree(self.size, other.size) && agree(self.digest, other.digest) && agree(self.strongTag, other.strongTag)
      && agree(self.lastModified, other.lastModified)
  }
}

extension ReprDigest {
  /// Finds SHA-256 in the field's dictionary: `sha-256=:BASE64:`, others beside it.
  static func sha256(in values: [Substring]) -> SHA256Sum? {
    for value in values {
      let member = value.drop { $0 == " " || $0 == "\t" }
      guard member.lowercased().hasPrefix("sha-256=:") else { continue }
      let encoded = member.dropFirst("sha-256=:".count).prefix { $0 != ":" }
      guard encoded.utf8.count <= 64, let bytes = Data(base64Encoded: String(encoded)) else { return nil }
      return SHA256Sum(bytes: Array(bytes))
    }
    return nil
  }
}

/// A file name that the server suggests (RFC 6266).
enum ContentDisposition {
  /// The bytes of `filename*` or `filename`, with no judgement on them.
  static func fileName(in value: String) -> [UInt8]? {
    var plain: [UInt8]?
    for parameter in self.parameters(value) {
      guard let equals = parameter.firstIndex(of: "=") else { continue }
      let name = parameter[..<equals].lowercased()
      let text = parameter[parameter.index(after: equals)...]
      if name == "filename*" {
        // RFC 8187: CHARSET'LANGUAGE'percent-encoded.
        let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        if parts.count == 3, parts[0].lowercased() == "utf-8" { return DownloadURL.percentDecode(parts[2]) }
      } else if name == "filename" {
        plain = Array(unquote(text).utf8)
      }
    }
    return plain
  }

  /// Splits at semicolons outside of quotes.
  private static func parameters(_ value: String) -> [String] {
    var parameters: [String] = []
    var current = ""
    var isQuoted = false
    var isEscaped = false
    for scalar in value.unicodeScalars {
      if isEscaped {
        isEscaped = false
      } else if isQuoted, scalar == "\\" {
        isEscaped = true
      } else if scalar == "\"" {
        isQuoted.toggle()
      } else if scalar == ";", !isQuoted {
        parameters.append(current)
        current = ""
        continue
      } else if scalar == " ", !isQuoted {
        continue
      }
      current.unicodeScalars.append(scalar)
    }
    return parameters + [current]
  }

  private static func unquote(_ text: Substring) -> String {
    guard text.hasPrefix("\"") else { return String(text) }
    var plain = ""
    var isEscaped = false
    for scalar in text.dropFirst().unicodeScalars {
      if !isEscaped, scalar == "\\" {
        isEscaped = true
        continue
      }
      if !isEscaped, scalar == "\"" { break }
      isEscaped = false
      plain.unicodeScalars.append(scalar)
    }
    return plain
  }
}
