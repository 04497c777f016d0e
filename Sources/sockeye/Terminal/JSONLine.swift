/// One event as one line of JSON: `{"v":1,"event":…}`. Fields may be added over time but never change.
struct JSONLine {
  private(set) var text: String

  init(event: String) {
    self.text = "{\"v\":1,\"event\":\(Self.quoted(event))"
  }

  mutating func add(_ name: String, _ value: String) { self.addRaw(name, Self.quoted(value)) }
  mutating func add(_ name: String, _ value: some BinaryInteger) { self.addRaw(name, "\(value)") }
  mutating func add(_ name: String, _ value: Bool) { self.addRaw(name, value ? "true" : "false") }

  /// Adds seconds, with milliseconds.
  mutating func add(_ name: String, seconds: Duration) {
    let milliseconds = Int64(seconds / .milliseconds(1))
    let rest = "\(milliseconds % 1000 + 1000)".dropFirst()
    self.addRaw(name, "\(milliseconds / 1000).\(rest)")
  }

  /// The whole line, without its end.
  var line: String { self.text + "}" }

  private mutating func addRaw(_ name: String, _ value: String) {
    self.text += ",\(Self.quoted(name)):\(value)"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // U+2028 and U+2029 end a line for some readers.
      case _ where scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0x2028 || scalar.value == 0x2029:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
