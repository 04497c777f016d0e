public import NIOCore

/// What a gateway tells of what its child does.
public enum GatewayEvent: Sendable {
  /// A stream or a datagram of the child's was turned away.
  case refused(GatewayFlow, RefusalReason)
  /// A stream's destination has answered.
  case opened(GatewayFlow)
  /// A stream's destination has not answered, or has refused.
  case failed(GatewayFlow, OpeningFailure)
  /// A stream that was open is over.
  case closed(StreamRecord)
}

/// A stream, or datagrams back and forth, between the child and somebody.
public struct GatewayFlow: Hashable, Sendable {
  /// What carries it.
  public enum Carrier: UInt8, Sendable {
    /// TCP.
    case stream
    /// UDP.
    case datagrams
    /// ICMP echo.
    case echoes
  }

  /// What carries it.
  public var carrier: Carrier
  /// The address and port on the child's side.
  public var source: SocketAddress
  /// Where it goes.
  public var destination: SocketAddress
  /// The name by which the child learned the destination's address; nil where it had it from elsewhere.
  public var name: String?
}

/// Why something of the child's was turned away.
public enum RefusalReason: Hashable, Sendable {
  /// No rule of the user's decides: the machine's own loopback, or an address that can't be anybody's.
  case closedByDefault
  /// There are as many as may be, of the gateway or the machine.
  case tooMany
}

/// Why a destination could not be reached.
public enum OpeningFailure: Hashable, Sendable {
  /// It refuses.
  case refused
  /// There is no way to its network.
  case networkUnreachable
  /// It is not where it should be.
  case hostUnreachable
  /// The machine, or somebody on the way, forbids it.
  case prohibited
  /// It doesn't answer.
  case timedOut
  /// The machine has no descriptors, ports or memory left.
  case noRoom
  /// Something else, by its number on Linux.
  case other(CInt)
}

/// A stream that is over.
public struct StreamRecord: Sendable {
  /// Why a stream ended.
  public enum Cause: Hashable, Sendable {
    /// Both sides have said all.
    case finished
    /// The child has reset it, or doesn't answer any more.
    case childFailed
    /// The destination has reset it, or doesn't answer any more.
    case destinationFailed
    /// The child gave up before its handshake was over.
    case childGaveUp
  }

  /// Which.
  public var flow: GatewayFlow
  /// How long it was, from the child's SYN on.
  public var duration: TimeAmount
  /// Bytes that the child has sent, and the gateway has taken.
  public var bytesSent: UInt64
  /// Bytes that the destination has sent, and the gateway has handed on.
  public var bytesReceived: UInt64
  /// The round trip between the gateway and the child, smoothed; nil where none was measured.
  public var roundTripTime: TimeAmount?
  /// Segments that the gateway has sent to the child again.
  public var retransmissions: UInt64
  /// Why it ended.
  public var cause: Cause
}
