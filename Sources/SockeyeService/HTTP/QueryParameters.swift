/// What follows a target's question mark: names, some with values, between ampersands, their escapes undone.
struct QueryParameters {
  private let fields: [(name: String, value: String)]

  init(_ query: String) {
    fields = query.split(separator: "&").map { field in
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decode(parts[0]), parts.count == 2 ? Self.decode(parts[1]) : "")
    }
  }

  /// What is no escape stands for itself.
  private static func decode(_ text: Substring) -> String {
    PercentEncoding.decodePath(text.utf8).map { String(decoding: $0, as: UTF8.self) } ?? String(text)
  }

  /// The value of a parameter, empty when it has none; `nil` when it is not there.
  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  /// Whether a parameter is there. A page's form gives it an empty value, a person none.
  func has(_ name: String) -> Bool { self[name] != nil }
}
