internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// A message that is kept under a name, to be sent at a press or in an order.
struct QuickMessage: Equatable {
  var form = MessageForm.Form.text
  var text = ""
  var name = ""
  /// Where it stands in a run; 0 leaves it out.
  var order = 0
  /// How long after it the next is due, in milliseconds.
  var delay = 1000
  var key = ""
  var group = ""
  var ending: LineEnding?

  /// How many there may be.
  static let most = 2000
  /// How long its text may be, in characters, and how long its name, key and group.
  static let longest = (text: 65_536, name: 64)
  /// The longest delay, and the last place in an order: as many as a day has milliseconds.
  private static let largest = 86_400_000

  /// A number as files have it: what is none, or leads too far, is the nearest that makes sense.
  static func number(_ text: some StringProtocol, or otherwise: Int) -> Int {
    let digits = text.filter { $0 != " " }
    guard let value = Double(String(digits)), value.isFinite else { return otherwise }
    return Int(min(Double(largest), max(0, value)))
  }

  /// The message within what its members may be.
  var bounded: QuickMessage {
    var result = self
    result.text = String(text.prefix(Self.longest.text))
    result.name = VisibleText.of(String(name.prefix(Self.longest.name)))
    result.key = VisibleText.of(String(key.prefix(Self.longest.name)))
    result.group = VisibleText.of(String(group.prefix(Self.longest.name)))
    return result
  }

  var json: JSONValue {
    var result: JSONObject = [
      "form": .string(form.rawValue), "text": .string(text), "name": .string(name), "order": .integer(order),
      "delay": .integer(delay), "key": .string(key), "group": .string(group),
    ]
    if let ending { result["ending"] = .string(ending.rawValue) }
    return .object(result)
  }
}

extension QuickMessage {
  /// Reads a message as the protocol has it: those of a page have more, which goes with MESSAGE.
  ///
  /// - Returns: The message, and what it is when it is sent.
  static func read(_ json: JSONValue) throws(ConsoleError) -> (QuickMessage, MessageForm) {
    guard let object = json.object else { throw ConsoleError(.usage, .memberTakes("messages", .list(most))) }
    var members = Members(object)
    var result = QuickMessage()
    result.name = try members.string("name") ?? ""
    result.order = try members.integer("order", in: 0...largest) ?? 0
    result.delay = try members.integer("delay", in: 0...largest) ?? 1000
    result.key = try members.string("key") ?? ""
    result.group = try members.string("group") ?? ""
    let form = try MessageForm(&members)
    try members.finish()
    result.form = form.form
    result.text = form.text
    result.ending = object["ending"] == nil ? nil : form.ending
    return (result, form)
  }
}
