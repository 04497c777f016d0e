/// What a key of a terminal means to whoever edits a line.
enum Key: Equatable, Sendable {
  /// Text that was typed or pasted.
  case text(String)
  case enter
  case left, right, wordLeft, wordRight, home, end
  case up, down
  case deleteBackward, deleteForward, deleteWordBackward, deleteWordForward, deleteToStart, deleteToEnd
  /// Puts back what was deleted last.
  case yank
  /// Deletes forward, or ends the input where there is nothing to delete.
  case deleteOrEnd
  /// Draws the line anew.
  case redraw
  /// A key that means nothing here.
  case unknown
}

/// Turns what a terminal sends into keys: text in UTF-8, control characters, and the sequences of ECMA-48 that terminals send for
/// keys without a character.
struct KeyReader {
  private enum State {
    case ground
    /// So far of a character of several bytes.
    case character([UInt8], missing: Int)
    case escape
    /// What stands between the introducer and the final byte.
    case sequence([UInt8])
  }

  private var state = State.ground
  private var text = ""

  /// A sequence that is longer is none that a key sends; what is left of it is passed over.
  private static let longestSequence = 16

  /// Reads what a terminal sends, in pieces of any size.
  mutating func read(_ bytes: some Sequence<UInt8>) -> [Key] {
    var keys: [Key] = []
    for byte in bytes { take(byte, &keys) }
    endText(&keys)
    return keys
  }

  private mutating func take(_ byte: UInt8, _ keys: inout [Key]) {
    switch state {
    case .ground: begin(byte, &keys)
    case .character(let known, let missing): goOn(byte, known, missing, &keys)
    case .escape: afterEscape(byte, &keys)
    case .sequence(let parameters): inSequence(byte, parameters, &keys)
    }
  }

  private mutating func endText(_ keys: inout [Key]) {
    guard !text.isEmpty else { return }
    keys.append(.text(text))
    text = ""
  }

  private mutating func add(_ key: Key, _ keys: inout [Key]) {
    endText(&keys)
    keys.append(key)
    state = .ground
  }

  private mutating func begin(_ byte: UInt8, _ keys: inout [Key]) {
    switch byte {
    case 0x20...0x7E, 0x09: text.unicodeScalars.append(Unicode.Scalar(byte))
    case 0x1B: state = .escape
    case 0xC2...0xDF: state = .character([byte], missing: 1)
    case 0xE0...0xEF: state = .character([byte], missing: 2)
    case 0xF0...0xF4: state = .character([byte], missing: 3)
    default: add(Self.controls[byte] ?? .unknown, &keys)
    }
  }

  private mutating func goOn(_ byte: UInt8, _ known: [UInt8], _ missing: Int, _ keys: inout [Key]) {
    guard byte & 0xC0 == 0x80 else {
      add(.unknown, &keys)
      return begin(byte, &keys)
    }
    guard missing == 1 else { return state = .character(known + [byte], missing: missing - 1) }
    state = .ground
    guard let character = String(validating: known + [byte], as: UTF8.self),
      // The C1 controls, which a terminal would obey.
      !character.unicodeScalars.contains(where: { (0x80...0x9F).contains($0.value) })
    else { return add(.unknown, &keys) }
    text += character
  }

  private mutating func afterEscape(_ byte: UInt8, _ keys: inout [Key]) {
    switch byte {
    case UInt8(ascii: "["), UInt8(ascii: "O"): state = .sequence([])
    case UInt8(ascii: "b"): add(.wordLeft, &keys)
    case UInt8(ascii: "f"): add(.wordRight, &keys)
    case UInt8(ascii: "d"): add(.deleteWordForward, &keys)
    case 0x08, 0x7F: add(.deleteWordBackward, &keys)
    case 0x1B: return
    case 0x0A, 0x0D: add(.enter, &keys)
    default: add(.unknown, &keys)
    }
  }

  private mutating func inSequence(_ byte: UInt8, _ parameters: [UInt8], _ keys: inout [Key]) {
    guard !(0x40...0x7E).contains(byte) else { return add(Self.key(final: byte, parameters), &keys) }
    // A control character in the middle ends what can't be a key's.
    guard byte >= 0x20 else {
      add(.unknown, &keys)
      return begin(byte, &keys)
    }
    if parameters.count < Self.longestSequence { state = .sequence(parameters + [byte]) }
  }

  private static func key(final: UInt8, _ parameters: [UInt8]) -> Key {
    // A modifier stands behind a semicolon: 5 is Control, 3 is Alt.
    let words = parameters.split(separator: UInt8(ascii: ";")).map { String(decoding: $0, as: UTF8.self) }
    let isWord = words.count == 2 && ["3", "5"].contains(words[1])
    switch (final, words.first) {
    case (UInt8(ascii: "A"), _): return .up
    case (UInt8(ascii: "B"), _): return .down
    case (UInt8(ascii: "C"), _): return isWord ? .wordRight : .right
    case (UInt8(ascii: "D"), _): return isWord ? .wordLeft : .left
    case (UInt8(ascii: "H"), _), (UInt8(ascii: "~"), "1"), (UInt8(ascii: "~"), "7"): return .home
    case (UInt8(ascii: "F"), _), (UInt8(ascii: "~"), "4"), (UInt8(ascii: "~"), "8"): return .end
    case (UInt8(ascii: "~"), "3"): return isWord ? .deleteWordForward : .deleteForward
    case (UInt8(ascii: "M"), nil): return .enter
    default: return .unknown
    }
  }

  /// The keys that are typed with Control, as Emacs and every shell have them.
  private static let controls: [UInt8: Key] = [
    0x01: .home, 0x02: .left, 0x04: .deleteOrEnd, 0x05: .end, 0x06: .right, 0x08: .deleteBackward, 0x0A: .enter,
    0x0B: .deleteToEnd, 0x0C: .redraw, 0x0D: .enter, 0x0E: .down, 0x10: .up, 0x15: .deleteToStart,
    0x17: .deleteWordBackward,
    0x19: .yank, 0x7F: .deleteBackward,
  ]
}
