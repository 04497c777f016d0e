/// What somebody may do with what is served.
public struct AccessRights: OptionSet, Hashable, Sendable {
  /// The rights as bits.
  public let rawValue: UInt8

  /// Rights from their bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Files and listings may be read.
  public static let read = AccessRights(rawValue: 1)
  /// Files may be put where there is nothing, and folders made.
  public static let add = AccessRights(rawValue: 2)
  /// Files may be put in the place of others.
  public static let change = AccessRights(rawValue: 4)
  /// Files and empty folders may be removed.
  public static let delete = AccessRights(rawValue: 8)

  private static let names: [Substring: AccessRights] = [
    "read": .read, "add": .add, "change": .change, "delete": .delete, "none": [],
    "all": [.read, .add, .change, .delete],
  ]

  /// Reads names that are separated by commas: `read`, `add`, `change`, `delete`, `all`, `none`; `nil` for any other.
  init?(_ text: Substring) {
    var rights: AccessRights = []
    for name in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let right = Self.names[name] else { return nil }
      rights.formUnion(right)
    }
    self = rights
  }
}

/// What one user may do where: the rule of the deepest folder that something lies in counts, and no other.
struct AccessRules: Equatable, Sendable {
  private struct Rule: Equatable, Sendable {
    let place: ResourcePath
    let rights: AccessRights
  }

  /// The deepest first.
  private let rules: [Rule]

  /// For whom the password file has no rules: what the service itself lets everybody do.
  static let usual = AccessRules(rules: [Rule(place: .root, rights: [.read, .add, .change])])

  private init(rules: [Rule]) { self.rules = rules }

  /// Reads rules that are separated by spaces: `RIGHTS` for everything, `/PATH=RIGHTS` for what lies there; a space in a
  /// path is written `%20`. What no rule is about may not be touched.
  init?(_ text: Substring) {
    var rules: [Rule] = []
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\t" }) {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let path = parts.count == 2 ? parts[0] : "/"
      guard path.hasPrefix("/"), let decoded = PercentEncoding.decodePath(path.utf8),
        let place = ResourcePath(decoded), let rights = AccessRights(parts[parts.count - 1]),
        !rules.contains(where: { $0.place.bytes == place.bytes })
      else { return nil }
      rules.append(Rule(place: place, rights: rights))
    }
    guard !rules.isEmpty else { return nil }
    self.rules = rules.sorted { $0.place.bytes.count > $1.place.bytes.count }
  }

  func rights(for path: ResourcePath) -> AccessRights {
    rules.first { path.below($0.place) != nil }?.rights ?? []
  }

  /// Whether something may be seen in its folder's listing: it may be read, or something in it may be touched.
  func shows(_ path: ResourcePath) -> Bool {
    rights(for: path).contains(.read)
      || rules.contains { !$0.rights.isEmpty && $0.place.below(path) != nil }
  }

  /// Whether rights hold for a place and for everything below it.
  func grant(_ rights: AccessRights, throughout path: ResourcePath) -> Bool {
    self.rights(for: path).isSuperset(of: rights)
      && rules.allSatisfy { $0.rights.isSuperset(of: rights) || $0.place.below(path) == nil }
  }
}
