import NIOCore

/// The beginning of a connection: which protocol its client speaks.
///
/// Bytes collect here until it is known.
struct ProtocolDetection {
  private enum State {
    /// A line or block of the PROXY protocol has to come first.
    case proxyHeader(ByteBuffer)
    /// Nothing is known yet about the client's protocol.
    case opening(ByteBuffer)
    case told
  }

  /// A protocol that a client may speak.
  enum Spoken: Hashable, Sendable { case http, tls, bareName }

  /// What is to be done.
  enum Step: Equatable {
    /// Nothing, until more comes.
    case wait
    /// More may come; if nothing does for a quiet time, that tells as well.
    case waitQuietly
    /// A proxy has said for whom it speaks; `proceed()` goes on.
    case proxied(SocketAddress?)
    /// The client speaks this, and these are its first bytes.
    case speak(Spoken, ByteBuffer)
    /// Nothing of use will come.
    case close
  }

  private var state: State

  init(expectsProxyHeader: Bool) {
    state = expectsProxyHeader ? .proxyHeader(ByteBuffer()) : .opening(ByteBuffer())
  }

  /// Takes bytes that have come.
  mutating func received(_ bytes: ByteBuffer) -> Step {
    switch state {
    case .opening(let earlier):
      state = .opening(earlier.followed(by: bytes))
      return proceed()
    case .proxyHeader(let earlier):
      return receivedHeader(earlier.followed(by: bytes))
    case .told:
      return .wait
    }
  }

  private mutating func receivedHeader(_ bytes: ByteBuffer) -> Step {
    switch ProxyProtocol.parse(bytes) {
    case .incomplete:
      state = .proxyHeader(bytes)
      return .wait
    case .malformed:
      state = .told
      return .close
    case .header(let length, let source):
      var rest = bytes
      rest.moveReaderIndex(forwardBy: length)
      state = .opening(rest)
      return .proxied(source)
    }
  }

  /// Looks at what has come so far.
  mutating func proceed() -> Step {
    guard case .opening(let bytes) = state, bytes.readableBytes > 0 else { return .wait }
    switch OpeningBytes.judge(bytes) {
    case .undecided: return .waitQuietly
    case .http: return speak(.http, bytes)
    case .bareName: return speak(.bareName, bytes)
    case .tls: return speak(.tls, bytes)
    }
  }

  /// Decides after a quiet time: a client that wants more than a name would have said so.
  mutating func wasQuiet() -> Step {
    guard case .opening(let bytes) = state else { return .wait }
    return speak(.bareName, bytes)
  }

  /// The client has ended its side.
  mutating func inputEnded() -> Step {
    guard case .opening(let bytes) = state, bytes.readableBytes > 0 else { return .close }
    return speak(.bareName, bytes)
  }

  private mutating func speak(_ spoken: Spoken, _ bytes: ByteBuffer) -> Step {
    // Inside TLS the question arises anew.
    state = spoken == .tls ? .opening(ByteBuffer()) : .told
    return .speak(spoken, bytes)
  }
}

extension ByteBuffer {
  /// These bytes, and then others.
  func followed(by others: ByteBuffer) -> ByteBuffer {
    guard readableBytes > 0 else { return others }
    var all = self
    all.writeImmutableBuffer(others)
    return all
  }
}
