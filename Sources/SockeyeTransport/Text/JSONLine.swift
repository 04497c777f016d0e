/// One event as one line of JSON (RFC 8259): `{"v":1,"event":…}`. Fields may be added over time but never change.
public struct JSONLine {
  private var text: String

  /// Begins a line.
  ///
  /// - Parameter event: The kind of event.
  public init(event: String) {
    self.text = "{\"v\":1,\"event\":\(Self.quoted(event))"
  }

  /// Adds text.
  public mutating func add(_ name: String, _ value: String) { self.addRaw(name, Self.quoted(value)) }

  /// Adds a list of texts.
  public mutating func add(_ name: String, _ value: [String]) {
    self.addRaw(name, "[\(value.map(Self.quoted).joined(separator: ","))]")
  }

  /// Adds a number.
  public mutating func add(_ name: String, _ value: some BinaryInteger) { self.addRaw(name, "\(value)") }

  /// Adds a truth value.
  public mutating func add(_ name: String, _ value: Bool) { self.addRaw(name, value ? "true" : "false") }

  /// Adds seconds, with milliseconds.
  public mutating func add(_ name: String, seconds: Duration) {
    let milliseconds = Int64(seconds / .milliseconds(1))
    let rest = "\(milliseconds % 1000 + 1000)".dropFirst()
    self.addRaw(name, "\(milliseconds / 1000).\(rest)")
  }

  /// The whole line, without its end.
  public var line: String { self.text + "}" }

  private mutating func addRaw(_ name: String, _ value: String) {
    self.text += ",\(Self.quoted(name)):\(value)"
  }

  /// RFC 8259, section 7. What a terminal would obey is escaped too, and so are U+2028 and U+2029, which end a line for
  /// some readers.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x22: result += "\\\""
      case 0x5C: result += "\\\\"
      case 0x0A: result += "\\n"
      case 0x0D: result += "\\r"
      case 0x09: result += "\\t"
      case 0x00..<0x20, 0x7F..<0xA0, 0x2028...0x202E, 0x2066...0x2069:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
