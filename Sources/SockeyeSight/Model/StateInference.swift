public import SockeyeTCP
internal import SockeyeWire

/// Infers the states of both ends from the segments between them, by the transitions of RFC 9293, figure 5.
///
/// Whoever watches packets can't see what an end has not sent, so an end's state is the one that its segments prove: an
/// end is in CLOSE-WAIT once a FIN has passed towards it.
public struct StateInference: Sendable {
  private var states: [State]
  /// Where each end's FIN ends in its stream.
  private var finishEnds: [UInt64?] = [nil, nil]
  /// Whether an end has shown nothing yet: only then can a segment in the middle mean that the beginning was missed.
  private var isFresh = [true, true]

  /// Two ends in their first states: CLOSED and LISTEN where the conversation is seen from its first segment.
  public init(first: State = .closed, second: State = .listen) {
    states = [first, second]
  }

  /// The state of an end.
  public func state(of end: End) -> State { states[Int(end.rawValue)] }

  /// Takes a segment that `end` sends. Returns the state that `end` enters by sending it, if it enters one.
  public mutating func sends(_ segment: Segment, from end: End) -> State? {
    let own = Int(end.rawValue)
    let flags = segment.header.flags
    if flags.contains(.fin) { finishEnds[own] = segment.sequenceEnd }
    if flags.contains(.rst) { return enter(.closed, own) }
    let next: State? =
      switch states[own] {
      case .closed where flags.contains(.syn): flags.contains(.ack) ? .synReceived : .synSent
      case .listen where flags.contains(.syn): flags.contains(.ack) ? .synReceived : .synSent
      case .synSent where flags.isSuperset(of: [.syn, .ack]): .synReceived
      case .closed where !flags.contains(.syn) && isFresh[own], .listen where !flags.contains(.syn) && isFresh[own]:
        // The conversation began before it was watched.
        flags.contains(.fin) ? .finWait1 : .established
      case .established where flags.contains(.fin), .synReceived where flags.contains(.fin): .finWait1
      case .closeWait where flags.contains(.fin): .lastAck
      default: nil
      }
    return next.flatMap { enter($0, own) }
  }

  /// Takes a segment that arrives at `end`. Returns the states that `end` enters, in order.
  public mutating func receives(_ segment: Segment, at end: End) -> [State] {
    let own = Int(end.rawValue)
    let flags = segment.header.flags
    var entered: [State] = []
    func note(_ state: State) {
      if let state = enter(state, own) { entered.append(state) }
    }
    if flags.contains(.rst) {
      // A listener whose embryo is reset listens on.
      note(states[own] == .listen ? .listen : .closed)
      return entered
    }
    let acknowledgesOwnFinish = acknowledges(segment, own: own)
    switch states[own] {
    case .synSent where flags.isSuperset(of: [.syn, .ack]): note(.established)
    case .synSent where flags.contains(.syn): note(.synReceived)
    case .synReceived where flags.contains(.ack): note(.established)
    case .finWait1 where acknowledgesOwnFinish: note(flags.contains(.fin) ? .timeWait : .finWait2)
    case .closing where acknowledgesOwnFinish: note(.timeWait)
    case .lastAck where acknowledgesOwnFinish: note(.closed)
    case .closed where !flags.contains(.syn) && isFresh[own], .listen where !flags.contains(.syn) && isFresh[own]:
      note(.established)
    default: break
    }
    guard flags.contains(.fin) else { return entered }
    switch states[own] {
    case .established, .synReceived: note(.closeWait)
    case .finWait1: note(.closing)
    case .finWait2: note(.timeWait)
    default: break
    }
    return entered
  }

  private func acknowledges(_ segment: Segment, own: Int) -> Bool {
    guard let end = finishEnds[own], let acknowledgment = segment.acknowledgment else { return false }
    return acknowledgment >= end
  }

  private mutating func enter(_ state: State, _ own: Int) -> State? {
    isFresh[own] = false
    guard states[own] != state else { return nil }
    states[own] = state
    return state
  }
}
