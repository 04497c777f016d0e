import NIOCore

/// Recognises the message, or the line of one, that ends a conversation, also when reads cut it.
struct CloseWord {
  private let word: [UInt8]
  /// The beginning of a line that may become the word.
  private var begun: [UInt8] = []

  init(_ word: [UInt8]) { self.word = word }

  /// Takes a message, with or without line endings.
  ///
  /// - Returns: Whether the word has been said.
  mutating func isCompleted(by message: ByteBuffer) -> Bool {
    let lines = message.readableBytesView.split(separator: 0x0A, omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() {
      // Only the first line may go on with what came before.
      if number > 0 { begun.removeAll(keepingCapacity: true) }
      if isWord(line) {
        begun.removeAll()
        return true
      }
    }
    return false
  }

  /// Looks at a line, or a part of one.
  private mutating func isWord(_ line: ByteBufferView) -> Bool {
    // Longer than the word with what may end it (a byte more in some encodings) is something else.
    guard line.count <= word.count + 4 else {
      begun.removeAll(keepingCapacity: true)
      return false
    }
    for candidate in [begun + line, Array(line)] where matches(candidate) { return true }
    begun.append(contentsOf: line)
    if !word.starts(with: begun) || line.isEmpty { begun.removeAll(keepingCapacity: true) }
    return false
  }

  /// Whether a line is the word, but for a carriage return, and for the zeros beside it in encodings of wider units.
  private func matches(_ line: [UInt8]) -> Bool {
    var rest = line[...]
    while rest.count > word.count, let last = rest.last, last == 0x0D || last == 0x00 { rest.removeLast() }
    return rest.elementsEqual(word)
  }
}
