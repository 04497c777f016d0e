/// The `If` field of RFC 4918, section 10.4: lists of conditions, one of which has to hold as a whole.
struct LockConditions: Equatable, Sendable {
  enum State: Equatable, Sendable {
    case token(String)
    case tag(String)
  }

  struct Condition: Equatable, Sendable {
    let isNegated: Bool
    let state: State
  }

  struct List: Equatable, Sendable {
    /// What the conditions are about; nothing for what the request is about.
    let resource: String?
    let conditions: [Condition]
  }

  private(set) var lists: [List] = []

  /// Each may make the disk be asked.
  private static let mostConditions = 64

  /// Reads a field; `nil` for what is none, or too long to be held against anything.
  init?(_ field: String) {
    var rest = field[...].trimmingSpaces
    var resource: String?
    var count = 0
    while let first = rest.first {
      switch first {
      case "<":
        guard let tag = Self.take(&rest, until: ">") else { return nil }
        resource = tag
        // A tag without a list is about nothing.
        guard rest.trimmingSpaces.first == "(" else { return nil }
      case "(":
        rest.removeFirst()
        guard let conditions = Self.conditions(&rest), !conditions.isEmpty else { return nil }
        count += conditions.count
        guard count <= Self.mostConditions else { return nil }
        lists.append(List(resource: resource, conditions: conditions))
      default: return nil
      }
      rest = rest.trimmingSpaces
    }
    guard !lists.isEmpty else { return nil }
  }

  private static func conditions(_ rest: inout Substring) -> [Condition]? {
    var conditions: [Condition] = []
    while true {
      rest = rest.trimmingSpaces
      var isNegated = false
      if rest.prefix(3).lowercased() == "not" {
        isNegated = true
        rest = rest.dropFirst(3).trimmingSpaces
      }
      switch rest.first {
      case "<"?:
        guard let token = take(&rest, until: ">") else { return nil }
        conditions.append(Condition(isNegated: isNegated, state: .token(token)))
      case "["?:
        guard let tag = take(&rest, until: "]") else { return nil }
        conditions.append(Condition(isNegated: isNegated, state: .tag(tag)))
      case ")"? where !isNegated:
        rest.removeFirst()
        return conditions
      default: return nil
      }
    }
  }

  /// Takes what stands between the first character and the next of another kind.
  private static func take(_ rest: inout Substring, until end: Character) -> String? {
    guard let index = rest.firstIndex(of: end) else { return nil }
    defer { rest = rest[rest.index(after: index)...] }
    return String(rest.dropFirst()[..<index])
  }

  /// The tokens that are named: whoever names one has it, whatever comes of the conditions (section 10.4.1).
  var tokens: Set<String> {
    var tokens: Set<String> = []
    for list in lists {
      for case .token(let token) in list.conditions.map(\.state) { tokens.insert(token) }
    }
    return tokens
  }

  /// Whether one of the lists holds.
  ///
  /// - Parameter holds: Whether a state is that of a resource.
  func hold(_ holds: (_ state: State, _ resource: String?) -> Bool) -> Bool {
    lists.contains { list in
      list.conditions.allSatisfy { holds($0.state, list.resource) != $0.isNegated }
    }
  }
}
