import NIOHTTP1
import SockeyeText

/// The header fields of a request that this server has an opinion on, found in one pass.
struct RequestFields {
  var host: String?
  var hostCount = 0
  var range: String?
  var ifRange: String?
  var ifMatch: String?
  var ifNoneMatch: String?
  var ifModifiedSince: String?
  var ifUnmodifiedSince: String?
  var accept: String?
  var acceptEncoding: String?
  var acceptLanguage: String?
  var authorization: String?
  var expect: String?
  var contentRange: String?
  var contentLength: String?
  var transferEncoding: String?
  var wantReprDigest: String?
  var reprDigest: String?
  var userAgent: String?
  var referer: String?
  var origin: String?

  init(_ headers: HTTPHeaders) {
    for (name, value) in headers {
      // The length tells most fields apart before a letter is looked at.
      switch name.utf8.count {
      case 4 where name.isField("host"):
        host = value
        hostCount += 1
      case 5 where name.isField("range"): Self.combine(&range, value)
      case 6 where name.isField("accept"): Self.combine(&accept, value)
      case 6 where name.isField("expect"): expect = value
      case 6 where name.isField("origin"): origin = value
      case 7 where name.isField("referer"): referer = value
      case 8 where name.isField("if-range"): ifRange = value
      case 8 where name.isField("if-match"): Self.combine(&ifMatch, value)
      case 10 where name.isField("user-agent"): userAgent = value
      case 11 where name.isField("repr-digest"): Self.combine(&reprDigest, value)
      case 13 where name.isField("if-none-match"): Self.combine(&ifNoneMatch, value)
      case 13 where name.isField("authorization"): authorization = value
      case 13 where name.isField("content-range"): contentRange = value
      case 14 where name.isField("content-length"): contentLength = value
      case 15 where name.isField("accept-encoding"): Self.combine(&acceptEncoding, value)
      case 15 where name.isField("accept-language"): Self.combine(&acceptLanguage, value)
      case 16 where name.isField("want-repr-digest"): Self.combine(&wantReprDigest, value)
      case 17 where name.isField("if-modified-since"): ifModifiedSince = value
      case 17 where name.isField("transfer-encoding"): Self.combine(&transferEncoding, value)
      case 19 where name.isField("if-unmodified-since"): ifUnmodifiedSince = value
      default: break
      }
    }
  }

  /// The digest that what is put is to have (RFC 9530, section 3).
  var announcedDigest: FileDigest? {
    get throws(ReprDigest.Malformed) {
      try ReprDigest.sha256(in: (reprDigest ?? "").split(separator: ",")).map { FileDigest(bytes: $0.bytes) }
    }
  }

  /// RFC 9110, section 5.3: several lines of one list are one list.
  private static func combine(_ field: inout String?, _ value: String) {
    field = field.map { "\($0), \(value)" } ?? value
  }
}

extension String {
  /// Whether this is the name of a field, in any case. The name is given in lower case.
  fileprivate func isField(_ name: StaticString) -> Bool {
    name.withUTF8Buffer { wanted in
      utf8.count == wanted.count && zip(utf8, wanted).allSatisfy { $0 | 0x20 == $1 || $0 == $1 }
    }
  }
}
