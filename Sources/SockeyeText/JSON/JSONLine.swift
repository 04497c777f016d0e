/// One event as one line of JSON (RFC 8259): `{"v":1,"event":…}`. Fields may be added over time but never change.
public struct JSONLine {
  private var text: String

  /// Begins a line.
  ///
  /// - Parameter event: The kind of event.
  public init(event: String) {
    text = "{\"v\":1,\"event\":\(JSONText.quoted(event))"
  }

  /// Adds text.
  public mutating func add(_ name: String, _ value: String) { addRaw(name, JSONText.quoted(value)) }

  /// Adds a list of texts.
  public mutating func add(_ name: String, _ value: [String]) {
    addRaw(name, "[\(value.map(JSONText.quoted).joined(separator: ","))]")
  }

  /// Adds a number.
  public mutating func add(_ name: String, _ value: some BinaryInteger) { addRaw(name, "\(value)") }

  /// Adds a truth value.
  public mutating func add(_ name: String, _ value: Bool) { addRaw(name, value ? "true" : "false") }

  /// Adds seconds, with milliseconds.
  public mutating func add(_ name: String, seconds: Duration) {
    let milliseconds = Int64(seconds / .milliseconds(1))
    let rest = "\(milliseconds % 1000 + 1000)".dropFirst()
    addRaw(name, "\(milliseconds / 1000).\(rest)")
  }

  /// The whole line, without its end.
  public var line: String { text + "}" }

  private mutating func addRaw(_ name: String, _ value: String) {
    text += ",\(JSONText.quoted(name)):\(value)"
  }
}
