/// Finds the cipher suite in a ServerHello (RFC 8446, section 4.1.3; RFC 5246, section 7.4.1.3).
///
/// It goes in the clear in every version, and the TLS library doesn't tell which suite was chosen.
struct ServerHelloReader {
  private enum State {
    case reading([UInt8])
    case done(UInt16?)
  }

  private var state = State.reading([])

  /// The longest way to the suite: a record for each byte of the hello, whose session identifier is as long as may be.
  private static let limit = (4 + 2 + 32 + 1 + 32 + 2) * 6

  /// The suite, once it is known.
  var suite: UInt16? { if case .done(let suite) = state { suite } else { nil } }

  /// Takes what the server sends, in pieces of any size.
  mutating func take(_ bytes: some Collection<UInt8>) {
    guard case .reading(var known) = state else { return }
    known += bytes.prefix(Self.limit - known.count)
    switch Self.look(known) {
    case .found(let suite): state = .done(suite)
    case .incomplete where known.count < Self.limit: state = .reading(known)
    case .incomplete, .somethingElse: state = .done(nil)
    }
  }

  private enum Sight: Equatable {
    case found(UInt16)
    case incomplete
    case somethingElse
  }

  private static func look(_ bytes: [UInt8]) -> Sight {
    let (message, isRecord) = handshake(in: bytes)
    guard isRecord else { return .somethingElse }
    guard let kind = message.first else { return .incomplete }
    // server_hello, then a length of three bytes, a version of two and thirty-two of chance.
    guard kind == 2 else { return .somethingElse }
    guard message.count > 38 else { return .incomplete }
    let identifier = Int(message[38])
    guard identifier <= 32 else { return .somethingElse }
    guard message.count >= 41 + identifier else { return .incomplete }
    return .found(UInt16(message[39 + identifier]) << 8 | UInt16(message[40 + identifier]))
  }

  /// What the records carry, put together; false where something else than a handshake comes first.
  private static func handshake(in bytes: [UInt8]) -> ([UInt8], isRecord: Bool) {
    var rest = bytes[...]
    var message: [UInt8] = []
    while let kind = rest.first {
      guard kind == 22 else { return (message, !message.isEmpty) }
      guard rest.count >= 5 else { break }
      let length = rest.dropFirst(3).prefix(2).reduce(0) { $0 << 8 | Int($1) }
      message += rest.dropFirst(5).prefix(length)
      rest = rest.dropFirst(5 + length)
    }
    return (message, true)
  }
}
