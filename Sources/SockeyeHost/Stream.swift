internal import SockeyeTCP

/// A TCP connection, its bytes, and what its application has seen of it.
struct Stream<Storage: StreamStorage & ~Copyable>: ~Copyable {
  var connection: Connection
  let tuple: FourTuple
  let local: Endpoint
  let remote: Endpoint
  var hopLimit: UInt8
  var trafficClass: UInt8
  var resetsOnClose: Bool
  /// What was written and isn't acknowledged.
  var outgoing = Storage()
  /// What has arrived and wasn't read.
  var incoming = Storage()
  /// Bytes that the application has written.
  var written: UInt64 = 0
  /// Bytes that the application has read.
  var consumed: UInt64 = 0
  var holder: StreamHolder
  var phase = StreamPhase.opening
  /// The directions that `shutdown` has ended.
  var shut: ShutDirections = []
  var peerHasClosed = false
  /// Why it failed, until the application is told.
  var error: SocketError?
  /// The listener that counts it among its fast opens, until its handshake is over.
  var fastOpenListener: Handle?
  /// Bytes that its buffers took when they were last looked at.
  var chargedCount = 0
  /// Whether it waits in line to send.
  var isQueued = false
  /// Whether segments find it by its tuple.
  var isReachable = true

  init(
    connection: consuming Connection,
    tuple: FourTuple,
    local: Endpoint,
    remote: Endpoint,
    holder: StreamHolder,
    options: SocketOptions
  ) {
    self.connection = connection
    self.tuple = tuple
    self.local = local
    self.remote = remote
    self.holder = holder
    hopLimit = options.hopLimit
    trafficClass = options.trafficClass
    resetsOnClose = options.resetsOnClose
  }
}

/// Who has a connection.
enum StreamHolder: Equatable {
  /// The listener that it came by, until it is accepted or comes to nothing.
  case listener(Handle)
  /// The application, by this socket.
  case application(Handle)
  /// Nobody: the application has closed its socket, or will never see the connection.
  case nobody

  var isApplication: Bool {
    if case .application = self { true } else { false }
  }
}

/// How far a connection has come, as its application sees it.
enum StreamPhase: UInt8 {
  case opening
  case open
  case over
}

/// Directions that this side has ended.
struct ShutDirections: OptionSet {
  let rawValue: UInt8

  static var reading: ShutDirections { ShutDirections(rawValue: 1) }
  static var writing: ShutDirections { ShutDirections(rawValue: 2) }
}
