public import SockeyeWire

/// Fast open (RFC 7413), as a server sees it: what a listener decides about a SYN.
public enum FastOpenDecision: Sendable, Equatable {
  /// The SYN doesn't ask for fast open, or the listener doesn't offer it.
  case none
  /// Send this cookie with the SYN,ACK; data that came with the SYN is not taken.
  case grant(FastOpenCookie)
  /// The cookie is right: take the SYN's data, and let the application answer before the handshake is complete.
  case accept

  /// Decides about a SYN by its cookie, which is a keyed hash of the client's address (section 4.1.2).
  ///
  /// - Parameters:
  ///   - header: the SYN.
  ///   - tuple: the connection that it would open. Only the addresses count: a cookie is good for any port.
  ///   - key: the listener's secret.
  ///   - isAllowed: fewer connections than the limit are waiting for their handshake after a fast open (section 5.1).
  public init(about header: TCPHeader, tuple: FourTuple, key: SecretKey, isAllowed: Bool) {
    guard let offered = header.options.fastOpen else {
      self = .none
      return
    }
    var anyPort = tuple
    anyPort.ports = PortPair(local: 0, remote: 0)
    let cookie = FastOpenCookie(anyPort.hash(key, purpose: .fastOpenCookie))
    self = offered == cookie && isAllowed ? .accept : .grant(cookie)
  }
}

extension Connection {
  /// The fast-open cookie that the peer has granted, to be kept for the next `open` to the same address.
  public var grantedFastOpenCookie: FastOpenCookie? {
    guard case .granted(let cookie) = fastOpen else { return nil }
    return cookie
  }
}

/// Where a connection stands with fast open.
enum FastOpenState {
  /// It plays no part.
  case none
  /// Client: ask for a cookie, or use the one that is known, with the first SYN.
  case offers(FastOpenCookie)
  /// Client: the peer has sent a cookie.
  case granted(FastOpenCookie)
  /// Server: send this cookie with the SYN,ACK.
  case grants(FastOpenCookie)
  /// Server: the SYN's data was taken, and data may be sent in SYN-RECEIVED.
  case accepted
}
