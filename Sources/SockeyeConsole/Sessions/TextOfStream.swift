internal import NIOCore
internal import SockeyeTalk

/// Decodes what goes one way, message by message. A character that messages of a stream share is told with its last byte.
///
/// The C library's converter has buffers of some 32 KiB: peers whose encoding is UTF-8 have none, and others from when they speak.
struct TextOfStream: ~Copyable {
  private let encoding: TextEncoding
  private let isStream: Bool
  private var transcoder: Transcoder?
  /// The beginning of a character in UTF-8.
  private var incomplete: [UInt8] = []

  init(_ encoding: TextEncoding, isStream: Bool) {
    self.encoding = encoding
    self.isStream = isStream
  }

  /// Decodes a message.
  ///
  /// - Returns: Nothing where it is UTF-8 already, but for what in it is no character.
  mutating func take(_ bytes: ByteBuffer) -> ByteBuffer? {
    if encoding.isUTF8 { return isStream ? takeUTF8(bytes) : nil }
    let view = bytes.readableBytesView
    var text: [UInt8] = []
    if isStream {
      if transcoder == nil { transcoder = Transcoder(from: encoding, to: .utf8) }
      transcoder?.convert(view, into: &text)
    } else {
      text = Transcoder.convert(Array(view), from: encoding, to: .utf8).bytes
    }
    return text.elementsEqual(view) ? nil : ByteBuffer(bytes: text)
  }

  private mutating func takeUTF8(_ bytes: ByteBuffer) -> ByteBuffer? {
    var count = bytes.readableBytesView.countAtEndOfIncompleteCharacter
    if count == 0, incomplete.isEmpty { return nil }
    var text = ByteBuffer(bytes: incomplete)
    text.writeImmutableBuffer(bytes)
    // What was held may have become more of a character, and still be none.
    count = text.readableBytesView.countAtEndOfIncompleteCharacter
    incomplete = Array(text.readableBytesView.suffix(count))
    text.moveWriterIndex(to: text.writerIndex - count)
    return text
  }
}

extension BidirectionalCollection<UInt8> {
  /// How many of the last bytes are the beginning of a character in UTF-8 (RFC 3629, section 3) whose end isn't there.
  fileprivate var countAtEndOfIncompleteCharacter: Int {
    var count = 0
    for byte in reversed().prefix(3) {
      count += 1
      switch byte {
      case 0x80..<0xC0: continue
      case 0xC2..<0xE0: return count < 2 ? count : 0
      case 0xE0..<0xF0: return count < 3 ? count : 0
      case 0xF0..<0xF5: return count < 4 ? count : 0
      default: return 0
      }
    }
    return 0
  }
}
