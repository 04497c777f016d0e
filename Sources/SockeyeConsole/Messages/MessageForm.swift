internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// A message as a person writes it, and what is done to it before it goes.
struct MessageForm: Sendable {
  enum Form: String, CaseIterable, Sendable {
    case text
    case hex
  }

  enum Order: String, CaseIterable, Sendable {
    case big
    case little
  }

  let form: Form
  let text: String
  let hasEscapes: Bool
  let ending: LineEnding
  let checksum: AppendedChecksum?
  let hasVariables: Bool

  /// Reads a message.
  ///
  /// - Throws: An error that names the member that makes no sense.
  init(_ json: JSONObject) throws(ConsoleError) {
    var members = Members(json)
    self = try MessageForm(&members)
    try members.finish()
  }

  /// Takes a message's members from an object that has others, too.
  init(_ members: inout Members) throws(ConsoleError) {
    form = try members.choice("form", Form.self) ?? .text
    text = try members.requiredString("text")
    hasEscapes = try members.bool("escapes") ?? false
    ending = try members.choice("ending", LineEnding.self) ?? .none
    hasVariables = try members.bool("variables") ?? false
    guard let check = try members.object("check") else {
      checksum = nil
      return
    }
    checksum = try Self.checksum(check)
  }

  static func checksum(_ json: JSONObject) throws(ConsoleError) -> AppendedChecksum {
    var members = Members(json)
    let name = try members.requiredString("algorithm")
    var result: AppendedChecksum
    do { result = try AppendedChecksum(name) } catch { throw ConsoleError(error) }
    if let order = try members.choice("order", Order.self) { result.isLittleEndian = order == .little }
    result.skippedFirst = try members.integer("from", in: 0...65_535) ?? 0
    result.skippedLast = try members.integer("end", in: 0...65_535) ?? 0
    try members.finish()
    return result
  }

  /// The message as it goes out.
  ///
  /// - Parameters:
  ///   - encoding: The encoding of text.
  ///   - framing: What is put around messages.
  ///   - variables: What variables stand for.
  /// - Throws: An error of kind `usage` when it can't be read, encoded or framed.
  func compose(
    encoding: TextEncoding,
    framing: Framing,
    _ variables: inout Variables
  ) throws(ConsoleError) -> ComposedMessage {
    var settings = Composer.Settings()
    settings.encoding = encoding
    settings.framing = framing
    settings.lineEnding = ending
    settings.checksum = checksum
    settings.notation = form == .hex ? .hex : hasEscapes ? .escape : .text
    do throws(Failure) {
      return try Composer.compose(try pieces(&variables), settings)
    } catch {
      throw ConsoleError(error)
    }
  }

  private func pieces(_ variables: inout Variables) throws(Failure) -> [Composer.Piece] {
    guard hasVariables else { return [typed(text)] }
    var pieces: [Composer.Piece] = []
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      let before = rest[..<start.lowerBound]
      rest = rest[start.upperBound...]
      // A dollar sign before it takes its meaning away.
      if before.last == "$" {
        pieces.append(typed(before + "{"))
        continue
      }
      guard let end = rest.firstIndex(of: "}") else { throw Failure(.usage, .openVariable) }
      pieces.append(typed(before))
      pieces.append(try variables.value(of: rest[..<end], form))
      rest = rest[rest.index(after: end)...]
    }
    pieces.append(typed(rest))
    return pieces
  }

  private func typed(_ text: some StringProtocol) -> Composer.Piece {
    .typed(Array(form == .hex ? Self.paired(text).utf8 : String(text).utf8))
  }

  /// Hexadecimal digits in pairs: the last of an odd number of digits is a byte of its own.
  static func paired(_ text: some StringProtocol) -> String {
    var result = ""
    // By scalars: a carriage return and a line feed are one character to Swift.
    for word in text.unicodeScalars.split(whereSeparator: { " \t\r\n,:;-".unicodeScalars.contains($0) }) {
      var digits = String(String.UnicodeScalarView(word))
      if digits.lowercased().hasPrefix("0x") || digits.lowercased().hasPrefix("\\x") { digits.removeFirst(2) }
      if digits.count % 2 == 1 { digits.insert("0", at: digits.index(before: digits.endIndex)) }
      result += digits + " "
    }
    return result
  }
}
