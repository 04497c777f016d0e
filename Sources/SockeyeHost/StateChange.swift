public import SockeyeTCP
internal import SockeyeWire

/// A connection of a host has entered a state.
public struct StateChange: Hashable, Sendable {
  /// When.
  public var time: Instant
  /// The address and port of this side.
  public var local: Endpoint
  /// The peer.
  public var remote: Endpoint
  /// The state. A passive open begins with LISTEN, and every connection ends with CLOSED, out of TIME-WAIT too, or with the
  /// LISTEN to which it returned.
  public var state: ConnectionState.Name
}

extension Host where Storage: ~Copyable {
  /// Tells whoever watches what states a connection has passed since it was last asked. Once TIME-WAIT is kept apart, its end
  /// is told by `tellEnd`.
  mutating func tellStates(of index: StreamPlace) {
    guard let stateObserver, streams[index].isReachable else { return }
    while let state = streams[index].connection.nextState() {
      stateObserver(StateChange(time: now, local: streams[index].local, remote: streams[index].remote, state: state))
    }
  }

  /// Tells whoever watches that a connection's TIME-WAIT is over.
  func tellEnd(ofTimeWait tuple: FourTuple) {
    guard let stateObserver else { return }
    let local = Endpoint(tuple.localAddress, port: tuple.ports.local)
    let remote = Endpoint(tuple.remoteAddress, port: tuple.ports.remote)
    stateObserver(StateChange(time: now, local: local, remote: remote, state: .closed))
  }
}

extension Endpoint {
  /// A port of an address as four-tuples have it.
  fileprivate init(_ address: (high: UInt64, low: UInt64), port: UInt16) {
    self.init(IPAddress.v6(IPv6Address(high: address.high, low: address.low)).unmapped, port: port)
  }
}
