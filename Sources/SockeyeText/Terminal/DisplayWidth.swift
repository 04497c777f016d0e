/// How many columns of a terminal text takes: characters of East Asian scripts take two, marks none.
public enum DisplayWidth {
  /// In columns. Control characters, which have no width, count as none.
  public static func of(_ text: String) -> Int { text.reduce(0) { $0 + of($1) } }

  /// As much of a text as fits, with an ellipsis where something is left out.
  public static func shortened(_ text: String, to columns: Int) -> String {
    guard of(text) > columns else { return text }
    var kept = ""
    var room = columns - 1
    for character in text {
      room -= of(character)
      guard room >= 0 else { break }
      kept.append(character)
    }
    return columns > 0 ? kept + "…" : ""
  }

  private static func of(_ character: Character) -> Int {
    guard let first = character.unicodeScalars.first else { return 0 }
    switch first.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: return isWide(first.value) ? 2 : 1
    }
  }

  /// What Unicode's annex 11 calls wide and full-width, by its blocks.
  private static func isWide(_ value: UInt32) -> Bool {
    switch value {
    case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xa960...0xa97c, 0xac00...0xd7a3, 0xf900...0xfaff: true
    case 0xfe10...0xfe19, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1faff, 0x20000...0x3fffd: true
    default: false
    }
  }
}
