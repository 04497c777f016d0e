/// Makes text safe for a terminal: what would move the cursor, change colours or reorder letters is shown, not done.
enum VisibleText {
  /// One line: every control character is shown, line feeds too.
  ///
  /// - Parameter text: Any text, such as a name that a peer gave.
  static func line(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars { self.append(scalar, keepingLines: false, to: &result) }
    return result
  }

  /// A text of several lines: line feeds and tabs stay, and so does a carriage return before a line feed.
  ///
  /// - Parameter text: Any text, such as what a peer sent.
  static func text(_ text: String) -> String {
    var result = ""
    result.reserveCapacity(text.utf8.count)
    var carriageReturn = false
    for scalar in text.unicodeScalars {
      if carriageReturn {
        if scalar != "\n" { result += "\\r" }
        carriageReturn = false
      }
      if scalar == "\r" {
        carriageReturn = true
      } else {
        self.append(scalar, keepingLines: true, to: &result)
      }
    }
    if carriageReturn { result += "\\r" }
    return result
  }

  private static func append(_ scalar: Unicode.Scalar, keepingLines: Bool, to result: inout String) {
    switch scalar.value {
    case 0x09 where keepingLines, 0x0A where keepingLines: result.unicodeScalars.append(scalar)
    case 0x0A: result += "\\n"
    case 0x0D: result += "\\r"
    case 0x09: result += "\\t"
    case 0x1B: result += "\\e"
    case 0x00..<0x20, 0x7F..<0xA0: result += "\\x" + Self.hexadecimal(UInt8(truncatingIfNeeded: scalar.value))
    // Line and paragraph separators, directional marks, embeddings, overrides and isolates, and the byte order mark.
    case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
      result += "\\u{" + String(scalar.value, radix: 16) + "}"
    default: result.unicodeScalars.append(scalar)
    }
  }

  /// A byte as two hexadecimal digits.
  static func hexadecimal(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }
}
