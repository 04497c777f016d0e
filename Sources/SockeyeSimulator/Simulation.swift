public import SockeyeTCP
import SockeyeWire

/// Connections over a network in virtual time.
///
/// A run is a function of what it is told: links, connections and one seed. Time is the time of events, so an hour of
/// silence costs nothing, and the same run gives the same events on every machine.
///
/// Every event is checked against the rules that `Violation` lists; the first one broken stops the run.
public struct Simulation: ~Copyable {
  /// Whether packets carry bytes.
  public enum Fidelity: Sendable {
    /// Packets are headers and lengths: a gigabyte is cheap.
    case lengths
    /// Packets are bytes, emitted and parsed by the wire codec with their checksums, with data from a pattern that is
    /// compared where it is read.
    case bytes
  }

  enum Event {
    case arrival(packet: Int)
    case wake(endpoint: Int)
  }

  /// The present.
  public internal(set) var now = Instant.zero
  /// How many events there have been.
  public internal(set) var eventCount: UInt64 = 0
  /// How many segments have been delivered.
  public internal(set) var segmentCount: UInt64 = 0
  /// How many segments were dropped by their checksum.
  public internal(set) var checksumDrops: UInt64 = 0
  /// The first rule that was broken.
  public internal(set) var violation: Violation?
  /// The run is broken off as endless after this many events.
  public var eventLimit = UInt64.max
  /// Whether the engine's gauges are checked at every event as well as what is seen from outside.
  public var checksGauges = true
  /// Where packets are captured, if anywhere.
  public var capture: PacketCapture?
  /// Where what happens is written down, if anywhere.
  public var journal: SimulationJournal?

  let fidelity: Fidelity
  var links: [ImpairedDirection] = []
  var endpoints: [UnsafeMutablePointer<SimulatedEndpoint>] = []
  var queue = EventQueue<Event>()
  var packets = PacketStore()
  var generator: SeededGenerator
  var plan = SegmentPlan()

  /// An empty network.
  public init(seed: UInt64, fidelity: Fidelity = .lengths) {
    self.fidelity = fidelity
    generator = SeededGenerator(seed: seed)
  }

  deinit {
    for endpoint in endpoints {
      endpoint.deinitialize(count: 1)
      endpoint.deallocate()
    }
  }

  // MARK: Building

  /// Adds one direction of a link and returns its number.
  @discardableResult
  public mutating func addLink(_ impairments: Impairments) -> Int {
    links.append(ImpairedDirection(impairments, seed: generator.next()))
    return links.count - 1
  }

  /// Adds a connection and returns the number of its first end; the second's is one more. At least one of them must
  /// open; if both do, they open towards each other.
  @discardableResult
  public mutating func addConnection(_ first: EndpointConfiguration, _ second: EndpointConfiguration) -> Int {
    let index = endpoints.count
    let ports = PortPair(local: UInt16(truncatingIfNeeded: 1_024 + index), remote: 80)
    let patterns = (StreamPattern(seed: generator.next()), StreamPattern(seed: generator.next()))
    add(first, ports: ports, patterns: patterns)
    add(second, ports: PortPair(local: ports.remote, remote: ports.local), patterns: (patterns.1, patterns.0))
    return index
  }

  private mutating func add(
    _ configuration: EndpointConfiguration,
    ports: PortPair,
    patterns: (StreamPattern, StreamPattern)
  ) {
    let secrets = ConnectionSecrets(
      initialSequenceNumber: UInt32(truncatingIfNeeded: generator.next()),
      timestampOffset: UInt32(truncatingIfNeeded: generator.next())
    )
    let endpoint = UnsafeMutablePointer<SimulatedEndpoint>.allocate(capacity: 1)
    endpoint.initialize(
      to: SimulatedEndpoint(
        configuration,
        ports: ports,
        secrets: secrets,
        patterns: patterns,
        carriesBytes: fidelity == .bytes
      )
    )
    endpoints.append(endpoint)
    if let opensAt = configuration.opensAt {
      schedule(wake: endpoints.count - 1, at: opensAt)
    }
  }

  // MARK: Running

  /// Runs until nothing is left to happen, a rule is broken, or `end` has come. Returns the first rule broken.
  ///
  /// If nothing is left to happen, how the connections ended is checked as well.
  @discardableResult
  public mutating func run(until end: Instant = .never) -> Violation? {
    while violation == nil {
      guard let (time, event) = queue.removeFirst(dueAt: end) else { break }
      now = max(now, time)
      eventCount += 1
      if eventCount > eventLimit {
        report(.tooManyEvents, endpoint: 0, detail: eventCount)
        break
      }
      handle(event, scheduledFor: time)
    }
    if violation == nil, queue.isEmpty { checkEndings() }
    if queue.nextTime.map({ $0 > end }) ?? true, end != .never { now = max(now, end) }
    return violation
  }

  private mutating func handle(_ event: Event, scheduledFor time: Instant) {
    switch event {
    case .arrival(let index):
      let packet = packets.remove(index)
      deliver(packet)
    case .wake(let index):
      // An event that an earlier deadline has overtaken.
      guard endpoints[index].pointee.scheduledWake == time else { return }
      endpoints[index].pointee.scheduledWake = .never
      openIfDue(index)
      service(index)
    }
  }

  private mutating func openIfDue(_ index: Int) {
    let endpoint = endpoints[index]
    guard !endpoint.pointee.isOpen, let opensAt = endpoint.pointee.configuration.opensAt, opensAt <= now else { return }
    endpoint.pointee.isOpen = true
    endpoint.pointee.connection.open(now: now)
    noteState(index)
  }

  /// Lets an endpoint do all that can be done now: timers, events, the program, segments; and checks what it did.
  mutating func service(_ index: Int) {
    let endpoint = endpoints[index]
    guard endpoint.pointee.isOpen else { return }
    var rounds = 0
    repeat {
      if endpoint.pointee.connection.nextDeadline <= now { endpoint.pointee.connection.advance(to: now) }
      noteState(index)
      takeEvents(index)
      runApplication(index)
      noteState(index)
      transmit(index)
      takeEvents(index)
      noteState(index)
      rounds += 1
    } while violation == nil && rounds < 8
      && min(endpoint.pointee.connection.nextDeadline, endpoint.pointee.applicationDeadline) <= now
    guard violation == nil else { return }
    noteGauges(index)
    guard endpoint.pointee.connection.nextDeadline > now else {
      return report(.deadlineWithoutProgress, endpoint: index)
    }
    checkState(index)
    schedule(wake: index, at: min(endpoint.pointee.connection.nextDeadline, endpoint.pointee.applicationDeadline))
  }

  mutating func schedule(wake index: Int, at time: Instant) {
    guard time < endpoints[index].pointee.scheduledWake, time < .never else { return }
    endpoints[index].pointee.scheduledWake = time
    queue.schedule(.wake(endpoint: index), at: time)
  }

  mutating func report(_ rule: Violation.Rule, endpoint: Int, detail: UInt64 = 0) {
    guard violation == nil else { return }
    violation = Violation(rule: rule, endpoint: endpoint, time: now, detail: detail)
  }
}
