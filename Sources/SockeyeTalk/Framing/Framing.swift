public import NIOCore
public import SockeyeTransport

/// How messages are told apart in a stream.
public enum Framing: Hashable, Sendable {
  /// Doesn't cut at all: what one read brings is one message.
  case raw
  /// By silence: a message ends when nothing more has come for a while.
  case gap(TimeAmount)
  /// By a line feed; a carriage return before it belongs to the ending.
  case line
  /// By a sequence of bytes.
  case delimiter([UInt8])
  /// By a length that each message bears.
  case length(LengthField)
  /// By their size: so many bytes each.
  case fixed(Int)
  /// By themselves: each is a text of JSON, which ends where its outermost bracket or quotation mark closes.
  case json

  /// A length inside a frame.
  public struct LengthField: Hashable, Sendable {
    /// How many bytes the length has: 1, 2, 3, 4 or 8.
    public var width: Int
    /// Whether the first byte is the least significant.
    public var isLittleEndian: Bool
    /// Where in the frame the length begins.
    public var offset: Int
    /// What is added to the length to get the number of bytes behind it.
    public var adjustment: Int

    /// How many bytes a frame has up to the end of its length.
    public var headerSize: Int { offset + width }
  }

  /// The largest frame that is accepted unless told otherwise, in bytes.
  public static let defaultLargestFrame = 16 << 20

  /// Reads a framing.
  ///
  /// - Parameter text: `raw`, `gap:20ms`, `line`, `delimiter:HEX`, `length:u16be@0` (with `+N` or `-N` behind it where
  ///   the length counts less or more than what follows it), `fixed:N` or `json`.
  /// - Throws: A failure of kind `usage`.
  public static func parse(_ text: String) throws(Failure) -> Framing {
    let name = text.prefix { $0 != ":" }
    let argument = text.dropFirst(name.count + 1)
    switch (name, argument.isEmpty) {
    case ("raw", true): return .raw
    case ("line", true): return .line
    case ("json", true): return .json
    case ("gap", true): return .gap(.milliseconds(20))
    case ("gap", false):
      guard let amount = duration(argument), amount > .zero else { break }
      return .gap(amount)
    case ("delimiter", false):
      let bytes = try TypedInput.hexadecimal(Array(argument.utf8))
      guard (1...64).contains(bytes.count) else { break }
      return .delimiter(bytes)
    case ("length", false):
      guard let field = lengthField(argument) else { break }
      return .length(field)
    case ("fixed", false):
      guard let count = Int(argument), (1...self.defaultLargestFrame).contains(count) else { break }
      return .fixed(count)
    default: break
    }
    throw Failure(.usage, .badFraming(text))
  }

  private static func duration(_ text: Substring) -> TimeAmount? {
    for (suffix, unit) in [("ms", Int64(1_000_000)), ("us", 1000), ("s", 1_000_000_000)] where text.hasSuffix(suffix) {
      guard let count = Int64(text.dropLast(suffix.count)), (0...3600_000).contains(count) else { return nil }
      return .nanoseconds(count * unit)
    }
    return nil
  }

  private static func lengthField(_ text: Substring) -> LengthField? {
    let type = text.prefix { $0 != "@" }
    var place = text.dropFirst(type.count + 1)
    var adjustment = 0
    if let sign = place.lastIndex(where: { $0 == "+" || $0 == "-" }) {
      guard let number = Int(place[sign...]), (-65_536...65_536).contains(number) else { return nil }
      adjustment = number
      place = place[..<sign]
    }
    guard let offset = type.count == text.count ? 0 : Int(place), (0...65_536).contains(offset) else { return nil }
    let widths = [
      "u8": 1, "u16be": 2, "u16le": 2, "u24be": 3, "u24le": 3, "u32be": 4, "u32le": 4, "u64be": 8, "u64le": 8,
    ]
    guard let width = widths[String(type)] else { return nil }
    return LengthField(width: width, isLittleEndian: type.hasSuffix("le"), offset: offset, adjustment: adjustment)
  }

  /// Whether sending a message means putting something around it.
  var wrapsMessages: Bool {
    switch self {
    case .raw, .gap: false
    case .line, .delimiter, .length, .fixed, .json: true
    }
  }

  /// Puts a frame around a message.
  ///
  /// With a length at an offset other than 0, the message itself begins with the bytes before the length.
  ///
  /// - Throws: A failure of kind `usage` when the message does not fit the framing.
  func wrap(_ payload: [UInt8]) throws(Failure) -> ByteBuffer {
    switch self {
    case .raw, .gap: return ByteBuffer(bytes: payload)
    // A number has no end of its own.
    case .line, .json: return ByteBuffer(bytes: payload.last == 0x0A ? payload : payload + [0x0A])
    case .delimiter(let delimiter): return ByteBuffer(bytes: payload + delimiter)
    case .fixed(let count):
      guard payload.count % count == 0 else {
        throw Failure(.usage, .messageDoesNotFill(payload.count, count))
      }
      return ByteBuffer(bytes: payload)
    case .length(let field):
      guard payload.count >= field.offset else {
        throw Failure(.usage, .noRoomForLength(field.offset, payload.count))
      }
      let value = payload.count - field.offset - field.adjustment
      guard value >= 0, field.width == 8 || value < 1 << (8 * field.width) else {
        throw Failure(.usage, .lengthDoesNotFit(payload.count, field.width))
      }
      var length = (0..<field.width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
      if !field.isLittleEndian { length.reverse() }
      return ByteBuffer(bytes: payload[..<field.offset] + length + payload[field.offset...])
    }
  }
}
