import Glibc
internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What `${…}` stands for in messages.
struct Variables {
  /// The next value of `counter`.
  var counter: UInt64 = 0
  /// What is answered, where an answer is composed.
  var received: [UInt8] = []
  /// What a pattern found in it: the whole match, and its groups.
  var matches: [String] = []

  /// The value of a variable.
  ///
  /// - Parameters:
  ///   - text: Its name, with an argument behind a colon if it takes one.
  ///   - form: The form of the message around it.
  /// - Throws: A failure of kind `usage` when there is none of that name.
  mutating func value(of text: Substring, _ form: MessageForm.Form) throws(Failure) -> Composer.Piece {
    let name = text.prefix { $0 != ":" }
    let argument = text.count == name.count ? nil : text.dropFirst(name.count + 1)
    switch name {
    case "date": return .text(Array(Self.clock("%Y-%m-%d").utf8))
    case "time": return .text(Array(Self.clock("%H:%M:%S").utf8))
    case "timestamp": return .text(Array("\(WallTime.now.nanoseconds / 1_000_000)".utf8))
    case "counter": return try count(argument, form)
    case "random":
      let bytes = (0..<(try Self.number(argument, 1...1024) ?? 4)).map { _ in UInt8.random(in: 0...255) }
      return form == .hex ? .bytes(bytes) : .text(Array(bytes.map(Self.hexadecimal).joined().utf8))
    case "uuid": return .text(Array(Self.uniqueID().utf8))
    case "received": return .bytes(try Self.part(of: received, argument))
    case "match":
      let number = try Self.number(argument, 0...99) ?? 0
      return .text(Array((number < matches.count ? matches[number] : "").utf8))
    default: throw Failure(.usage, .noVariable(VisibleText.of("\(text)")))
    }
  }

  /// In text, a decimal number with at least so many digits; in hexadecimal, so many bytes, the highest first.
  private mutating func count(_ argument: Substring?, _ form: MessageForm.Form) throws(Failure) -> Composer.Piece {
    let value = counter
    counter &+= 1
    let width = try Self.number(argument, 1...(form == .hex ? 8 : 20)) ?? 1
    if form == .hex {
      return .bytes((0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) })
    }
    let digits = "\(value)"
    return .text(Array((String(repeating: "0", count: max(0, width - digits.count)) + digits).utf8))
  }

  private static func number(_ text: Substring?, _ range: ClosedRange<Int>) throws(Failure) -> Int? {
    guard let text else { return nil }
    guard let number = Int(text), range.contains(number) else {
      throw Failure(.usage, .noVariable(VisibleText.of("\(text)")))
    }
    return number
  }

  /// All of what was received, or the bytes from one number to another, both counted from 0 and both within.
  private static func part(of bytes: [UInt8], _ argument: Substring?) throws(Failure) -> [UInt8] {
    guard let argument else { return bytes }
    let ends = argument.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first >= 0, last >= first else {
      throw Failure(.usage, .noVariable(VisibleText.of("received:\(argument)")))
    }
    return Array(bytes.dropFirst(first).prefix(last - first == .max ? .max : last - first + 1))
  }

  // MARK: Values

  private static func clock(_ format: String) -> String {
    var seconds = time_t(clamping: WallTime.now.nanoseconds / 1_000_000_000)
    var fields = tm()
    localtime_r(&seconds, &fields)
    var text = [CChar](repeating: 0, count: 64)
    let count = strftime(&text, text.count, format, &fields)
    return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func hexadecimal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }

  /// A random identifier (RFC 9562, section 5.4).
  private static func uniqueID() -> String {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255) }
    bytes[6] = bytes[6] & 0x0F | 0x40
    bytes[8] = bytes[8] & 0x3F | 0x80
    let digits = bytes.map(hexadecimal)
    return [digits[0..<4], digits[4..<6], digits[6..<8], digits[8..<10], digits[10..<16]]
      .map { $0.joined() }.joined(separator: "-")
  }
}
