import NIOCore

/// Recognises the message that ends a conversation, also when reads cut it.
struct CloseWord {
  private let word: [UInt8]
  private var begun: [UInt8] = []

  init(_ word: [UInt8]) { self.word = word }

  /// Takes a message, with or without a line ending.
  ///
  /// - Returns: Whether the word has been said.
  mutating func isCompleted(by message: ByteBuffer) -> Bool {
    guard message.readableBytes <= self.word.count + 2 else {
      begun.removeAll()
      return false
    }
    begun.append(contentsOf: message.readableBytesView)
    var candidate = begun[...]
    if candidate.last == 0x0A { candidate = candidate.dropLast() }
    if candidate.last == 0x0D { candidate = candidate.dropLast() }
    if candidate.elementsEqual(self.word) {
      begun.removeAll()
      return true
    }
    let mayStillBe = candidate.count == begun.count && self.word.starts(with: begun)
    if !mayStillBe { begun.removeAll(keepingCapacity: true) }
    return false
  }
}
