internal import SockeyeTransport

/// Reads JSON that may be hostile.
struct JSONReader {
  /// How deep values may nest.
  static let greatestDepth = 32
  /// How many values a text may have.
  static let mostValues = 200_000

  private let mostDeep: Int
  private let mostValues: Int
  private let bytes: [UInt8]
  private var position = 0
  private var values = 0

  private init(_ bytes: [UInt8], depth: Int, values: Int) {
    self.bytes = bytes
    mostDeep = depth
    mostValues = values
  }

  /// Reads one value, and nothing behind it.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - depth: How deep its values may nest.
  ///   - values: How many it may have.
  /// - Throws: A failure of kind `usage` that says where it went wrong.
  static func read(
    _ bytes: some Sequence<UInt8>,
    depth: Int = greatestDepth,
    values: Int = mostValues
  ) throws(Failure) -> JSONValue {
    var reader = JSONReader(Array(bytes), depth: depth, values: values)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.position == reader.bytes.count else { throw reader.wrong }
    return value
  }

  private var wrong: Failure { Failure(.usage, .notJSON(position)) }
  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func take(_ word: StaticString, _ value: JSONValue) throws(Failure) -> JSONValue {
    for byte in "\(word)".utf8 { guard take(byte) else { throw wrong } }
    return value
  }

  private mutating func value(depth: Int) throws(Failure) -> JSONValue {
    values += 1
    guard depth <= mostDeep, values <= mostValues else { throw Failure(.usage, .jsonTooLarge) }
    skipSpace()
    switch next {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try take("true", .bool(true))
    case UInt8(ascii: "f"): return try take("false", .bool(false))
    case UInt8(ascii: "n"): return try take("null", .null)
    default: return try number()
    }
  }

  private mutating func object(depth: Int) throws(Failure) -> JSONObject {
    var result = JSONObject()
    position += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return result }
    repeat {
      skipSpace()
      guard next == UInt8(ascii: "\"") else { throw wrong }
      let name = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")), result[name] == nil else { throw wrong }
      result[name] = try value(depth: depth + 1)
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw wrong }
    return result
  }

  private mutating func array(depth: Int) throws(Failure) -> [JSONValue] {
    var result: [JSONValue] = []
    position += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return result }
    repeat {
      result.append(try value(depth: depth + 1))
      skipSpace()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw wrong }
    return result
  }

  // MARK: Strings

  private mutating func string() throws(Failure) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let result = String(validating: text, as: UTF8.self) else { throw wrong }
        return result
      case UInt8(ascii: "\\"): try escape(&text)
      case 0..<0x20: throw wrong
      default: text.append(byte)
      }
    }
    throw wrong
  }

  private mutating func escape(_ text: inout [UInt8]) throws(Failure) {
    guard let kind = next else { throw wrong }
    position += 1
    switch kind {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(kind)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: String(try scalar()).utf8)
    default: throw wrong
    }
  }

  /// Half of a pair of surrogates alone is no character.
  private mutating func scalar() throws(Failure) -> Unicode.Scalar {
    let unit = try codeUnit()
    guard unit & 0xFC00 == 0xD800 else {
      guard let scalar = Unicode.Scalar(unit) else { throw wrong }
      return scalar
    }
    guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw wrong }
    let second = try codeUnit()
    guard second & 0xFC00 == 0xDC00, let scalar = Unicode.Scalar(0x10000 + (unit & 0x3FF) << 10 + second & 0x3FF) else {
      throw wrong
    }
    return scalar
  }

  private mutating func codeUnit() throws(Failure) -> UInt32 {
    guard position + 4 <= bytes.count else { throw wrong }
    let digits = bytes[position..<position + 4]
    let text = String(decoding: digits, as: UTF8.self)
    // The standard library would take a sign.
    guard text.allSatisfy(\.isHexDigit), let unit = UInt32(text, radix: 16) else { throw wrong }
    position += 4
    return unit
  }

  // MARK: Numbers

  private mutating func number() throws(Failure) -> JSONValue {
    let start = position
    _ = take(UInt8(ascii: "-"))
    let leading = next
    let digits = skipDigits()
    guard digits > 0, digits == 1 || leading != UInt8(ascii: "0") else { throw wrong }
    var isInteger = true
    if take(UInt8(ascii: ".")) {
      isInteger = false
      guard skipDigits() > 0 else { throw wrong }
    }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      isInteger = false
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      guard skipDigits() > 0 else { throw wrong }
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if isInteger, let value = Int(text) { return .integer(value) }
    guard let value = Double(text), value.isFinite else { throw wrong }
    return .number(value)
  }

  private mutating func skipDigits() -> Int {
    let start = position
    while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
    return position - start
  }
}
