/// Text from elsewhere, made safe for a terminal.
///
/// What a peer sends, and what files are called, may hold control characters that move the cursor, set the title or
/// reorder the line. They are shown as escapes (`\x1b`, `\u{202e}`) instead of being obeyed.
public enum VisibleText {
  /// Shows the control characters of a text.
  ///
  /// - Parameters:
  ///   - text: Any text.
  ///   - keepingLines: Whether it is prose of several lines: line feeds and tabs stay as they are, so do the joiners that
  ///     many scripts are written with, and a carriage return before a line feed says nothing.
  /// - Returns: The text, with nothing in it that a terminal would obey rather than show.
  public static func of(_ text: String, keepingLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: { isUnsafe($0) }) else { return text }
    var result = ""
    result.reserveCapacity(text.utf8.count)
    var isReturnHeld = false
    for scalar in text.unicodeScalars {
      if isReturnHeld, scalar != "\n" { result += escape("\r") }
      isReturnHeld = keepingLines && scalar == "\r"
      if isReturnHeld { continue }
      let isKept = keepingLines && ["\n", "\t", "\u{200C}", "\u{200D}"].contains(scalar)
      if isKept || !self.isUnsafe(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += escape(scalar)
      }
    }
    if isReturnHeld { result += escape("\r") }
    return result
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    let digits = String(scalar.value, radix: 16)
    return switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    case _ where scalar.value < 0x10: "\\x0\(digits)"
    case _ where scalar.isASCII: "\\x\(digits)"
    // A byte that is no text, as arguments have it.
    case _ where scalar.value >= 0x10_FF00: "\\x\(digits.dropFirst(4))"
    default: "\\u{\(digits)}"
    }
  }

  /// Whether a terminal would obey a character rather than show it: C0, DEL and C1 controls, and those that turn the
  /// direction of writing or hide.
  public static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F: true
    case 0x061C, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
    case 0xE0000...0xE007F, 0x10_FF00...0x10_FFFF: true
    default: false
    }
  }
}
