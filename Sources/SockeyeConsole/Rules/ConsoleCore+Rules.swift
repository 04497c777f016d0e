internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// The operations on rules.
extension ConsoleCore {
  func setRules(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let session = try takeSession(&members)
    let rules = try ReplyRules(&members, session.settings.encoding)
    try members.finish()
    session.setRules(rules)
    return [:]
  }

  /// Says what rules would make of a message, and does nothing.
  func dryRun(_ members: inout Members) throws(ConsoleError) -> JSONObject {
    let id = try members.string("session")
    let session = try id.map { id throws(ConsoleError) in try find(id) }
    let encoding = session?.settings.encoding ?? .utf8
    let rules = try ReplyRules(&members, encoding)
    let message = try MessageForm(try members.requiredObject("message"))
    let source = try members.string("source").flatMap { try? SocketAddress(ipAddress: $0, port: 0) }
    try members.finish()
    var variables = session?.variables ?? Variables()
    let bytes = Array(try message.compose(encoding: encoding, framing: .raw, &variables).bytes.readableBytesView)
    let text = String(decoding: Transcoder.convert(bytes, from: encoding, to: .utf8).bytes, as: UTF8.self)
    let outcome = rules.judge(RuleCondition.Subject(bytes: bytes, text: text, source: source))
    variables.received = bytes
    variables.matches = outcome.matches
    return try report(outcome, rules, bytes, encoding, &variables)
  }

  private func report(
    _ outcome: ReplyRules.Outcome,
    _ rules: ReplyRules,
    _ bytes: [UInt8],
    _ encoding: TextEncoding,
    _ variables: inout Variables
  ) throws(ConsoleError) -> JSONObject {
    let failed = outcome.failed.map { rule, why in
      JSONValue.object(["rule": .integer(rule), "condition": .string(why.text(in: configuration.language))])
    }
    var result: JSONObject = ["rule": .null, "answer": .null, "failed": .array(failed)]
    guard let index = outcome.rule else { return result }
    result["rule"] = .integer(index)
    let rule = rules.rules[index]
    var answer: [UInt8]?
    if rule.echoes { answer = bytes }
    if let form = rule.answer {
      let composed = try form.compose(encoding: encoding, framing: .raw, &variables)
      answer = Array(composed.bytes.readableBytesView)
    }
    if let answer {
      let text = Transcoder.convert(answer, from: encoding, to: .utf8).bytes
      result["answer"] = .object([
        "hex": .string(Hex.text(answer)), "text": .string(String(decoding: text, as: UTF8.self)),
      ])
    }
    return result
  }
}
