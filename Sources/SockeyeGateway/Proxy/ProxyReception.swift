internal import NIOCore
internal import SockeyeWire

/// What a proxy's client asks for.
enum ProxyRequest: Equatable {
  /// A stream to somebody.
  case connect(ProxyDestination)
  /// Datagrams, sent from this port of the client's; 0 where it doesn't know yet.
  case associate(port: UInt16)
}

/// What a request comes to.
enum ProxyOutcome: Equatable {
  /// It is met, by this address of ours.
  case done(SocketAddress?)
  case refused(RefusalReason)
  case failed(OpeningFailure)
  /// The name is nobody's.
  case unknownName
}

/// What follows from a client's bytes.
enum ReceptionStep: Equatable {
  /// More has to come.
  case wait
  case send(ByteBuffer)
  /// Is this a user of ours? ``ProxyReception/checked(_:)`` is told.
  case check(user: String, password: [UInt8])
  case request(ProxyRequest)
}

/// Why a client is not heard any further, and what it is told.
struct ReceptionFault: Error, Equatable {
  let answer: ByteBuffer
}

/// What is said between a client and this side before bytes are only passed on, in one of the protocols.
///
/// A value without I/O: it is given the bytes that have come, takes what it understands off their front, and says what follows.
protocol ProxyReception {
  /// How the protocol is called.
  var name: String { get }

  /// Takes bytes that have come.
  mutating func take(_ buffer: inout ByteBuffer) throws(ReceptionFault) -> ReceptionStep

  /// Takes note of what a check has come to; after a ``ReceptionStep/send(_:)`` it goes on with ``take(_:)``.
  mutating func checked(_ isUser: Bool) throws(ReceptionFault) -> ReceptionStep

  /// What the client is told of its request.
  func answer(to outcome: ProxyOutcome) -> ByteBuffer
}
