internal import SockeyeText

/// Writes JSON, such that it may lie in a page's `<script type="application/json">`: no byte of it can end the element or
/// be markup.
struct JSONWriter {
  private(set) var bytes: [UInt8] = []
  /// Whether a comma has to come before the next value.
  private var needsComma = false

  mutating func object(_ body: (inout JSONWriter) -> Void) { enclose("{", "}", body) }

  mutating func array(_ body: (inout JSONWriter) -> Void) { enclose("[", "]", body) }

  /// The name of the value that follows.
  mutating func name(_ name: String) {
    string(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  mutating func number(_ value: some FixedWidthInteger) {
    separate()
    appendDigits(value)
  }

  mutating func boolean(_ value: Bool) {
    separate()
    bytes += (value ? "true" : "false").utf8
  }

  /// A time in milliseconds, to the nanosecond.
  mutating func milliseconds(_ nanoseconds: Int64) {
    separate()
    if nanoseconds < 0 { bytes.append(UInt8(ascii: "-")) }
    appendDigits(nanoseconds.magnitude / 1_000_000)
    let rest = nanoseconds.magnitude % 1_000_000
    guard rest > 0 else { return }
    bytes.append(UInt8(ascii: "."))
    let digits = String(rest + 1_000_000).utf8.dropFirst()
    let zeros = digits.reversed().prefix { $0 == UInt8(ascii: "0") }.count
    bytes += digits.dropLast(zeros)
  }

  /// JSON that another writer has written, as the next value.
  mutating func written(_ json: [UInt8]) {
    separate()
    bytes += json
  }

  /// A text; what a browser could take for markup is escaped beside what JSON wants escaped.
  mutating func string(_ text: String) {
    separate()
    for byte in JSONText.quoted(text).utf8 {
      switch byte {
      case UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"):
        bytes += "\\u00\(Hexadecimal.text([byte]))".utf8
      default: bytes.append(byte)
      }
    }
  }

  /// A text in both languages, as an array of two.
  mutating func phrase(_ phrase: Phrase) {
    array {
      $0.string(phrase.text(in: .english))
      $0.string(phrase.text(in: .chinese))
    }
  }

  mutating func numbers(_ values: some Sequence<Int64>) {
    array { for value in values { $0.number(value) } }
  }

  /// Bytes as a string of base64 (RFC 4648, section 4).
  mutating func base64(_ data: [UInt8]) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes += Base64.digits(data)
    bytes.append(UInt8(ascii: "\""))
  }

  private mutating func enclose(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONWriter) -> Void) {
    separate()
    bytes.append(UInt8(ascii: open))
    needsComma = false
    body(&self)
    bytes.append(UInt8(ascii: close))
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func appendDigits<Value: FixedWidthInteger>(_ value: Value) {
    if value < 0 { bytes.append(UInt8(ascii: "-")) }
    var rest = value.magnitude
    let start = bytes.count
    repeat {
      bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest > 0
    bytes[start...].reverse()
  }
}
