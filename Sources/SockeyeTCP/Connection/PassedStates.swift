/// The states that a connection has entered and nobody has been told of. Each comes once in a connection's life, so that they
/// need no queue, and a connection that nobody watches spends nothing on them but two bytes.
struct PassedStates {
  private var bits: UInt16 = 0
  /// LISTEN at the end of a passive open that came to nothing.
  private static var returnedToListen: UInt16 { 1 << 15 }

  /// A connection begins with the peer's SYN, which leads from LISTEN to SYN-RECEIVED. (What an initializer sets, no observer
  /// of the property sees.)
  mutating func beginAtListener() {
    bits |= 1 << ConnectionState.Name.listen.rawValue | 1 << ConnectionState.Name.synReceived.rawValue
  }

  mutating func enter(_ state: ConnectionState, from previous: ConnectionState) {
    let name = state.name
    guard name != previous.name else { return }
    bits |= name == .listen ? Self.returnedToListen : 1 << name.rawValue
  }

  mutating func popFirst() -> ConnectionState.Name? {
    guard bits != 0 else { return nil }
    let bit = bits & ~(bits - 1)
    bits &= ~bit
    return ConnectionState.Name(rawValue: UInt8(truncatingIfNeeded: bit.trailingZeroBitCount)) ?? .listen
  }
}

extension Connection {
  /// Takes the first of the states that the connection has entered and this has not told of; nil when there is none. Those
  /// are among them that it has left at once. For whoever draws or logs a connection's life: nothing depends on it.
  public mutating func nextState() -> ConnectionState.Name? {
    passedStates.popFirst()
  }
}
