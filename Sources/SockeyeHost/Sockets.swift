internal import SockeyeTCP
internal import SockeyeWire

/// What an application's handle stands for.
struct Socket {
  let family: AddressFamily
  private var sharedOptions: SharedOptions
  /// The address that it was bound to; nil for any.
  var localAddress: IPAddress?
  /// The port that it was bound to; 0 for none yet.
  var localPort: UInt16 = 0
  var role: Role

  enum Role {
    /// A stream socket that is neither connected nor listening.
    case idle
    case listener(Listener)
    /// The connection at that place of the slab.
    case stream(StreamPlace)
    case datagram(DatagramQueue)
  }

  init(family: AddressFamily, options: SharedOptions, role: Role) {
    self.family = family
    sharedOptions = options
    self.role = role
  }

  /// A socket that starts from another's options.
  init(like other: Socket, role: Role) {
    self.init(family: other.family, options: other.sharedOptions, role: role)
  }

  var options: SocketOptions {
    get { sharedOptions.value }
    set { sharedOptions = SharedOptions(newValue) }
  }

  /// Whether packets to `address` are for this socket, as far as its address goes.
  func accepts(_ address: IPAddress) -> Bool {
    if let localAddress { return localAddress == address }
    return family == .v4 ? address.isIPv4 : !(options.isIPv6Only && address.isIPv4)
  }

  /// Whether another socket with `address`, nil for any, would want the same packets.
  func overlaps(_ address: IPAddress?, family other: AddressFamily, isIPv6Only: Bool) -> Bool {
    if let localAddress, let address { return localAddress == address }
    if let address { return accepts(address) }
    if let localAddress { return other == .v4 ? localAddress.isIPv4 : !(isIPv6Only && localAddress.isIPv4) }
    return family == other || !(options.isIPv6Only || isIPv6Only)
  }
}

extension Socket {
  /// Whether it is a listener that has sent SYN cookies of late: its queue was full (RFC 4987 section 3.6).
  func believesCookies(now: Instant) -> Bool {
    guard case .listener(let listener) = role, let end = listener.cookiesEnd else { return false }
    return now < end
  }

  /// Changes a listener where it stands, so that its queue isn't copied; nil if the socket is none.
  mutating func withListener<Result>(_ body: (inout Listener) -> Result) -> Result? {
    guard case .listener(var listener) = role else { return nil }
    role = .idle
    defer { role = .listener(listener) }
    return body(&listener)
  }
}

/// A listener's two queues: handshakes under way, and connections that wait to be accepted.
struct Listener {
  /// Connections that may wait to be accepted.
  var backlog: Int
  /// How many connections are in their handshake.
  var openingCount = 0
  /// The places of connections that wait to be accepted.
  var ready = RingQueue<StreamPlace>()
  /// Until when a cookie that the listener has sent may come back.
  var cookiesEnd: Instant?
  var fastOpens = FastOpenQueue()

  /// Handshakes that may be under way. As many as may wait, and some: most are over within a round trip.
  var openingLimit: Int { max(backlog, 16) }
}

/// The datagrams that wait in a socket.
struct DatagramQueue {
  struct Datagram {
    var bytes: [UInt8]
    var source: Endpoint
    /// What was left of its hop limit when it arrived.
    var hopLimit: UInt8
  }

  /// What a datagram costs beside its bytes.
  static let overhead = 96

  /// Whom the socket is connected to.
  var peer: Endpoint?
  /// The address that it sends from to `peer`, where it is bound to none.
  var source: IPAddress?
  var waiting = RingQueue<Datagram>()
  var size = 0
  /// What ICMP has reported of a datagram to `peer`.
  var error: SocketError?
  var shut: ShutDirections = []
}
