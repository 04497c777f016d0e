/// Strings as JSON writes them (RFC 8259, section 7).
public enum JSONText {
  /// A string with its quotation marks.
  ///
  /// Beside what has to be escaped, everything is that a terminal would obey or that hides (``VisibleText``): U+2028 and
  /// U+2029, which end a line for some readers, are among it.
  public static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case _ where VisibleText.isUnsafe(scalar):
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
