import NIOCore

/// What of a body is still to be sent, cut into pieces.
struct BodyPlan {
  /// A part of a body.
  enum Part {
    case bytes(ByteBuffer)
    case file(Range<Int64>)
  }

  private var parts: ArraySlice<Part>

  init(_ parts: [Part]) { self.parts = parts[...] }

  var isEmpty: Bool { parts.isEmpty }

  /// Takes the next piece: bytes as they were given, of a file no more than `largest` bytes.
  mutating func next(largest: Int64) -> Part? {
    guard let part = parts.popFirst() else { return nil }
    guard case .file(let range) = part, range.upperBound - range.lowerBound > largest else { return part }
    let cut = range.lowerBound + largest
    putBack(cut..<range.upperBound)
    return .file(range.lowerBound..<cut)
  }

  /// Takes back what could not be read of a piece yet.
  mutating func putBack(_ range: Range<Int64>) {
    if !range.isEmpty { parts = [.file(range)] + parts }
  }
}
