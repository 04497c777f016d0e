public import SockeyeTransport

/// Which pages of other origins may read what is served: the CORS protocol of the Fetch standard, section 3.2.
public enum CrossOriginPolicy: Hashable, Sendable {
  /// None; browsers see to that where nothing is said.
  case none
  /// All of them, and none with a user's password.
  case all
  /// Those of these origins, such as `https://example.org`; with a user's password where one is needed.
  case listed(Set<String>)

  /// Reads origins that are separated by commas, or `*` for all.
  ///
  /// - Throws: A failure of kind `usage` for what is no origin.
  public init(_ text: String) throws(Failure) {
    guard text != "*" else {
      self = .all
      return
    }
    var origins: Set<String> = []
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      let origin = item.trimmingSpaces.lowercased()
      // An origin ends with its host or its port: it has no path, not even a slash (RFC 6454, section 6.2).
      let parts = origin.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, !parts[1].isEmpty, !parts[1].contains("*"), HostField.isValid(parts[1]),
        parts[0].first?.isLetter == true, parts[0].utf8.allSatisfy(Self.isSchemeByte)
      else { throw Failure(.usage, .badOrigin(String(item))) }
      origins.insert(origin)
    }
    self = .listed(origins)
  }

  private static func isSchemeByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }

  /// Whether a page of an origin may read what is served.
  func admits(_ origin: String?) -> Bool {
    switch self {
    case .none: false
    case .all: origin != nil
    case .listed(let origins): origin.map { origins.contains($0) } ?? false
    }
  }

  /// What each response says of it; nothing where no page is let in.
  ///
  /// - Parameters:
  ///   - origin: The origin that asks; only one that is on the list comes to stand in the answer.
  ///   - withCredentials: Whether there are passwords that a browser may send along.
  func responseLines(for origin: String?, withCredentials: Bool) -> String? {
    let exposed =
      "Access-Control-Expose-Headers: Accept-Ranges, Content-Length, Content-Range, ETag, Repr-Digest, Upload-Offset\r\n"
    switch self {
    case .none: return nil
    case .all: return "Access-Control-Allow-Origin: *\r\n" + exposed
    case .listed:
      // The answer differs by origin also where there was none: a cache must know.
      guard let origin, admits(origin) else { return "Vary: Origin\r\n" }
      return "Vary: Origin\r\nAccess-Control-Allow-Origin: \(origin)\r\n" + exposed
        + (withCredentials ? "Access-Control-Allow-Credentials: true\r\n" : "")
    }
  }

  /// What a preflight is told besides: the fields that requests may have, and for how many seconds that holds.
  static let preflightFields: [(StaticString, String)] = [
    (
      "Access-Control-Allow-Headers",
      "Authorization, Content-Range, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Range, "
        + "If-Unmodified-Since, Range, Want-Repr-Digest"
    ),
    ("Access-Control-Max-Age", "600"),
  ]
}
