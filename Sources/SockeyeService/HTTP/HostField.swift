/// `Host`: RFC 9110, section 7.2.
enum HostField {
  /// Whether a value is a host and perhaps a port, as RFC 3986, section 3.2, writes them. An empty one is: it says that
  /// the target has no authority.
  static func isValid(_ value: some StringProtocol) -> Bool {
    let bytes = value.utf8
    if bytes.isEmpty { return true }
    if bytes.first == UInt8(ascii: "[") {
      guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return false }
      let address = bytes[bytes.index(after: bytes.startIndex)..<end]
      return !address.isEmpty && address.allSatisfy(isOfAddress) && isPort(bytes[bytes.index(after: end)...])
    }
    let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
    guard colon != bytes.startIndex, isPort(bytes[colon...]) else { return false }
    var escapes = bytes[..<colon].split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false)[...]
    guard let first = escapes.popFirst(), first.allSatisfy(isOfName) else { return false }
    return escapes.allSatisfy {
      $0.prefix(2).count == 2 && $0.prefix(2).allSatisfy(isHexadecimal) && $0.allSatisfy(isOfName)
    }
  }

  /// Whether two values name the same place, in whatever case and with or without the port that is usual.
  static func isSame(_ left: Substring, _ right: Substring) -> Bool {
    func normal(_ value: Substring) -> String {
      let text = value.lowercased()
      let port = [":80", ":443"].first { text.hasSuffix($0) }
      return String(text.dropLast(port?.count ?? 0))
    }
    return normal(left) == normal(right)
  }

  /// Nothing, or a colon and digits, of which there may be none.
  private static func isPort(_ bytes: some Collection<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    let digits = bytes.dropFirst()
    guard first == UInt8(ascii: ":"), digits.allSatisfy(isDigit), digits.count <= 5 else { return false }
    return digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } <= 65_535
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
  }

  private static func isHexadecimal(_ byte: UInt8) -> Bool {
    isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
  }

  /// Unreserved characters and the delimiters below the level of a URL's parts.
  private static func isOfName(_ byte: UInt8) -> Bool { isLetter(byte) || isDigit(byte) || marks.contains(byte) }

  /// An IPv6 address with its zone, or one of the future.
  private static func isOfAddress(_ byte: UInt8) -> Bool {
    isOfName(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
  }

  private static let marks = Array("-._~!$&'()*+,;=".utf8)
}
