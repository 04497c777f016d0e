public import NIOCore
public import SockeyeText

/// Notices text that is plainly in the other of the two encodings that the documents' programs mix: GBK where UTF-8 was
/// expected, or the reverse.
public struct EncodingHint {
  private enum State {
    case watching(seen: Int)
    case done
  }

  /// What comes later than this is no longer looked at: a hint helps at the beginning.
  private static let watched = 65_536

  private let encoding: TextEncoding
  private var state = State.watching(seen: 0)

  /// Watches for text that isn't in an encoding.
  public init(expecting encoding: TextEncoding) { self.encoding = encoding }

  /// Looks at something that a peer said.
  ///
  /// - Returns: The hint, once; nothing where none is due.
  public mutating func consider(_ bytes: ByteBuffer) -> Phrase? {
    guard case .watching(let seen) = state else { return nil }
    state = seen >= Self.watched ? .done : .watching(seen: seen + bytes.readableBytes)
    let text = Array(bytes.readableBytesView.prefix(4096))
    let hint: TalkSentence
    if encoding.isUTF8, Self.isPlainlyGBK(text) {
      hint = .looksLikeGBK
    } else if encoding.isGBK, Self.isPlainlyUTF8(text) {
      hint = .looksLikeUTF8(encoding.name)
    } else {
      return nil
    }
    state = .done
    return hint.phrase
  }

  /// Whether text is two Chinese characters of GB 2312 or more among ASCII, and not UTF-8.
  static func isPlainlyGBK(_ text: [UInt8]) -> Bool {
    var rest = text[...]
    var characters = 0
    while let byte = rest.popFirst() {
      switch byte {
      case 0x20..<0x7F, 0x09, 0x0A, 0x0D: continue
      // GB 2312: punctuation and other scripts in rows 1 to 9, Chinese characters in rows 16 to 87.
      case 0xA1...0xA9, 0xB0...0xF7:
        guard let second = rest.popFirst() else { break }
        guard (0xA1...0xFE).contains(second) else { return false }
        if byte >= 0xB0 { characters += 1 }
      default: return false
      }
    }
    return characters >= 2 && !isUTF8(text)
  }

  /// Whether text is UTF-8 with two characters or more beyond ASCII, and nothing that isn't text.
  static func isPlainlyUTF8(_ text: [UInt8]) -> Bool {
    let others = text.filter { $0 & 0xC0 == 0xC0 }.count
    return others >= 2 && isUTF8(text) && !text.contains { $0 < 0x09 }
  }

  /// Whether text is UTF-8, but for a character that its end cuts.
  private static func isUTF8(_ text: [UInt8]) -> Bool {
    (0...3).contains { cut in cut <= text.count && String(validating: text.dropLast(cut), as: UTF8.self) != nil }
  }
}
