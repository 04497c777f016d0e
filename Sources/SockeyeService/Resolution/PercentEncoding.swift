/// RFC 3986, section 2.1: bytes in a URL.
enum PercentEncoding {
  /// Undoes the escapes of a path or of a query's part.
  ///
  /// - Returns: `nil` if an escape is malformed, or stands for a NUL or for a slash: no name has those.
  static func decodePath(_ text: Substring.UTF8View) -> [UInt8]? {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count)
    var index = text.startIndex
    while index != text.endIndex {
      var byte = text[index]
      index = text.index(after: index)
      if byte == UInt8(ascii: "%") {
        guard index != text.endIndex, let high = value(text[index]) else { return nil }
        index = text.index(after: index)
        guard index != text.endIndex, let low = value(text[index]) else { return nil }
        index = text.index(after: index)
        byte = high << 4 | low
        guard byte != UInt8(ascii: "/") else { return nil }
      }
      guard byte != 0 else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// Escapes everything but the unreserved characters of section 2.3.
  static func append(_ bytes: some Sequence<UInt8>, to text: inout String, keepingSlashes: Bool = false) {
    for byte in bytes {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      case UInt8(ascii: "/") where keepingSlashes:
        text.append("/")
      default:
        text.append("%")
        text.unicodeScalars.append(Unicode.Scalar(digit(byte >> 4)))
        text.unicodeScalars.append(Unicode.Scalar(digit(byte & 15)))
      }
    }
  }

  private static func value(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  private static func digit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "A") + value - 10
  }
}
