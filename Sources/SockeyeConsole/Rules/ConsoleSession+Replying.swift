internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText
internal import SockeyeTransport

/// What a session answers by its rules.
extension ConsoleSession {
  /// How many answers may wait for their delay, and how many bytes of what they answer.
  private static let mostDelayed = (answers: 10_000, bytes: 16 << 20)

  func setRules(_ rules: ReplyRules) {
    self.rules = rules
    budgets.removeAll()
  }

  /// Answers a message, once whoever told of it is through.
  func reply(to message: Message, from peer: Peer) {
    guard !rules.rules.isEmpty, !message.marks.contains(.unexpectedSource), conversation != nil else { return }
    let bytes = Array(message.payload.readableBytesView)
    let text = Transcoder.convert(bytes, from: settings.encoding, to: .utf8).bytes
    let subject = RuleCondition.Subject(
      bytes: bytes,
      text: String(decoding: text, as: UTF8.self),
      source: peer.remoteAddress
    )
    let outcome = rules.judge(subject)
    guard let index = outcome.rule else { return }
    let rule = rules.rules[index]
    guard mayAnswer(peer) else { return }
    var reply = DelayedReply(rule, opening: opening, peer: peer.number)
    reply.received = bytes
    reply.whole = message.bytes.compact
    reply.matches = outcome.matches
    guard delayed.answers < Self.mostDelayed.answers, delayed.bytes < Self.mostDelayed.bytes else { return }
    delayed.answers += 1
    delayed.bytes += bytes.count
    // Not at once: the conversation is in the middle of telling of the message.
    _ = eventLoop.assumeIsolated().scheduleTask(in: rule.delay) { [weak self] in
      self?.delayed.answers -= 1
      self?.delayed.bytes -= bytes.count
      self?.give(reply)
    }
  }

  private func mayAnswer(_ peer: Peer) -> Bool {
    let now = eventLoop.now
    switch budgets[peer.number, default: AnswerBudget(rules.perSecond, at: now)].take(at: now) {
    case .give: return true
    case .withhold: return false
    case .withholdAndTell:
      let sentence = ConsoleSentence.answersWithheld(rules.perSecond)
      tell("notice", ["peer": .integer(peer.number), "text": .string(sentence.text(in: language))])
      return false
    }
  }

  private func give(_ reply: DelayedReply) {
    guard reply.opening == opening, let conversation else { return }
    speaker = .rule
    defer { speaker = .user }
    if reply.rule.echoes { _ = conversation.say(reply.whole, to: [reply.peer]) }
    if reply.rule.relays { _ = conversation.say(reply.whole, to: peers.keys.filter { $0 != reply.peer }.sorted()) }
    guard let answer = reply.rule.answer else { return }
    do throws(ConsoleError) {
      variables.received = reply.received
      variables.matches = reply.matches
      let composed = try answer.compose(encoding: settings.encoding, framing: settings.sendFraming, &variables)
      _ = conversation.say(composed.bytes, to: [reply.peer])
    } catch {
      tell("notice", ["peer": .integer(reply.peer), "text": .string(error.phrase.text(in: language))])
    }
  }
}

/// An answer that is put off.
private struct DelayedReply {
  let rule: ReplyRule
  let opening: Int
  let peer: Int
  var received: [UInt8] = []
  var whole = ByteBuffer()
  var matches: [String] = []

  init(_ rule: ReplyRule, opening: Int, peer: Int) {
    self.rule = rule
    self.opening = opening
    self.peer = peer
  }
}
