public import SockeyeSimulator
public import SockeyeTCP

/// What happened between two ends, in the order of time.
public struct Conversation: Sendable {
  /// What the ends are called: the one drawn on the left, and the other.
  public var names: (first: String, second: String)
  /// The states that the ends were in before the first event.
  public var initialStates: (first: State, second: State)
  /// What happened.
  public var events: [Event]

  /// A conversation from its events.
  public init(names: (String, String), initialStates: (State, State), events: [Event]) {
    self.names = (names.0, names.1)
    self.initialStates = (initialStates.0, initialStates.1)
    self.events = events
  }

  /// The conversation between two endpoints of a simulation, told by their own engines.
  ///
  /// - Parameters:
  ///   - journal: what the simulation wrote down.
  ///   - first: the number of the endpoint that is drawn on the left; its peer's differs in the last bit.
  ///   - names: what the ends are called.
  ///   - initialStates: the states before the first event.
  public init(
    _ journal: SimulationJournal,
    first: Int,
    names: (String, String),
    initialStates: (State, State) = (.closed, .listen)
  ) {
    self.init(names: names, initialStates: initialStates, events: [])
    var numbering = Numbering()
    for entry in journal.entries where entry.endpoint | 1 == first | 1 {
      let end: End = entry.endpoint == first ? .first : .second
      let kind: Event.Kind
      switch entry.event {
      case .sent(let number, let header, let payload, let fate):
        let segment = numbering.segment(header, payloadLength: payload.count, from: end, number: number)
        kind = .sent(segment, Fate(fate))
      case .received(let number): kind = .received(number: number)
      case .entered(let state): kind = .entered(state)
      case .updated(let gauges): kind = .updated(gauges)
      }
      events.append(Event(time: entry.time, end: end, kind: kind))
    }
  }

  /// The name of an end.
  public func name(of end: End) -> String { end == .first ? names.first : names.second }

  /// The state of an end before the first event.
  public func initialState(of end: End) -> State { end == .first ? initialStates.first : initialStates.second }
}

extension Fate {
  /// What a link of the simulator decided.
  init(_ decision: LinkDecision) {
    self =
      switch decision {
      case .dropped(.outage): .linkDown
      case .dropped(.queueFull): .queueFull
      case .dropped(.queueDelay): .queueDelay
      case .dropped(.loss): .lost
      case .delivered(let passage):
        if passage.corruption != nil {
          .corrupted
        } else if passage.duplicateDelivery != nil {
          .duplicated
        } else {
          .delivered
        }
      }
  }
}
