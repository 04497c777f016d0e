import SockeyeText
import SockeyeTransport

/// How what a person types stands for bytes.
public enum InputNotation: String, Sendable, CaseIterable {
  /// The text itself.
  case text
  /// Hexadecimal digits in pairs: `48 65 6c`, `0x48,0x65`, `48:65`.
  case hex
  /// Text with escapes: `\n \r \t \0 \a \b \e \f \v \\ \NNN \xHH \u{HHHH}`; NNN are three octal digits.
  case escape
}

/// What typed input stands for: runs of text, still to be encoded, and plain bytes, which never are.
struct TypedInput: Equatable {
  enum Part: Equatable {
    case text([UInt8])
    case bytes([UInt8])
  }

  private(set) var parts: [Part] = []

  private mutating func appendText(_ byte: UInt8) {
    if case .text(var run)? = parts.last {
      parts.removeLast()
      run.append(byte)
      parts.append(.text(run))
    } else {
      parts.append(.text([byte]))
    }
  }

  private mutating func appendByte(_ byte: UInt8) {
    if case .bytes(var run)? = parts.last {
      parts.removeLast()
      run.append(byte)
      parts.append(.bytes(run))
    } else {
      parts.append(.bytes([byte]))
    }
  }

  /// Reads one message.
  ///
  /// - Throws: A failure of kind `usage` that shows what can't be read.
  init(_ input: [UInt8], as notation: InputNotation) throws(Failure) {
    switch notation {
    case .text: if !input.isEmpty { parts = [.text(input)] }
    case .hex:
      let bytes = try Self.hexadecimal(input)
      if !bytes.isEmpty { parts = [.bytes(bytes)] }
    case .escape: try readEscapes(input)
    }
  }

  // MARK: Hexadecimal

  static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// Reads pairs of digits; spaces, commas, colons, dashes and the prefixes `0x` and `\x` between pairs are passed over.
  static func hexadecimal(_ input: [UInt8]) throws(Failure) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = input[...]
    while let first = rest.first {
      switch first {
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"), UInt8(ascii: ","),
        UInt8(ascii: ":"), UInt8(ascii: "-"):
        rest = rest.dropFirst()
      case UInt8(ascii: "0") where rest.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x"),
        UInt8(ascii: "\\") where rest.dropFirst().first.map { $0 | 0x20 } == UInt8(ascii: "x"):
        rest = rest.dropFirst(2)
      default:
        guard let high = self.digit(first), let low = rest.dropFirst().first.flatMap(self.digit) else {
          let shown = String(decoding: rest.prefix(8), as: UTF8.self)
          throw Failure(.usage, .notHexadecimal(shown))
        }
        bytes.append(high << 4 | low)
        rest = rest.dropFirst(2)
      }
    }
    return bytes
  }

  // MARK: Escapes

  private static let simpleEscapes: [UInt8: UInt8] = [
    UInt8(ascii: "n"): 0x0A, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "t"): 0x09, UInt8(ascii: "0"): 0x00,
    UInt8(ascii: "a"): 0x07, UInt8(ascii: "b"): 0x08, UInt8(ascii: "e"): 0x1B, UInt8(ascii: "f"): 0x0C,
    UInt8(ascii: "v"): 0x0B,
  ]

  private mutating func readEscapes(_ input: [UInt8]) throws(Failure) {
    var rest = input[...]
    while let first = rest.popFirst() {
      guard first == UInt8(ascii: "\\") else {
        appendText(first)
        continue
      }
      guard let kind = rest.popFirst() else { throw Self.badEscape("\\") }
      if let byte = Self.octal(kind, rest.prefix(2)) {
        appendByte(byte)
        rest = rest.dropFirst(2)
      } else if let byte = Self.simpleEscapes[kind] {
        appendByte(byte)
      } else if kind == UInt8(ascii: "x") {
        guard let high = rest.popFirst().flatMap(Self.digit), let low = rest.popFirst().flatMap(Self.digit) else {
          throw Self.badEscape("\\x")
        }
        appendByte(high << 4 | low)
      } else if kind == UInt8(ascii: "u") {
        let scalar = try Self.scalar(&rest)
        for byte in String(scalar).utf8 { appendText(byte) }
      } else if kind == UInt8(ascii: "\\") {
        appendText(kind)
      } else {
        throw Self.badEscape("\\" + String(decoding: [kind], as: UTF8.self))
      }
    }
  }

  /// Three octal digits stand for a byte, as in C; `\0` alone is one, too.
  private static func octal(_ first: UInt8, _ others: ArraySlice<UInt8>) -> UInt8? {
    let digits = [first] + others
    guard digits.count == 3, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0) }) else {
      return nil
    }
    return UInt8(exactly: digits.reduce(0) { $0 << 3 | Int($1 & 7) })
  }

  private static func scalar(_ rest: inout ArraySlice<UInt8>) throws(Failure) -> Unicode.Scalar {
    guard rest.popFirst() == UInt8(ascii: "{") else { throw badEscape("\\u") }
    var value: UInt32 = 0
    var count = 0
    while let digit = rest.first.flatMap(Self.digit), count < 6 {
      value = value << 4 | UInt32(digit)
      count += 1
      rest = rest.dropFirst()
    }
    guard count > 0, rest.popFirst() == UInt8(ascii: "}"), let scalar = Unicode.Scalar(value) else {
      throw badEscape("\\u")
    }
    return scalar
  }

  private static func badEscape(_ text: String) -> Failure {
    Failure(.usage, .notEscape(text))
  }
}
