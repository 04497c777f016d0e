/// How many columns of a terminal text takes: characters of East Asian scripts take two, marks none.
public enum DisplayWidth {
  /// How many columns a text takes. Control characters, which have no width, count as none.
  public static func of(_ text: some StringProtocol) -> Int { text.reduce(0) { $0 + of($1) } }

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

  /// Text shortened to so many columns, or filled up to them with spaces on the right.
  public static func fitted(_ text: String, to columns: Int) -> String {
    let kept = shortened(text, to: columns)
    return kept + String(repeating: " ", count: max(0, columns - of(kept)))
  }

  /// Text shortened to so many columns, or filled up to them with spaces on the left.
  public static func rightAligned(_ text: String, to columns: Int) -> String {
    let kept = shortened(text, to: columns)
    return String(repeating: " ", count: max(0, columns - of(kept))) + kept
  }

  /// Text broken into lines of at most so many columns: between words, and beside any wide character, but with no line that
  /// begins with a closing mark or ends with an opening one.
  public static func wrapped(_ text: String, to columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for piece in pieces(text) {
      let trimmed = String(piece.drop { $0 == " " })
      if line.isEmpty {
        line = trimmed
      } else if of(line) + of(piece) <= columns {
        line += piece
      } else {
        lines.append(withoutTrailingSpaces(line))
        line = trimmed
      }
    }
    if !line.isEmpty { lines.append(withoutTrailingSpaces(line)) }
    return lines
  }

  private static func withoutTrailingSpaces(_ line: String) -> String {
    String(line.reversed().drop { $0 == " " }.reversed())
  }

  private static let openingMarks: Set<Character> = ["（", "【", "《", "「", "『", "“", "‘"]
  private static let closingMarks: Set<Character> = [
    "，", "。", "、", "；", "：", "？", "！", "）", "】", "》", "」", "』", "”", "’",
  ]

  /// What no line is broken in: words with the spaces before them, and wide characters, each with the marks that belong to
  /// it.
  private static func pieces(_ text: String) -> [String] {
    var result: [String] = []
    var isBreakable = false
    for character in text {
      let isWide = of(character) > 1
      let mayBegin = isBreakable || isWide || character == " " || openingMarks.contains(character)
      let isBound = result.last?.last.map(openingMarks.contains) ?? true || closingMarks.contains(character)
      if result.isEmpty || (mayBegin && !isBound) {
        result.append(String(character))
      } else {
        result[result.count - 1].append(character)
      }
      isBreakable = isWide || closingMarks.contains(character)
    }
    return result
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
