internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// Conditions as the protocol writes them.
extension RuleCondition {
  /// How many conditions one may be made of.
  private static let most = 64

  /// Reads a condition. Nesting is bounded by what is read as JSON.
  ///
  /// - Throws: An error of kind `usage` that names what makes no sense.
  init(_ json: JSONValue?, _ encoding: TextEncoding) throws(ConsoleError) {
    switch json {
    case nil, .null?, .bool(true)?: self = .always
    case .object(let object)?:
      guard object.names.count == 1, let name = object.names.first, let value = object[name] else {
        throw ConsoleError(.usage, .badCondition)
      }
      self = try Self.condition(name, value, encoding)
    default: throw ConsoleError(.usage, .badCondition)
    }
  }

  private static func condition(
    _ name: String,
    _ value: JSONValue,
    _ encoding: TextEncoding
  ) throws(ConsoleError) -> RuleCondition {
    switch name {
    case "contains": return .contains(try bytes(value, encoding))
    case "prefix": return .prefix(try bytes(value, encoding))
    case "equals": return try equals(value, encoding)
    case "length": return .length(try range(value))
    case "integer": return .integer(try field(value))
    case "pattern": return try pattern(value)
    case "source": return try source(value)
    case "checksum": return .checksum(try MessageForm.checksum(try object(value, name)))
    case "all": return .all(try list(value, name, encoding))
    case "any": return .any(try list(value, name, encoding))
    case "not": return .not(try RuleCondition(value, encoding))
    default: throw ConsoleError(.usage, .unknownMember(VisibleText.of(name)))
    }
  }

  private static func object(_ value: JSONValue, _ name: String) throws(ConsoleError) -> JSONObject {
    guard let object = value.object else { throw ConsoleError(.usage, .memberTakes(name, .object)) }
    return object
  }

  private static func list(
    _ value: JSONValue,
    _ name: String,
    _ encoding: TextEncoding
  ) throws(ConsoleError) -> [RuleCondition] {
    guard let values = value.array, values.count <= most else {
      throw ConsoleError(.usage, .memberTakes(name, .list(most)))
    }
    var conditions: [RuleCondition] = []
    for value in values { conditions.append(try RuleCondition(value, encoding)) }
    return conditions
  }

  /// `{"text":…}` in the session's encoding, or `{"hex":…}`.
  private static func bytes(_ value: JSONValue, _ encoding: TextEncoding) throws(ConsoleError) -> [UInt8] {
    var members = Members(try object(value, "contains"))
    let result = try bytes(&members, encoding)
    try members.finish()
    return result
  }

  private static func bytes(_ members: inout Members, _ encoding: TextEncoding) throws(ConsoleError) -> [UInt8] {
    let hex = try members.string("hex")
    let text = try members.string("text")
    guard let typed = hex ?? text, hex == nil || text == nil else { throw ConsoleError(.usage, .badCondition) }
    return try typedBytes(typed, isHex: hex != nil, encoding)
  }

  private static func typedBytes(_ text: String, isHex: Bool, _ encoding: TextEncoding) throws(ConsoleError) -> [UInt8]
  {
    var settings = Composer.Settings()
    settings.encoding = encoding
    settings.notation = isHex ? .hex : .text
    let typed = isHex ? MessageForm.paired(text) : text
    do {
      return Array(try Composer.compose([.typed(Array(typed.utf8))], settings).bytes.readableBytesView)
    } catch {
      throw ConsoleError(error)
    }
  }

  private static func equals(_ value: JSONValue, _ encoding: TextEncoding) throws(ConsoleError) -> RuleCondition {
    var members = Members(try object(value, "equals"))
    let wanted = try bytes(&members, encoding)
    let mask = try members.string("mask").map { text throws(ConsoleError) in try typedBytes(text, isHex: true, encoding)
    }
    try members.finish()
    guard mask.map({ $0.count == wanted.count }) ?? true else { throw ConsoleError(.usage, .maskLength) }
    return .equals(wanted, mask: mask)
  }

  private static func range(_ value: JSONValue) throws(ConsoleError) -> ClosedRange<Int> {
    var members = Members(try object(value, "length"))
    let result = try range(&members)
    try members.finish()
    return result
  }

  private static func range(_ members: inout Members) throws(ConsoleError) -> ClosedRange<Int> {
    let least = try members.integer("min", in: 0...Int.max) ?? 0
    return least...(try members.integer("max", in: least...Int.max) ?? Int.max)
  }

  private static func field(_ value: JSONValue) throws(ConsoleError) -> IntegerField {
    var members = Members(try object(value, "integer"))
    let field = IntegerField(
      offset: try members.integer("offset", in: 0...1 << 24) ?? 0,
      width: try members.integer("bytes", in: 1...8) ?? 1,
      isLittleEndian: try members.choice("order", MessageForm.Order.self) == .little,
      range: try range(&members)
    )
    try members.finish()
    return field
  }

  private static func pattern(_ value: JSONValue) throws(ConsoleError) -> RuleCondition {
    guard let text = value.string else { throw ConsoleError(.usage, .memberTakes("pattern", .text)) }
    do { return .pattern(try Pattern(text), text) } catch { throw ConsoleError(error) }
  }

  private static func source(_ value: JSONValue) throws(ConsoleError) -> RuleCondition {
    guard let text = value.string else { throw ConsoleError(.usage, .memberTakes("source", .text)) }
    var filter = AddressFilter()
    do { filter.allowed = [try AddressFilter.Network(text)] } catch { throw ConsoleError(error) }
    return .source(filter, text)
  }
}
