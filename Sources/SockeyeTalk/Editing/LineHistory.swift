import DequeModule

/// The lines that were typed before, to be found again.
struct LineHistory {
  /// How many are remembered.
  static let most = 1000

  private var lines: Deque<String> = []
  /// The place of the line that is looked at; behind the last one stands the line that was being typed.
  private var place = 0
  private var typed = ""

  /// Remembers a line, unless it is empty or was the last one already.
  mutating func add(_ line: String) {
    if !line.isEmpty, lines.last != line { lines.append(line) }
    if lines.count > Self.most { lines.removeFirst() }
    place = lines.count
    typed = ""
  }

  /// The line before the one that is looked at.
  ///
  /// - Parameter line: The line as it stands; it is found again behind the last one.
  mutating func older(than line: String) -> String? {
    guard place > 0 else { return nil }
    if place == lines.count { typed = line }
    place -= 1
    return lines[place]
  }

  /// The line behind the one that is looked at.
  mutating func newer() -> String? {
    guard place < lines.count else { return nil }
    place += 1
    return place == lines.count ? typed : lines[place]
  }
}
