public import SockeyeTCP
public import SockeyeText

/// What held a transfer up, for how much of its time, and the segments that show it.
public struct Verdict: Sendable {
  /// A stretch of time with one limit.
  public struct Spell: Sendable, Equatable {
    /// What held the sender up.
    public var limit: Limit
    /// From when.
    public var began: Instant
    /// Until when.
    public var ended: Instant
    /// The least number of a segment that was sent or acknowledged in it.
    public var firstSegment: UInt64
    /// The greatest.
    public var lastSegment: UInt64

    /// How long it took.
    public var duration: Interval { ended - began }
  }

  /// The end that sent the data.
  public let sender: End
  /// From the first segment to the last acknowledgment of data.
  public private(set) var duration = Interval.zero
  /// How long each limit held.
  public private(set) var shares: [Limit: Interval] = [:]
  /// The longest stretch of each limit.
  public private(set) var longest: [Limit: Spell] = [:]
  private var current: Spell?

  /// Judges the transfer from the end that sent more data; nil where no data was sent.
  public init?(_ conversation: Conversation) {
    var bytes = (first: 0, second: 0)
    for event in conversation.events {
      guard case .sent(let segment, _) = event.kind else { continue }
      if event.end == .first { bytes.first += segment.payloadLength } else { bytes.second += segment.payloadLength }
    }
    guard bytes.first + bytes.second > 0 else { return nil }
    sender = bytes.first >= bytes.second ? .first : .second
    var analysis = LimitAnalysis(SenderTrace(conversation, sender: sender))
    analysis.forEachWait { note($0) }
    finish()
  }

  /// What held the transfer up for most of its time.
  public var leading: Limit? {
    shares.filter { $0.key != .opening }.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }?.key
  }

  /// The part of the whole time that a limit held, from 0 to 1.
  public func share(of limit: Limit) -> Double {
    guard duration > .zero, let time = shares[limit] else { return 0 }
    return Double(time.nanoseconds) / Double(duration.nanoseconds)
  }

  /// The verdict in plain language, a paragraph an element: the leading limit with its reason, then the shares of all.
  public func paragraphs(in language: Language) -> [String] {
    guard let leading else { return [] }
    var result = [leading.phrase.text(in: language)]
    for (limit, time) in shares.sorted(by: { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }) {
      let share = Int64((share(of: limit) * 100).rounded())
      let milliseconds = time.nanoseconds / 1_000_000
      var text = Phrase(
        "\(share) % of the time (\(milliseconds) ms): \(limit.title.text(in: .english))",
        zh: "\(share)% 的时间（\(milliseconds) 毫秒）：\(limit.title.text(in: .chinese))"
      ).text(in: language)
      if let spell = longest[limit] {
        text += Phrase(
          ", longest between segments \(spell.firstSegment) and \(spell.lastSegment)",
          zh: "，最长的一段在报文段 \(spell.firstSegment) 与 \(spell.lastSegment) 之间"
        ).text(in: language)
      }
      result.append(text)
    }
    return result
  }

  private mutating func note(_ spell: Spell) {
    duration = duration + spell.duration
    shares[spell.limit] = (shares[spell.limit] ?? .zero) + spell.duration
    if var running = current, running.limit == spell.limit {
      running.ended = spell.ended
      running.firstSegment = min(running.firstSegment, spell.firstSegment)
      running.lastSegment = max(running.lastSegment, spell.lastSegment)
      current = running
    } else {
      finish()
      current = spell
    }
  }

  private mutating func finish() {
    guard let spell = current else { return }
    if spell.duration > longest[spell.limit]?.duration ?? .zero { longest[spell.limit] = spell }
    current = nil
  }
}
