public import SockeyeWire

/// Fast open (RFC 7413), as a server sees it: what a listener decides about a SYN.
public enum FastOpenDecision: Sendable, Equatable {
  /// The SYN doesn't ask for fast open, or the listener doesn't offer it.
  case none
  /// Send this cookie with the SYN,ACK; data that came with the SYN is not taken.
  case grant(FastOpenCookie)
  /// The cookie is right: take the SYN's data, and let the application answer before the handshake is complete.
  case accept

  /// Decides about a SYN by its cookie.
  ///
  /// - Parameters:
  ///   - header: the SYN.
  ///   - tuple: the connection that it would open. Only the addresses count: a cookie is good for any port.
  ///   - cookies: the host's cookies.
  ///   - isAllowed: fewer connections than the limit are waiting for their handshake after a fast open (section 5.1).
  ///   - now: the time.
  public init(about header: TCPHeader, tuple: FourTuple, cookies: FastOpenCookies, isAllowed: Bool, now: Instant) {
    guard let offered = header.options.fastOpen else {
      self = .none
      return
    }
    let isRight = cookies.isValid(offered, for: tuple, now: now)
    self = isRight && isAllowed ? .accept : .grant(cookies.cookie(for: tuple, now: now))
  }
}

/// The cookies that a host grants for fast open: a keyed hash of the two addresses (section 4.1.2), good for any port.
///
/// The key changes every six hours, and the cookies of the last two are good: a cookie that was stolen, or was granted to
/// who has the address no more, is of use for a day's half at most. Whose cookie is too old gets the new one with an ordinary
/// handshake.
public struct FastOpenCookies: Sendable {
  private let key: SecretKey

  /// Cookies under a host's secret.
  public init(_ secret: HostSecret) {
    key = secret.key(for: .fastOpenCookie)
  }

  /// The cookie for a client, of whose connection only the addresses count.
  public func cookie(for tuple: FourTuple, now: Instant) -> FastOpenCookie {
    cookie(for: tuple, Self.period(at: now))
  }

  func isValid(_ cookie: FastOpenCookie, for tuple: FourTuple, now: Instant) -> Bool {
    let period = Self.period(at: now)
    return cookie == self.cookie(for: tuple, period) || cookie == self.cookie(for: tuple, period &- 1)
  }

  private func cookie(for tuple: FourTuple, _ period: UInt64) -> FastOpenCookie {
    var anyPort = tuple
    anyPort.ports = PortPair(local: 0, remote: 0)
    return FastOpenCookie(anyPort.hash(key.rotated(to: period)))
  }

  private static func period(at now: Instant) -> UInt64 {
    UInt64(bitPattern: now.nanoseconds / (6 * 3_600_000_000_000))
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
