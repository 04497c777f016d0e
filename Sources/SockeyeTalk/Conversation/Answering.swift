import DequeModule
import NIOCore

/// How a session answers by itself: with what, how often, and how fast.
struct Answering {
  /// What to do about a message.
  enum Verdict {
    /// Nothing.
    case nothing
    /// Say this.
    case say(ByteBuffer)
    /// Give it to the command that serves the peer.
    case hand(ByteBuffer)
    /// Answer later: the first token is there in so long.
    case later(TimeAmount)
    /// Answer later, behind others that wait already.
    case queued
    /// Say nothing, because the peer seems to answer our answers: that is news.
    case suspect
  }

  /// What to do about those who wait for an answer.
  enum Due {
    case say(ByteBuffer)
    case wait(TimeAmount)
    case nothing
  }

  private let answer: Automation.Answer
  private let limit: Int?
  private var given = 0
  private var rateLimit: RateLimit?
  private var delayed: Deque<Message> = []
  private var loopGuard: LoopGuard?

  init(_ automation: Automation, isDatagram: Bool, at now: NIODeadline) {
    answer = automation.answer
    limit = automation.answerLimit
    rateLimit = automation.answersPerSecond.map { RateLimit(perSecond: $0, at: now) }
    loopGuard = isDatagram && automation.guardsAgainstLoops && automation.answers ? LoopGuard() : nil
  }

  /// Whether everything that asked for an answer has got it.
  var isAllAnswered: Bool { delayed.isEmpty }

  /// Whether as many answers were given as shall be.
  var isExhausted: Bool { limit.map { given >= $0 } ?? false }

  /// Takes a message that asks for an answer.
  mutating func take(_ message: Message, at now: NIODeadline) -> Verdict {
    switch answer {
    case .none, .relay: return .nothing
    case .command: return .hand(message.bytes)
    case .echo, .reply: break
    }
    switch loopGuard?.consider(message.bytes, at: now) {
    case .answer?, nil: break
    case .ignore?: return .nothing
    case .suspect?: return .suspect
    }
    guard rateLimit != nil else { return .say(give(to: message)) }
    guard delayed.isEmpty else {
      delayed.append(message)
      return .queued
    }
    guard let delay = rateLimit?.take(at: now) else { return .say(give(to: message)) }
    // A datagram over the limit goes unanswered; a stream isn't read on until its turn.
    guard !message.marks.contains(.datagram) else { return .nothing }
    delayed.append(message)
    return .later(delay)
  }

  /// Takes the next answer that was delayed, if it is due.
  mutating func next(at now: NIODeadline) -> Due {
    guard !delayed.isEmpty else { return .nothing }
    if let delay = rateLimit?.take(at: now) { return .wait(delay) }
    guard let message = delayed.popFirst() else { return .nothing }
    return .say(give(to: message))
  }

  private mutating func give(to message: Message) -> ByteBuffer {
    given += 1
    if case .reply(let reply) = answer { return reply }
    return message.bytes
  }
}
