public import NIOCore

/// What a gateway tells of what its child does.
public enum GatewayEvent: Sendable {
  /// The child has asked for a name, and was answered.
  case asked(NameRecord)
  /// A stream, or the first datagram to somebody, was turned away.
  case refused(GatewayFlow, RefusalReason)
  /// A stream's destination has answered.
  case opened(GatewayFlow)
  /// A stream's destination has not answered, or has refused; or no datagrams can be sent there.
  case failed(GatewayFlow, OpeningFailure)
  /// A stream that was open is over.
  case closed(StreamRecord)
  /// No more datagrams have passed between two ends for a while.
  case datagramsEnded(DatagramRecord)
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
  /// The child's process that has its socket; nil where that isn't known.
  public var process: FlowProcess?
}

/// Why something of the child's was turned away.
public enum RefusalReason: Hashable, Sendable {
  /// It is the machine's own loopback, or an address that nobody has.
  case closedByDefault
  /// That rule denies it.
  case denied(String)
  /// There are rules that allow something, and none of them allows this.
  case notAllowed
  /// Rules allow something, and it is of a private network or the machine's own, which only a rule for its address opens.
  case closedUnlessNamed
  /// There are as many as may be, of the gateway or the machine.
  case tooMany
  /// Nothing is on this network.
  case offline
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

/// A name that the child has asked for.
public struct NameRecord: Hashable, Sendable {
  /// What the child was told.
  public enum Answer: Hashable, Sendable {
    /// The name's addresses, of which there may be none of the type asked for.
    case addresses([String])
    /// Why there is no answer, by its number (RFC 1035 section 4.1.1): 3 where there is no such name.
    case failed(code: Int)
    /// That it may not ask for this name.
    case refused(RefusalReason)
    /// That no server answers.
    case none
  }

  /// The name, as zone files have it.
  public var name: String
  /// The type of what was asked for, by its number: 1 for IPv4 addresses, 28 for IPv6 ones.
  public var type: UInt16
  /// What the child was told.
  public var answer: Answer
}

/// A stream that is over.
public struct StreamRecord: Sendable {
  /// Why a stream ended.
  public enum Cause: UInt8, Sendable {
    /// Both sides have said all.
    case finished
    /// The child has reset it, or doesn't answer any more.
    case childFailed
    /// The destination has reset it, or doesn't answer any more.
    case destinationFailed
    /// The child gave up before its handshake was over.
    case childGaveUp
    /// One side had said all, and for two hours nothing came from the other.
    case expired
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

/// Datagrams between two ends that are over.
public struct DatagramRecord: Sendable {
  /// Which.
  public var flow: GatewayFlow
  /// The time from the first to the last.
  public var duration: TimeAmount
  /// Bytes of those that the child has sent.
  public var bytesSent: UInt64
  /// Bytes of those that it was sent.
  public var bytesReceived: UInt64
}
