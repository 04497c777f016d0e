/// What follows a target's question mark: names, some with values, between ampersands.
struct QueryParameters {
  private let fields: [(name: Substring, value: Substring)]

  init(_ query: String) {
    fields = query.split(separator: "&").map { field in
      let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (parts[0], parts.count == 2 ? parts[1] : "")
    }
  }

  /// The value of a parameter, empty when it has none; `nil` when it is not there.
  subscript(name: String) -> Substring? { fields.first { $0.name == name }?.value }

  /// Whether a parameter is there. A page's form gives it an empty value, a person none.
  func has(_ name: String) -> Bool { self[name] != nil }
}
