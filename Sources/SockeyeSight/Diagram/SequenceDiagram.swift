public import SockeyeTCP

/// A conversation as rows from top to bottom, in the order of time: what a sequence diagram draws, in any medium.
public struct SequenceDiagram: Sendable {
  /// One row.
  public struct Row: Sendable {
    /// When it happened, or began.
    public var time: Instant
    /// What it shows.
    public var content: Content
    /// The states that both ends are in after the row.
    public var states: (first: State, second: State)
    /// Which of them the row changed.
    public var changed: Set<End>
  }

  /// What goes from one end to the other.
  public enum Packet: Sendable {
    /// A TCP segment.
    case segment(Segment)
    /// Anything else.
    case datagram(Datagram)

    /// Its number in the conversation.
    public var number: UInt64 {
      switch self {
      case .segment(let segment): segment.number
      case .datagram(let datagram): datagram.number
      }
    }
  }

  /// What a row shows.
  public enum Content: Sendable {
    /// An end enters a state without a segment.
    case state(End)
    /// A segment goes from `from` to the other end, and nothing else happens meanwhile.
    case crossing(Packet, from: End, arrival: Instant, Fate, [Finding])
    /// A segment leaves; it arrives in a later row, or never.
    case departure(Packet, from: End, Fate, [Finding])
    /// A segment that left in an earlier row arrives.
    case arrival(Packet, from: End)
  }

  /// What the ends are called.
  public let names: (first: String, second: String)
  /// The states before the first row.
  public let initialStates: (first: State, second: State)
  /// Whether there are states: datagrams have none.
  public let hasStates: Bool
  /// The rows.
  public private(set) var rows: [Row] = []

  /// Draws a conversation.
  public init(_ conversation: Conversation) {
    names = conversation.names
    initialStates = conversation.initialStates
    hasStates = conversation.events.contains { if case .sent = $0.kind { true } else { false } }
    var builder = Builder(conversation)
    rows = builder.build()
  }
}

extension SequenceDiagram {
  /// Turns events into rows.
  private struct Builder {
    private let events: [Event]
    private var states: (first: State, second: State)
    private var analysis = ConversationAnalysis()
    private var underWay: [UInt64: Packet] = [:]
    private var rows: [Row] = []

    init(_ conversation: Conversation) {
      // Gauges have no row, and mustn't come between what belongs together.
      events = conversation.events.filter { if case .updated = $0.kind { false } else { true } }
      states = conversation.initialStates
    }

    mutating func build() -> [Row] {
      var index = 0
      while index < events.count {
        index = take(index)
      }
      return rows
    }

    /// Makes a row of the event at `index` and of those that belong to it. Returns the index of the next.
    private mutating func take(_ index: Int) -> Int {
      let event = events[index]
      switch event.kind {
      case .entered(let state):
        // The state belongs to the segment that the end sends at the same instant, if it does.
        if let next = sending(after: index) {
          set(state, at: event.end)
          return takePacket(next, changed: [event.end])
        }
        set(state, at: event.end)
        append(.state(event.end), at: event.time, changed: [event.end])
        return index + 1
      case .sent, .datagram:
        return takePacket(index, changed: [])
      case .received(let number):
        guard let packet = underWay.removeValue(forKey: number) else { return index + 1 }
        receives(packet, at: event.end, time: event.time)
        let (next, changed) = takeStates(index + 1, at: event.end, time: event.time)
        append(.arrival(packet, from: event.end.other), at: event.time, changed: changed)
        return next
      case .updated: return index + 1
      }
    }

    /// The index of the segment that follows a change of state at the same end and instant, if that is the next event.
    private func sending(after index: Int) -> Int? {
      guard index + 1 < events.count, case .sent = events[index + 1].kind else { return nil }
      let (event, next) = (events[index], events[index + 1])
      return next.end == event.end && next.time == event.time ? index + 1 : nil
    }

    private mutating func takePacket(_ index: Int, changed: Set<End>) -> Int {
      let event = events[index]
      let (packet, fate, findings): (Packet, Fate, [Finding])
      switch event.kind {
      case .sent(let segment, let its):
        (packet, fate) = (.segment(segment), its)
        findings = analysis.sends(segment, from: event.end, at: event.time)
      case .datagram(let datagram, let its): (packet, fate, findings) = (.datagram(datagram), its, [])
      case .received, .entered, .updated: return index + 1
      }
      let next = index + 1
      if !fate.isDropped, fate != .duplicated, next < events.count, events[next].end == event.end.other,
        case .received(packet.number) = events[next].kind
      {
        let arrival = events[next].time
        if fate != .corrupted { receives(packet, at: event.end.other, time: arrival) }
        let (after, entered) = takeStates(next + 1, at: event.end.other, time: arrival)
        let content = Content.crossing(packet, from: event.end, arrival: arrival, fate, findings)
        append(content, at: event.time, changed: changed.union(entered))
        return after
      }
      if !fate.isDropped { underWay[packet.number] = packet }
      append(.departure(packet, from: event.end, fate, findings), at: event.time, changed: changed)
      return next
    }

    private mutating func receives(_ packet: Packet, at end: End, time: Instant) {
      if case .segment(let segment) = packet { analysis.receives(segment, from: end.other, at: time) }
    }

    /// Takes the changes of state that an arrival caused at once, unless a segment goes with the last of them.
    private mutating func takeStates(_ start: Int, at end: End, time: Instant) -> (next: Int, changed: Set<End>) {
      var index = start
      var changed: Set<End> = []
      while index < events.count, events[index].end == end, events[index].time == time,
        case .entered(let state) = events[index].kind, !isClosing(index)
      {
        set(state, at: end)
        changed.insert(end)
        index += 1
      }
      return (index, changed)
    }

    /// Whether a change of state is the end's own doing, so that it belongs to the FIN that it sends and not to what
    /// arrived before.
    private func isClosing(_ index: Int) -> Bool {
      guard case .entered(let state) = events[index].kind, state == .finWait1 || state == .lastAck else { return false }
      return sending(after: index) != nil
    }

    private mutating func set(_ state: State, at end: End) {
      if end == .first { states.first = state } else { states.second = state }
    }

    private mutating func append(_ content: Content, at time: Instant, changed: Set<End>) {
      rows.append(Row(time: time, content: content, states: states, changed: changed))
    }
  }
}
