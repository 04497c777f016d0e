public import SockeyeText

/// Writes followed streams for a terminal: each line with an arrow that says who speaks, nothing in it that a terminal
/// would obey.
///
/// Bytes that are no UTF-8 stand as `\xNN`. A character that two segments share is written with the second.
public struct StreamText: Sendable {
  private static let paints: [String] = ["36", "32"]
  private static let notePaint = "33"
  /// More of an unfinished character, or of a carriage return that may belong to a line feed, there never is.
  private static let longestCharacter = 4

  private let isColoured: Bool
  private let language: Language
  private var pending: [[UInt8]] = [[], []]
  /// Whose line the last one is, if it has no end yet.
  private var open: End?

  /// A writer that has written nothing.
  public init(isColoured: Bool = false, language: Language = .english) {
    self.isColoured = isColoured
    self.language = language
  }

  /// The text for a piece; empty where more has to come first.
  public mutating func text(_ piece: StreamPiece, of end: End) -> String {
    if case .data(let bytes) = piece { return text(bytes, of: end) }
    guard let phrase = piece.phrase else { return "" }
    let rest = flushed(end) + closed()
    return rest + painted("\(Self.arrow(end)) ↳ \(phrase.text(in: language))", Self.notePaint) + "\n"
  }

  /// What is left to write at the end, so that the last line is whole.
  public mutating func finish() -> String { flushed(.first) + flushed(.second) + closed() }

  private mutating func text(_ bytes: [UInt8], of end: End) -> String {
    let own = Int(end.rawValue)
    let all = pending[own] + bytes
    let whole = all.count - Self.unfinished(all)
    pending[own] = Array(all[whole...])
    return written(Array(all[..<whole]), of: end)
  }

  private mutating func flushed(_ end: End) -> String {
    let rest = pending[Int(end.rawValue)]
    pending[Int(end.rawValue)] = []
    return written(rest, of: end)
  }

  private mutating func closed() -> String {
    guard open != nil else { return "" }
    open = nil
    return "\n"
  }

  private mutating func written(_ bytes: [UInt8], of end: End) -> String {
    guard !bytes.isEmpty else { return "" }
    let text = String(validating: bytes, as: UTF8.self) ?? ArgumentText.text(of: bytes)
    let lines = VisibleText.of(text, keepingLines: true).split(separator: "\n", omittingEmptySubsequences: false)
    var result = open == end ? "" : closed()
    for (index, line) in lines.enumerated() {
      let isLast = index + 1 == lines.count
      if isLast, line.isEmpty { break }
      let arrow = open == end ? "" : "\(Self.arrow(end)) "
      result += painted(arrow + line, Self.paints[Int(end.rawValue)])
      open = isLast ? end : nil
      if !isLast { result += "\n" }
    }
    return result
  }

  private static func arrow(_ end: End) -> String { end == .first ? "→" : "←" }

  private func painted(_ text: String, _ paint: String) -> String {
    isColoured && !text.isEmpty ? "\u{1B}[\(paint)m\(text)\u{1B}[0m" : text
  }

  /// How many bytes at the end may be the beginning of a character, or of a line's end.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    if bytes.last == UInt8(ascii: "\r") { return 1 }
    for (index, byte) in bytes.suffix(longestCharacter - 1).reversed().enumerated() {
      let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : byte >= 0x80 ? 0 : 1
      if length == 0 { continue }
      return index + 1 < length ? index + 1 : 0
    }
    return 0
  }
}
