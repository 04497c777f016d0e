import SockeyeTCP
import SockeyeWire

/// One end of a simulated connection: the engine, the program that uses it, the bytes that the program has in the
/// engine's care, and the observer that checks them all.
struct SimulatedEndpoint: ~Copyable {
  let configuration: EndpointConfiguration
  let ports: PortPair
  let secrets: ConnectionSecrets
  let pattern: StreamPattern
  let peerPattern: StreamPattern

  var connection: Connection
  var application: SimulatedApplication
  var observer: WireObserver
  /// Whether the connection exists: it has been opened, or a SYN has come.
  var isOpen = false
  var outcome = ConnectionOutcome.open
  /// The gauges that the journal was last told; nil before the first.
  var journaledGauges: ConnectionGauges?
  /// What the engine said was acknowledged, in bytes of data.
  var acknowledged: UInt64 = 0
  /// When the connection was established, and when the peer's close was read.
  var establishedAt: Instant?
  var closedByPeerAt: Instant?
  /// When an event for this endpoint's deadlines is due already.
  var scheduledWake = Instant.never

  /// The bytes written and not acknowledged, and the bytes received and not read; without capacity in a run by lengths.
  var sending: ByteRing
  var receiving: ByteRing

  init(
    _ configuration: EndpointConfiguration,
    ports: PortPair,
    secrets: ConnectionSecrets,
    patterns: (own: StreamPattern, peer: StreamPattern),
    carriesBytes: Bool
  ) {
    self.configuration = configuration
    self.ports = ports
    self.secrets = secrets
    pattern = patterns.own
    peerPattern = patterns.peer
    connection = Connection(
      configuration: configuration.connection,
      path: configuration.path,
      ports: ports,
      secrets: secrets,
      now: .zero
    )
    application = SimulatedApplication(configuration.application)
    observer = WireObserver(path: configuration.path)
    let settings = configuration.connection
    sending = ByteRing(capacity: carriesBytes ? Int(settings.sendBuffer) : 0)
    let receiveLimit = max(settings.receiveBuffer, settings.maximumReceiveBuffer, settings.initialReceiveWindow)
    receiving = ByteRing(capacity: carriesBytes ? Int(receiveLimit) : 0)
  }

  /// When the program wants to run next; `never` if only an event can move it.
  var applicationDeadline: Instant {
    var deadline = Instant.never
    if case .failed = outcome { return deadline }
    let behaviour = application.behaviour
    if isOpen, !application.hasEnded, behaviour.writeInterval > .zero, !application.hasWrittenEverything,
      connection.sendCapacity > 0
    {
      deadline = min(deadline, application.nextWrite)
    }
    if isOpen, !application.hasEnded, let endsAt = application.endsAt { deadline = min(deadline, endsAt) }
    if isOpen, !application.isGone, connection.readableCount > 0, application.nextRead > .zero {
      deadline = min(deadline, application.nextRead)
    }
    return deadline
  }
}
