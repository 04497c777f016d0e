import NIOCore
import SockeyeTransport

/// Takes a stream apart into messages.
///
/// What it holds back is bounded by the largest frame; a length that announces more is refused before anything is
/// allocated for it.
struct Deframer {
  let framing: Framing
  let largestFrame: Int
  private var held = ByteBuffer()
  /// How much of `held` has been searched for a delimiter already.
  private var searched = 0
  /// Where in a text of JSON what was searched ends.
  private var boundary = JSONBoundary()

  init(_ framing: Framing, largestFrame: Int = Framing.defaultLargestFrame) {
    self.framing = framing
    self.largestFrame = largestFrame
  }

  /// Whether a message is under way whose end has not come.
  var isHolding: Bool { held.readableBytes > 0 }

  /// Takes the next bytes of the stream. Whole messages are then there for ``next()``.
  mutating func append(_ bytes: ByteBuffer) {
    if held.readableBytes == 0 {
      held = bytes
    } else {
      held.discardReadBytes()
      held.writeImmutableBuffer(bytes)
    }
  }

  /// Takes the next whole message, if there is one.
  ///
  /// - Throws: A failure of kind `peerProtocol` when a frame is larger than allowed.
  mutating func next() throws(Failure) -> Message? {
    guard held.readableBytes > 0 else { return nil }
    switch framing {
    case .raw: return everything()
    case .gap:
      return held.readableBytes >= largestFrame ? everything() : nil
    case .line: return try delimited(by: [0x0A], droppingCarriageReturn: true)
    case .delimiter(let delimiter): return try delimited(by: delimiter, droppingCarriageReturn: false)
    case .fixed(let count):
      return held.readSlice(length: count).map { Message($0) }
    case .length(let field): return try prefixed(field)
    case .json: return try jsonText()
    }
  }

  /// Takes what is held, because the stream ended or fell silent.
  mutating func flush() -> Message? {
    guard held.readableBytes > 0 else { return nil }
    let isWhole = boundary.isBetweenOrInWord
    var message = everything()
    switch framing {
    case .raw, .gap, .line: break
    case .json:
      message.trimJSONSpace()
      if !isWhole { message.marks.insert(.incomplete) }
    case .delimiter, .length, .fixed: message.marks.insert(.incomplete)
    }
    return message
  }

  private mutating func everything() -> Message {
    defer {
      held = ByteBuffer()
      searched = 0
      boundary = JSONBoundary()
    }
    return Message(held)
  }

  private mutating func delimited(
    by delimiter: [UInt8],
    droppingCarriageReturn: Bool
  ) throws(Failure) -> Message? {
    let view = held.readableBytesView
    var start = view.startIndex + max(0, searched - delimiter.count + 1)
    let first = delimiter[0]
    while let candidate = view[start...].firstIndex(of: first) {
      let end = candidate + delimiter.count
      guard end <= view.endIndex else { break }
      if view[candidate..<end].elementsEqual(delimiter) {
        let size = end - view.startIndex
        searched = 0
        guard let whole = held.readSlice(length: size) else { return nil }
        var payload = whole
        var cut = delimiter.count
        if droppingCarriageReturn, size > 1, view[candidate - 1] == 0x0D { cut += 1 }
        payload.moveWriterIndex(to: payload.writerIndex - cut)
        return Message(whole, payload: payload)
      }
      start = candidate + 1
    }
    searched = view.count
    guard view.count <= largestFrame else {
      throw Failure(.peerProtocol, .noDelimiter(view.count))
    }
    return nil
  }

  private mutating func jsonText() throws(Failure) -> Message? {
    let view = held.readableBytesView
    var place = view.startIndex + searched
    while place < view.endIndex {
      switch boundary.take(view[place]) {
      case .inside: place += 1
      case .endsWith: return takeJSON(place + 1 - view.startIndex)
      case .endsBefore: return takeJSON(place - view.startIndex)
      }
    }
    searched = view.count
    guard view.count <= largestFrame else { throw Failure(.peerProtocol, .noEndOfJSON(view.count)) }
    return nil
  }

  /// Takes a text of JSON, with the space behind it that is there already.
  private mutating func takeJSON(_ length: Int) -> Message? {
    let space = held.readableBytesView.dropFirst(length).prefix(while: JSONBoundary.isSpace).count
    searched = 0
    boundary = JSONBoundary()
    guard let whole = held.readSlice(length: length + space) else { return nil }
    var message = Message(whole)
    message.trimJSONSpace()
    return message
  }

  private mutating func prefixed(_ field: Framing.LengthField) throws(Failure) -> Message? {
    let view = held.readableBytesView
    guard view.count >= field.headerSize else { return nil }
    let place = view.startIndex + field.offset
    let digits = view[place..<(place + field.width)]
    let length = (field.isLittleEndian ? Array(digits.reversed()) : Array(digits)).reduce(UInt64(0)) {
      $0 << 8 | UInt64($1)
    }
    guard let count = Int(exactly: length), count <= largestFrame else {
      throw Failure(.peerProtocol, .frameTooLong(length, largestFrame))
    }
    let body = count + field.adjustment
    guard body >= 0, field.headerSize + body <= largestFrame + field.headerSize else {
      throw Failure(.peerProtocol, .frameTooShort(length))
    }
    guard let whole = held.readSlice(length: field.headerSize + body) else { return nil }
    var payload = whole
    payload.moveReaderIndex(forwardBy: field.headerSize)
    return Message(whole, payload: payload)
  }
}
