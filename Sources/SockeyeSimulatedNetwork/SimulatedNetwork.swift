internal import NIOConcurrencyHelpers
public import NIOCore
public import SockeyeHost
internal import SockeyeNIO
public import SockeyeSimulator
internal import SockeyeTCP
public import SockeyeWire

/// A network of hosts in virtual time, for any NIO application: each host has its own TCP and its own event loop, all on the
/// thread that runs the network, and an hour on it takes as long as its packets take to process.
///
/// ```swift
/// let network = SimulatedNetwork(seed: 1)
/// let (client, server) = (network.addHost("client"), network.addHost("server"))
/// network.setImpairments(.lossy, between: client, and: server)
/// let listener = try network.run(until: HostServerBootstrap(group: server).bind(host: "server", port: 80))
/// let channel = try network.run(until: HostClientBootstrap(group: client).connect(host: "server", port: 80))
/// network.partition(client, server)
/// network.run(for: .minutes(5))
/// network.heal(client, server)
/// ```
///
/// One seed gives one run: all randomness derives from it, loops run in the order of their next event, and equal times keep
/// their order. What leaks the machine's time or its threads into a run breaks that: `NIODeadline.now()` (use the loop's
/// `now`), thread pools, tasks that run elsewhere than on the loops (`run(on:_:)` starts them there, and their children stay),
/// `Task.sleep` and other clocks, and randomness that isn't the seed's, such as TLS's keys.
///
/// A network belongs to the thread that made it.
public final class SimulatedNetwork {
  let clock = VirtualClock(.zero)
  private var hosts: [SimulatedHost] = []
  private var links: [LinkKey: ImpairedDirection] = [:]
  private var generator: SeededGenerator
  private let names = NameTable()
  private let initialImpairments: Impairments
  /// What was sent, and what became of it. A capture and lines of text are begun by setting them in it.
  public var trace = NetworkTrace()

  struct LinkKey: Hashable {
    let from: Int
    let to: Int
  }

  /// A network without hosts.
  ///
  /// - Parameters:
  ///   - seed: what all randomness derives from.
  ///   - impairments: what links do to packets, each way, unless they are told otherwise; by default they take 1 ms.
  public init(seed: UInt64, impairments: Impairments? = nil) {
    generator = SeededGenerator(seed: seed)
    var initial = Impairments()
    initial.delay = .milliseconds(1)
    initialImpairments = impairments ?? initial
  }

  deinit {
    shutDown()
  }

  // MARK: Hosts and links

  /// Adds a host, with a link to each other host.
  ///
  /// - Parameters:
  ///   - name: what others may connect to.
  ///   - address: its address; by default the next of 10.0.0.0/16.
  ///   - configure: changes what the host is told when it is made, and made again after a crash.
  @discardableResult
  public func addHost(
    _ name: String,
    address: IPAddress? = nil,
    configure: (inout HostConfiguration) -> Void = { _ in }
  ) -> SimulatedHost {
    let number = hosts.count + 1
    let address =
      address ?? .v4(IPv4Address(10, 0, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)))
    var configuration = HostConfiguration(seed: generator.next())
    configuration.addresses = [InterfaceAddress(address, prefixLength: address.isIPv4 ? 16 : 64)]
    configure(&configuration)
    let host = SimulatedHost(name: name, index: hosts.count, configuration: configuration, network: self)
    hosts.append(host)
    names.add(name, address)
    return host
  }

  /// Says what a link does to packets from now on, each way. Those under way keep what was decided for them.
  public func setImpairments(_ impairments: Impairments, between first: SimulatedHost, and second: SimulatedHost) {
    change(from: first.index, to: second.index) { $0.impairments = impairments }
    change(from: second.index, to: first.index) { $0.impairments = impairments }
  }

  /// Cuts the link between two hosts: nothing gets through until it is healed, and nobody is told.
  public func partition(_ first: SimulatedHost, _ second: SimulatedHost) {
    change(from: first.index, to: second.index) { $0.isPartitioned = true }
    change(from: second.index, to: first.index) { $0.isPartitioned = true }
  }

  /// Lets packets pass between two hosts again.
  public func heal(_ first: SimulatedHost, _ second: SimulatedHost) {
    change(from: first.index, to: second.index) { $0.isPartitioned = false }
    change(from: second.index, to: first.index) { $0.isPartitioned = false }
  }

  private func change(from: Int, to: Int, _ body: (inout ImpairedDirection) -> Void) {
    var link = link(LinkKey(from: from, to: to))
    body(&link)
    links[LinkKey(from: from, to: to)] = link
  }

  /// Each direction draws from numbers of its own, whenever it is first used.
  private func link(_ key: LinkKey) -> ImpairedDirection {
    if let link = links[key] { return link }
    let part = UInt64(key.from) << 32 | UInt64(key.to)
    var spread = SeededGenerator(seed: linkSeed ^ part)
    return ImpairedDirection(initialImpairments, seed: spread.next())
  }

  private lazy var linkSeed = generator.next()

  /// Carries a packet from a host to the one whose address it bears, or to the host's gateway; what is for nobody is lost.
  func carry(_ packet: [UInt8], from sender: SimulatedHost) {
    let now = clock.now
    guard let destination = destination(of: packet).map({ sender.nextHop(to: $0) }),
      let receiver = hosts.first(where: { $0.hasAddress(destination) })
    else {
      trace.add(packet, at: now, from: sender.name, to: nil, fate: "no such host")
      return
    }
    let key = LinkKey(from: sender.index, to: receiver.index)
    var direction = link(key)
    let decision = direction.decide(length: packet.count, isECNCapable: false, now: now)
    links[key] = direction
    trace.add(packet, at: now, from: sender.name, to: receiver.name, fate: decision.fate)
    guard case .delivered(let passage) = decision else { return }
    if let time = passage.duplicateDelivery { receiver.inbox.schedule(packet, at: time) }
    var packet = packet
    if let change = passage.corruption { packet[change.offset] ^= change.mask }
    receiver.inbox.schedule(packet, at: passage.delivery)
  }

  private func destination(of packet: [UInt8]) -> IPAddress? {
    let bytes = packet.span.bytes
    if let (header, _) = try? IPv4Header.parseQuoted(bytes) { return .v4(header.destination) }
    if let (header, _) = try? IPv6Header.parseQuoted(bytes) { return .v6(header.destination) }
    return nil
  }

  func makeLoop(_ configuration: HostConfiguration, link: VirtualLink) -> HostEventLoop {
    let numbers = NIOLockedValueBox(SeededGenerator(seed: drawSeed()))
    return HostEventLoop(
      configuration,
      link: link,
      resolve: { [names] name, port in try names.resolve(name, port: port) },
      random: { numbers.withLockedValue { $0.next() } }
    )
  }

  /// Numbers for what is made anew in the course of a run.
  func drawSeed() -> UInt64 { generator.next() }

  // MARK: Time

  /// The time on the network's clock, which starts at zero.
  public var now: NIODeadline { NIODeadline(clock.now) }

  /// Runs what is next, if that is no later than `limit`. Returns whether there was anything.
  func step(until limit: Instant) -> Bool {
    var next: (host: SimulatedHost, time: Instant)?
    for host in hosts {
      let time = host.nextEvent()
      if time < next?.time ?? .never { next = (host, time) }
    }
    guard let next, next.time <= limit else { return false }
    clock.advance(to: next.time)
    next.host.turn()
    return true
  }

  /// When the next thing happens; never if nothing will.
  func nextEvent() -> Instant {
    hosts.reduce(.never) { min($0, $1.nextEvent()) }
  }

  /// Ends all loops: channels are closed, timers are cancelled. Whoever has been given a loop can't use it any more.
  public func shutDown() {
    for host in hosts { host.beginShutdown() }
    // Connections may end in order first, for two seconds at most.
    let limit = clock.now + .seconds(10)
    while hosts.contains(where: { !$0.hasEnded }), step(until: limit) {}
  }
}

/// The hosts' names.
private final class NameTable: Sendable {
  private let addresses = NIOLockedValueBox<[String: IPAddress]>([:])

  func add(_ name: String, _ address: IPAddress) {
    addresses.withLockedValue { $0[name] = address }
  }

  func resolve(_ name: String, port: Int) throws -> SocketAddress {
    guard let address = addresses.withLockedValue({ $0[name] }) else {
      return try SocketAddress(ipAddress: name, port: port)
    }
    return try SocketAddress(ipAddress: "\(address)", port: port)
  }
}
