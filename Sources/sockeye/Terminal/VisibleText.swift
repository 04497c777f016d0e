/// Text from elsewhere, made safe for a terminal.
///
/// What a peer sends, and what files are called, may hold control characters that move the cursor, set the title or
/// reorder the line. They are shown as escapes (`\x1b`, `\u{202e}`) instead of being obeyed.
enum VisibleText {
  /// Shows the control characters of a text.
  ///
  /// - Parameters:
  ///   - text: Any text.
  ///   - keepingLines: Whether line feeds and tabs stay as they are.
  static func of(_ text: String, keepingLines: Bool = false) -> String {
    guard text.unicodeScalars.contains(where: { self.isUnsafe($0) }) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if !self.isUnsafe(scalar) || (keepingLines && (scalar == "\n" || scalar == "\t")) {
        result.unicodeScalars.append(scalar)
      } else if scalar.value < 0x80 {
        result += self.escape(scalar.value)
      } else {
        result += "\\u{\(String(scalar.value, radix: 16))}"
      }
    }
    return result
  }

  private static func escape(_ value: UInt32) -> String {
    switch value {
    case 0x0A: "\\n"
    case 0x0D: "\\r"
    case 0x09: "\\t"
    default: value < 0x10 ? "\\x0\(String(value, radix: 16))" : "\\x\(String(value, radix: 16))"
    }
  }

  /// Whether a terminal would obey a character rather than show it: C0, DEL and C1 controls, and those that turn the
  /// direction of writing or hide.
  private static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x00...0x1F, 0x7F...0x9F: true
    case 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x206F, 0xFEFF, 0xFFF9...0xFFFB: true
    case 0xE0000...0xE007F: true
    default: false
    }
  }
}
