package import NIOCore

/// What is said to a proxy before the connection is the server's.
///
/// A value without I/O: it is given the bytes that have come, takes what it understands off their front, and says what follows.
package protocol ProxyNegotiation {
  /// What to send first.
  mutating func start() -> ByteBuffer

  /// Takes bytes that have come.
  ///
  /// - Throws: Why there will be no connection.
  mutating func take(_ buffer: inout ByteBuffer) throws(Failure) -> ProxyStep
}

/// What follows from a proxy's bytes.
package enum ProxyStep: Equatable {
  /// More has to come.
  case wait
  case send(ByteBuffer)
  /// From here on it is the server who is heard.
  case connected
}
