import Glibc
public import SockeyeTransport

/// A character encoding that the C library's `iconv` knows.
public struct TextEncoding: Hashable, Sendable {
  /// The name as `iconv` takes it.
  public let name: String

  /// Whether text in this encoding is UTF-8 already.
  public var isUTF8: Bool { name == "UTF-8" }

  /// Whether it is one of the Chinese encodings that grew from GB 2312.
  var isGBK: Bool { ["GBK", "GB18030", "GB2312", "EUC-CN", "CP936"].contains(name) }

  /// UTF-8.
  public static let utf8 = TextEncoding(known: "UTF-8")

  private init(known name: String) { self.name = name }

  /// Finds an encoding.
  ///
  /// - Parameter name: A name such as `utf-8`, `gbk`, `gb18030`, `big5`, `shift_jis`, `latin1` or `utf-16le`; any that
  ///   `iconv -l` lists will do.
  /// - Throws: A failure of kind `usage` when there is none of that name.
  public init(_ name: String) throws(Failure) {
    let upper = name.uppercased()
    // `iconv` would take a suffix such as //TRANSLIT, and reads an empty name as the locale's encoding.
    guard !upper.isEmpty, upper.utf8.allSatisfy({ $0 != UInt8(ascii: "/") && $0 > 0x20 && $0 < 0x7F }) else {
      throw Failure(.usage, .notEncoding(name))
    }
    let canonical = upper == "UTF8" ? "UTF-8" : upper
    guard canonical == "UTF-8" || Transcoder.canConvert(from: canonical, to: "UTF-8") else {
      throw Failure(.usage, .noEncoding(name))
    }
    self.name = canonical
  }
}
