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
      self.begun.removeAll()
      return false
    }
    self.begun.append(contentsOf: message.readableBytesView)
    var candidate = self.begun[...]
    if candidate.last == 0x0A { candidate = candidate.dropLast() }
    if candidate.last == 0x0D { candidate = candidate.dropLast() }
    if candidate.elementsEqual(self.word) {
      self.begun.removeAll()
      return true
    }
    let mayStillBe = candidate.count == self.begun.count && self.word.starts(with: self.begun)
    if !mayStillBe { self.begun.removeAll(keepingCapacity: true) }
    return false
  }
}
