import NIOCore

/// Finds where texts of JSON (RFC 8259) end in a stream, byte by byte, and in constant memory.
///
/// It looks at brackets and strings alone: a text that is no JSON ends somewhere, too, and is shown for what it is.
struct JSONBoundary {
  /// Where a byte belongs.
  enum Verdict {
    /// To the text under way, or to the space before it.
    case inside
    /// It is the last one of its text.
    case endsWith
    /// It is the first one behind the text.
    case endsBefore
  }

  private enum Place {
    /// Before a text.
    case between
    /// In a number, `true`, `false`, `null`, or what isn't JSON.
    case word
    /// Inside so many brackets.
    case container(Int)
    /// In a string inside so many brackets.
    case string(Int)
    /// Behind a backslash in such a string.
    case escape(Int)
  }

  private var place = Place.between

  /// Whether what was taken is whole if nothing more comes.
  var isBetweenOrInWord: Bool {
    switch place {
    case .between, .word: true
    case .container, .string, .escape: false
    }
  }

  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

  /// Takes the next byte.
  mutating func take(_ byte: UInt8) -> Verdict {
    switch place {
    case .between:
      if Self.isSpace(byte) { return .inside }
      place = Self.beginning(with: byte) ?? .word
    case .word:
      if Self.isSpace(byte) { return .endsWith }
      if Self.beginning(with: byte) != nil { return .endsBefore }
    case .container(let depth): return take(byte, at: depth)
    case .string(let depth):
      if byte == UInt8(ascii: "\\") { place = .escape(depth) }
      guard byte == UInt8(ascii: "\"") else { return .inside }
      guard depth > 0 else { return .endsWith }
      place = .container(depth)
    case .escape(let depth): place = .string(depth)
    }
    return .inside
  }

  private mutating func take(_ byte: UInt8, at depth: Int) -> Verdict {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["): place = .container(depth + 1)
    case UInt8(ascii: "}"), UInt8(ascii: "]"):
      guard depth > 1 else { return .endsWith }
      place = .container(depth - 1)
    case UInt8(ascii: "\""): place = .string(depth)
    default: break
    }
    return .inside
  }

  private static func beginning(with byte: UInt8) -> Place? {
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["): .container(1)
    case UInt8(ascii: "\""): .string(0)
    default: nil
    }
  }
}

extension Message {
  /// The space around a text of JSON is framing.
  mutating func trimJSONSpace() {
    let view = payload.readableBytesView
    let before = view.prefix(while: JSONBoundary.isSpace).count
    let behind = view.dropFirst(before).reversed().prefix(while: JSONBoundary.isSpace).count
    payload.moveReaderIndex(forwardBy: before)
    payload.moveWriterIndex(to: payload.writerIndex - behind)
  }
}
