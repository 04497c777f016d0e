/// The events that wait to be taken, each at most once, so that they need no queue.
struct PendingEvents: OptionSet {
  let rawValue: UInt8

  static let established = PendingEvents(rawValue: 1 << 0)
  static let urgent = PendingEvents(rawValue: 1 << 1)
  static let readable = PendingEvents(rawValue: 1 << 2)
  static let acknowledged = PendingEvents(rawValue: 1 << 3)
  static let peerClosed = PendingEvents(rawValue: 1 << 4)
  static let finished = PendingEvents(rawValue: 1 << 5)
  static let returnedToListen = PendingEvents(rawValue: 1 << 6)
  static let failed = PendingEvents(rawValue: 1 << 7)
}

extension Connection {
  /// Takes the next event, in the order in which they make sense to an application; nil when there is none.
  public mutating func nextEvent() -> ConnectionEvent? {
    if events.isEmpty, pendingAdvice == 0 { return nil }
    if take(.established) { return .established }
    if let advice = takeAdvice() { return .advice(advice) }
    if take(.urgent) { return .urgent(upTo: incoming.urgentEnd - 1) }
    if take(.readable) { return .readable(upTo: incoming.dataNext - 1) }
    if take(.acknowledged) { return .acknowledged(upTo: acknowledgedCount) }
    if take(.peerClosed) { return .peerClosed }
    if take(.finished) { return .finished }
    if take(.returnedToListen) { return .returnedToListen }
    if take(.failed) { return .failed(failure ?? .aborted) }
    return nil
  }

  private mutating func take(_ event: PendingEvents) -> Bool {
    events.remove(event) != nil
  }

  private mutating func takeAdvice() -> ConnectionAdvice? {
    guard pendingAdvice != 0 else { return nil }
    let bit = pendingAdvice.trailingZeroBitCount
    pendingAdvice &= pendingAdvice &- 1
    return ConnectionAdvice(rawValue: UInt8(clamping: bit))
  }

  /// Notes trouble that does not end the connection (RFC 9293 section 3.9.1.8, MUST-47).
  mutating func advise(_ advice: ConnectionAdvice) {
    pendingAdvice |= 1 << advice.rawValue
  }
}
