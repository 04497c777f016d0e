internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// One rule: what it answers, and how.
struct ReplyRule: Sendable {
  let name: String
  let isEnabled: Bool
  let when: RuleCondition
  /// What is answered; nothing where the message itself is, or nobody.
  let answer: MessageForm?
  /// Whether the message itself is sent back.
  let echoes: Bool
  /// Whether all other peers are told the message.
  let relays: Bool
  let delay: TimeAmount

  /// The longest that an answer is put off.
  private static let longestDelay = TimeAmount.hours(1)

  init(_ json: JSONObject, _ encoding: TextEncoding) throws(ConsoleError) {
    var members = Members(json)
    name = VisibleText.of(String((try members.string("name") ?? "").prefix(200)))
    isEnabled = try members.bool("enabled") ?? true
    when = try RuleCondition(members.value("when"), encoding)
    answer = try members.object("answer").map { json throws(ConsoleError) in try MessageForm(json) }
    echoes = try members.bool("echo") ?? false
    relays = try members.bool("relay") ?? false
    delay = min(Self.longestDelay, try members.duration("delay") ?? .zero)
    try members.finish()
  }
}

/// The rules of a session, in their order: the first one that holds answers.
struct ReplyRules: Sendable {
  let rules: [ReplyRule]
  /// The rules as they came, to be shown and kept.
  let json: [JSONValue]
  /// How many answers each peer gets in a second at most.
  let perSecond: Int

  /// How many rules there may be.
  private static let most = 256

  /// No rules.
  init() {
    rules = []
    json = []
    perSecond = 20
  }

  /// Takes the rules' members.
  init(_ members: inout Members, _ encoding: TextEncoding) throws(ConsoleError) {
    var rules: [ReplyRule] = []
    json = try members.array("rules", atMost: Self.most) ?? []
    for value in json {
      guard let json = value.object else { throw ConsoleError(.usage, .memberTakes("rules", .list(Self.most))) }
      rules.append(try ReplyRule(json, encoding))
    }
    self.rules = rules
    perSecond = try members.integer("perSecond", in: 1...100_000) ?? 20
  }

  /// What the rules make of a message.
  struct Outcome {
    /// The rule that answers.
    var rule: Int?
    /// What its pattern found.
    var matches: [String] = []
    /// Each rule before it, and the first of its conditions that failed.
    var failed: [(rule: Int, why: ConsoleSentence)] = []
  }

  func judge(_ subject: RuleCondition.Subject) -> Outcome {
    var outcome = Outcome()
    for (index, rule) in rules.enumerated() {
      guard rule.isEnabled else {
        outcome.failed.append((index, .ruleIsOff))
        continue
      }
      switch rule.when.judge(subject) {
      case .fails(let why): outcome.failed.append((index, why))
      case .holds(let matches):
        outcome.rule = index
        outcome.matches = matches
        return outcome
      }
    }
    return outcome
  }
}

/// How many answers a peer may get: a bucket that fills by so many a second, and holds a second's worth.
struct AnswerBudget {
  private let perSecond: Int
  private var left: Int
  private var filledAt: NIODeadline
  /// Whether it was told that answers were withheld.
  private var hasTold = false

  init(_ perSecond: Int, at now: NIODeadline) {
    self.perSecond = perSecond
    left = perSecond
    filledAt = now
  }

  /// What to do about an answer.
  enum Verdict {
    case give
    /// Withhold it, and say so.
    case withholdAndTell
    case withhold
  }

  mutating func take(at now: NIODeadline) -> Verdict {
    if now - filledAt >= .seconds(1) {
      filledAt = now
      left = perSecond
      hasTold = false
    }
    guard left > 0 else {
      defer { hasTold = true }
      return hasTold ? .withhold : .withholdAndTell
    }
    left -= 1
    return .give
  }
}
