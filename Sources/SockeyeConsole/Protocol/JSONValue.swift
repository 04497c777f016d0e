internal import SockeyeText

/// A value of JSON (RFC 8259).
///
/// It stands by hand beside Foundation's reader because what is read here comes from others: depth, size and the number of
/// values are bounded while reading, integers stay exact, and a name that comes twice is refused.
enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  var string: String? { if case .string(let value) = self { value } else { nil } }
  var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  var array: [JSONValue]? { if case .array(let value) = self { value } else { nil } }
  var object: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The value as JSON, on one line.
  var text: String {
    var result = ""
    write(to: &result)
    return result
  }

  /// Appends the value as JSON.
  func write(to result: inout String) {
    switch self {
    case .null: result += "null"
    case .bool(let value): result += value ? "true" : "false"
    case .integer(let value): result += String(value)
    case .number(let value): result += value.isFinite ? "\(value)" : "null"
    case .string(let value): result += JSONText.quoted(value)
    case .array(let values):
      result += "["
      for (index, value) in values.enumerated() {
        if index > 0 { result += "," }
        value.write(to: &result)
      }
      result += "]"
    case .object(let object): object.write(to: &result)
    }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  init(stringLiteral value: String) { self = .string(value) }
  init(integerLiteral value: Int) { self = .integer(value) }
  init(booleanLiteral value: Bool) { self = .bool(value) }

  /// A count that may be larger than a signed integer holds.
  static func count(_ value: UInt64) -> JSONValue { .integer(Int(clamping: value)) }

  static func strings(_ values: some Sequence<String>) -> JSONValue { .array(values.map { .string($0) }) }
}

/// An object of JSON, its members in their order.
struct JSONObject: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private(set) var names: [String] = []
  private var values: [String: JSONValue] = [:]

  init() {}

  init(dictionaryLiteral members: (String, JSONValue)...) {
    for (name, value) in members { self[name] = value }
  }

  subscript(name: String) -> JSONValue? {
    get { values[name] }
    set {
      if let newValue {
        if values.updateValue(newValue, forKey: name) == nil { names.append(name) }
      } else if values.removeValue(forKey: name) != nil {
        names.removeAll { $0 == name }
      }
    }
  }

  /// The object as JSON, on one line.
  var text: String { JSONValue.object(self).text }

  func write(to result: inout String) {
    result += "{"
    for (index, name) in names.enumerated() {
      if index > 0 { result += "," }
      result += JSONText.quoted(name) + ":"
      (values[name] ?? .null).write(to: &result)
    }
    result += "}"
  }
}

extension JSONValue: ExpressibleByArrayLiteral {
  init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}
