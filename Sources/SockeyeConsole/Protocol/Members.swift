internal import NIOCore
internal import SockeyeText

/// Takes an object's members one by one, each as the kind of value that it has to be. What nobody took is refused by its
/// name: a member that was misspelt would otherwise seem to work.
struct Members {
  private let object: JSONObject
  private var left: Set<String>

  init(_ object: JSONObject) {
    self.object = object
    left = Set(object.names)
  }

  /// Takes a value; nothing where there is none, or null.
  mutating func value(_ name: String) -> JSONValue? {
    left.remove(name)
    guard let value = object[name], value != .null else { return nil }
    return value
  }

  mutating func string(_ name: String) throws(ConsoleError) -> String? {
    guard let value = value(name) else { return nil }
    guard let string = value.string else { throw ConsoleError(.usage, .memberTakes(name, .text)) }
    return string
  }

  mutating func requiredString(_ name: String) throws(ConsoleError) -> String {
    guard let string = try string(name) else { throw ConsoleError(.usage, .memberMissing(name)) }
    return string
  }

  mutating func bool(_ name: String) throws(ConsoleError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let bool = value.bool else { throw ConsoleError(.usage, .memberTakes(name, .truth)) }
    return bool
  }

  mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(ConsoleError) -> Int? {
    guard let value = value(name) else { return nil }
    guard let integer = value.integer, range.contains(integer) else {
      throw ConsoleError(.usage, .memberTakes(name, .integer(range)))
    }
    return integer
  }

  mutating func duration(_ name: String) throws(ConsoleError) -> TimeAmount? {
    guard let text = try string(name) else { return nil }
    guard let amount = ShortDuration.parse(text) else { throw ConsoleError(.usage, .memberTakes(name, .duration)) }
    return amount
  }

  mutating func object(_ name: String) throws(ConsoleError) -> JSONObject? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw ConsoleError(.usage, .memberTakes(name, .object)) }
    return object
  }

  mutating func requiredObject(_ name: String) throws(ConsoleError) -> JSONObject {
    guard let object = try object(name) else { throw ConsoleError(.usage, .memberMissing(name)) }
    return object
  }

  mutating func array(_ name: String, atMost limit: Int) throws(ConsoleError) -> [JSONValue]? {
    guard let value = value(name) else { return nil }
    guard let array = value.array, array.count <= limit else {
      throw ConsoleError(.usage, .memberTakes(name, .list(limit)))
    }
    return array
  }

  /// Takes one of a type's cases.
  mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String,
    _ type: Choice.Type
  ) throws(ConsoleError) -> Choice? {
    guard let text = try string(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw ConsoleError(.usage, .memberTakes(name, .choice(Choice.allCases.map(\.rawValue))))
    }
    return choice
  }

  /// Refuses what is left.
  consuming func finish() throws(ConsoleError) {
    guard let name = object.names.first(where: left.contains) else { return }
    throw ConsoleError(.usage, .unknownMember(VisibleText.of(name)))
  }
}
