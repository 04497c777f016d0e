public import SockeyeTCP
internal import SockeyeWire

/// One network host: its addresses, its sockets, and what happens to the packets between them.
///
/// A host belongs to one thread. It does no I/O and reads no clock:
///
/// 1. Give it what the link received: `receive`, in batches, with the time of arrival.
/// 2. When `nextDeadline` has come, and at the end of a batch, call `advance(to:)`.
/// 3. Take what is to be sent: `transmit`, until it answers zero.
/// 4. Call the socket functions at any time; what they cause to be sent waits for 3. `nextReady` says for which sockets it
///    is worth it.
///
/// Sockets are named by handles and never block. What a peer can make a host remember is bounded, overhead included.
public struct Host<Storage: StreamStorage & ~Copyable>: ~Copyable {
  /// What the host was told when it was made.
  public let configuration: HostConfiguration
  /// The time that it was last told.
  public internal(set) var now: Instant
  /// What has been dropped and why.
  public internal(set) var statistics = HostStatistics()
  /// Called with each state that a connection enters, in the order in which they do, those that it leaves at once included:
  /// what `Sight` draws and `sockeye host --status` prints. Nil, which costs nothing, where nobody watches.
  public var stateObserver: ((StateChange) -> Void)?

  /// What new sockets start from.
  let initialOptions: SharedOptions
  let routes: RoutingTable

  // MARK: What others must not guess

  let connectionKeys: ConnectionKeys
  let cookies: SYNCookies
  let fastOpenCookies: FastOpenCookies
  var ephemeralPorts: EphemeralPorts
  var random: SecretGenerator

  // MARK: Sockets

  var sockets = Slab<Socket, Socket>()
  var streams = Slab<Stream<Storage>, StreamKind>()
  var streamsByTuple: FlowTable
  var listenersByPort: [UInt16: [Handle]] = [:]
  var datagramsByPort: [UInt16: [Handle]] = [:]
  var timeWaits: TimeWaitTable
  var flows: PendingFlows
  var strays = StrayQueue()
  var changed = ReadinessQueue()

  // MARK: Time and output

  var wheel: TimingWheel
  /// The places of connections that may have something to send.
  var sending = RingQueue<StreamPlace>()
  var packets: PacketQueue
  var fragments: FragmentReassembly
  var errorLimit: ReplyLimit
  var resetLimit: ReplyLimit
  var echoLimit: ReplyLimit
  var identifications: Identifications
  var plan = SegmentPlan()
  /// Whether a reply goes next, where a connection waits as well.
  var isRepliesTurn = true
  /// What all connections' buffers take.
  var memory: BufferMemory

  /// A host without sockets.
  ///
  /// - Parameters:
  ///   - configuration: read now.
  ///   - now: the time.
  public init(configuration: HostConfiguration, now: Instant) {
    self.configuration = configuration
    self.now = now
    let secret = configuration.secret
    connectionKeys = ConnectionKeys(secret)
    cookies = SYNCookies(secret)
    fastOpenCookies = FastOpenCookies(secret)
    ephemeralPorts = EphemeralPorts(key: secret.key(for: .portOffset), destinations: configuration.peerLimit)
    random = secret.generator()
    initialOptions = SharedOptions(SocketOptions(configuration))
    routes = RoutingTable(configuration)
    streamsByTuple = FlowTable(key: secret.key(for: .connectionTable))
    timeWaits = TimeWaitTable(
      key: secret.key(for: .timeWaitTable),
      sourceKey: secret.key(for: .timeWaitSources),
      limit: configuration.timeWaitLimit
    )
    flows = PendingFlows(
      key: secret.key(for: .flowTable),
      limit: configuration.flowLimit,
      patience: configuration.flowPatience
    )
    wheel = TimingWheel(now: now)
    packets = PacketQueue(limit: configuration.packetQueueLimit)
    fragments = FragmentReassembly(limit: configuration.fragmentLimit)
    errorLimit = ReplyLimit(
      perSecond: configuration.errorsPerSecond,
      key: secret.key(for: .errorLimit),
      peerLimit: configuration.peerLimit
    )
    resetLimit = ReplyLimit(
      perSecond: configuration.resetsPerSecond,
      key: secret.key(for: .resetLimit),
      peerLimit: configuration.peerLimit
    )
    identifications = Identifications(key: secret.key(for: .identification), peerLimit: configuration.peerLimit)
    memory = BufferMemory(limit: configuration.memoryLimit)
    echoLimit = ReplyLimit(
      perSecond: configuration.echoRepliesPerSecond,
      key: secret.key(for: .echoLimit),
      peerLimit: configuration.peerLimit
    )
  }

  /// How many TCP connections there are, those in TIME-WAIT that are kept apart not counted.
  public var connectionCount: Int { streams.count }

  /// Bytes that the buffers of all connections take.
  public var bufferedCount: Int { memory.used }

  /// How many connections are kept as nothing but their TIME-WAIT state.
  public var timeWaitCount: Int { timeWaits.count }
}

/// A host whose sockets keep their bytes in rings.
public typealias RingHost = Host<ByteRing>

/// What a host dropped, and why.
public struct HostStatistics: Equatable, Sendable {
  /// Packets that arrived.
  public var packetsReceived: UInt64 = 0
  /// Packets that were sent.
  public var packetsSent: UInt64 = 0
  /// Packets that were not well formed, or whose checksum was wrong.
  public var malformed: UInt64 = 0
  /// Packets for or from an address that can't be.
  public var misaddressed: UInt64 = 0
  /// SYNs that found no room.
  public var synsDropped: UInt64 = 0
  /// Payloads of segments that were dropped because all connections' buffers were full.
  public var payloadsDropped: UInt64 = 0
  /// Echo requests that were not answered, because there were too many.
  public var echoesDropped: UInt64 = 0
  /// SYNs that were answered by cookies.
  public var cookiesSent: UInt64 = 0
  /// Connections made from cookies.
  public var cookiesAccepted: UInt64 = 0
  /// Datagrams that found no room in their socket.
  public var datagramsDropped: UInt64 = 0
  /// Answers and datagrams that found no room in the link's queue.
  public var packetsDropped: UInt64 = 0
  /// Resets that were not sent, because too many were.
  public var resetsWithheld: UInt64 = 0
  /// Packets that never became whole.
  public var fragmentsExpired: UInt64 = 0
}
