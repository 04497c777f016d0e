import SockeyeText

/// A line that a person types at a terminal: keys in, lines and a picture out. It knows no terminal.
struct LineEditor {
  /// What follows from keys.
  enum Outcome: Equatable {
    /// A line is complete.
    case line(String)
    /// There is nothing more to come.
    case end
    /// A key could do nothing.
    case bell
  }

  /// The line before the cursor and behind it.
  private(set) var before: [Character] = []
  private(set) var after: [Character] = []
  private var history = LineHistory()
  private var deleted: [Character] = []
  /// What the last key deleted.
  private var removed: [Character] = []
  private var keys = KeyReader()
  /// The first character that is drawn; long lines scroll.
  private var start = 0

  /// The most characters that a line holds.
  static let longest = 65_536

  var text: String { String(before + after) }
  var isEmpty: Bool { before.isEmpty && after.isEmpty }

  /// Takes what the terminal sends, in pieces of any size.
  mutating func take(_ bytes: some Sequence<UInt8>) -> [Outcome] {
    keys.read(bytes).compactMap { press($0) }
  }

  private mutating func press(_ key: Key) -> Outcome? {
    switch key {
    case .text(let text): return insert(text)
    case .enter: return .line(submit())
    case .deleteOrEnd: return isEmpty ? .end : delete(forward: min(1, after.count))
    case .left: return move(by: before.isEmpty ? 0 : -1)
    case .right: return move(by: after.isEmpty ? 0 : 1)
    case .wordLeft: return move(by: -wordBefore)
    case .wordRight: return move(by: wordAfter)
    case .home: return move(by: -before.count, isQuiet: true)
    case .end: return move(by: after.count, isQuiet: true)
    case .up: return recall(history.older(than: text))
    case .down: return recall(history.newer())
    case .deleteBackward: return delete(backward: min(1, before.count))
    case .deleteForward: return delete(forward: min(1, after.count))
    case .deleteWordBackward: return keep(delete(backward: spacedWordBefore))
    case .deleteWordForward: return keep(delete(forward: wordAfter))
    case .deleteToStart: return keep(delete(backward: before.count))
    case .deleteToEnd: return keep(delete(forward: after.count))
    case .yank: return insert(String(deleted))
    case .redraw: return nil
    case .unknown: return .bell
    }
  }

  // MARK: Changing the line

  /// A mark that is typed belongs to the character before it.
  private mutating func insert(_ text: String) -> Outcome? {
    guard !text.isEmpty else { return .bell }
    let joined = before.popLast().map { String($0) + text } ?? text
    before += joined.prefix(max(1, Self.longest - before.count - after.count))
    return isFull ? .bell : nil
  }

  private var isFull: Bool { before.count + after.count >= Self.longest }

  private mutating func submit() -> String {
    let line = text
    history.add(line)
    set("")
    return line
  }

  private mutating func set(_ line: String) {
    before = Array(line)
    after = []
    start = 0
  }

  private mutating func recall(_ line: String?) -> Outcome? {
    guard let line else { return .bell }
    set(line)
    return nil
  }

  private mutating func move(by distance: Int, isQuiet: Bool = false) -> Outcome? {
    if distance < 0 {
      after = before.suffix(-distance) + after
      before.removeLast(-distance)
    } else {
      before += after.prefix(distance)
      after.removeFirst(distance)
    }
    return distance == 0 && !isQuiet ? .bell : nil
  }

  private mutating func delete(backward count: Int) -> Outcome? {
    removed = before.suffix(count)
    before.removeLast(count)
    return count == 0 ? .bell : nil
  }

  private mutating func delete(forward count: Int) -> Outcome? {
    removed = Array(after.prefix(count))
    after.removeFirst(count)
    return count == 0 ? .bell : nil
  }

  /// Keeps what was deleted, to be put back.
  private mutating func keep(_ outcome: Outcome?) -> Outcome? {
    if !removed.isEmpty { deleted = removed }
    return outcome
  }

  // MARK: Words

  private static func isWord(_ character: Character) -> Bool { character.isLetter || character.isNumber }

  /// How many characters lie between the cursor and the beginning of the word before it.
  private var wordBefore: Int {
    let gap = before.reversed().prefix { !Self.isWord($0) }.count
    return gap + before.dropLast(gap).reversed().prefix(while: Self.isWord).count
  }

  private var wordAfter: Int {
    let gap = after.prefix { !Self.isWord($0) }.count
    return gap + after.dropFirst(gap).prefix(while: Self.isWord).count
  }

  /// The same with words that end at spaces only, as terminals themselves have it.
  private var spacedWordBefore: Int {
    let gap = before.reversed().prefix { $0 == " " }.count
    return gap + before.dropLast(gap).reversed().prefix { $0 != " " }.count
  }
}

// MARK: The picture

extension LineEditor {
  /// A part of the line that fits, and where the cursor stands in it.
  struct Picture: Equatable {
    /// What is drawn: nothing in it moves the cursor but by its width.
    var text: String
    /// How many columns lie before the cursor.
    var cursor: Int
  }

  /// Draws what fits into so many columns, the cursor's place included: what is left out scrolls in when the cursor comes there.
  mutating func picture(columns: Int) -> Picture {
    let room = max(2, columns)
    scroll(room)
    var picture = Picture(text: "", cursor: 0)
    var width = 0
    for (place, character) in (before + after).enumerated().dropFirst(start) {
      if place == before.count { picture.cursor = width }
      let shown = Self.shown(character)
      width += DisplayWidth.of(shown)
      guard width < room else { break }
      picture.text += shown
    }
    if after.isEmpty { picture.cursor = width }
    return picture
  }

  /// Has the cursor's place lie in what is drawn, and nothing left out of a line that fits.
  private mutating func scroll(_ room: Int) {
    var width = 0
    var first = before.count
    while first > 0 {
      width += DisplayWidth.of(Self.shown(before[first - 1]))
      guard width < room else { break }
      first -= 1
    }
    start = max(first, min(start, before.count))
    if before.count + after.count < room, DisplayWidth.of(Self.shown(text)) < room { start = 0 }
  }

  /// The whole line as it is left behind when it is complete.
  static func shown(_ line: String) -> String { line.map(shown).joined() }

  private static func shown(_ character: Character) -> String { VisibleText.of(String(character)) }
}
