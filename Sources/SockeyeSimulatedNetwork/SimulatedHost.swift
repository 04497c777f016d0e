public import Dispatch
public import NIOCore
internal import SockeyeHost
internal import SockeyeNIO
internal import SockeyeSimulator
internal import SockeyeTCP
public import SockeyeWire

/// A host of a simulated network, and the event loop group that applications on it run on.
public final class SimulatedHost: EventLoopGroup, @unchecked Sendable {
  // It is touched only by the thread that runs its network; what NIO may call from elsewhere goes to the loop, which is
  // safe.

  /// The host's name.
  public let name: String
  /// The host's address.
  public let address: IPAddress

  let index: Int
  /// Packets on their way to it.
  var inbox = EventQueue<[UInt8]>()
  private let configuration: HostConfiguration
  private unowned let network: SimulatedNetwork
  private var link: VirtualLink
  private(set) var loop: HostEventLoop
  /// Loops of before a crash. Their tasks may still be awaiting something; they reach nothing.
  private var ghosts: [HostEventLoop] = []

  init(name: String, index: Int, configuration: HostConfiguration, network: SimulatedNetwork) {
    self.name = name
    self.index = index
    self.configuration = configuration
    self.network = network
    address = configuration.addresses.first?.address ?? .v4(.unspecified)
    let link = VirtualLink(clock: network.clock)
    self.link = link
    loop = network.makeLoop(configuration, link: link)
    link.attach(to: self, of: network)
  }

  func hasAddress(_ address: IPAddress) -> Bool {
    configuration.addresses.contains { $0.address == address }
  }

  /// Whose address takes what the host sends to `destination`: that one itself, on the host's links and where there is no
  /// gateway.
  func nextHop(to destination: IPAddress) -> IPAddress {
    let isOnLink = configuration.addresses.contains { own in
      switch (own.address, destination) {
      case (.v4(let mine), .v4(let theirs)): theirs.isIn(mine, prefixLength: own.prefixLength)
      case (.v6(let mine), .v6(let theirs)): theirs.isIn(mine, prefixLength: own.prefixLength)
      default: false
      }
    }
    guard !isOnLink else { return destination }
    let gateway: IPAddress? =
      destination.isIPv4 ? configuration.gateway4.map { .v4($0) } : configuration.gateway6.map { .v6($0) }
    return gateway ?? destination
  }

  /// Ends everything on the host at once, without a word to anybody: channels are closed, timers cancelled, and packets to
  /// it are lost until it is restarted.
  public func crash() {
    guard !link.isDead else { return }
    link.isDead = true
    let loop = loop
    loop.asRunner { loop.perish(ChannelError.ioOnClosedChannel) }
  }

  /// Brings the host back with a new loop, its TCP knowing nothing of what was before.
  public func restart() {
    crash()
    ghosts.append(loop)
    var configuration = configuration
    configuration.secret = HostSecret(seed: network.drawSeed())
    let link = VirtualLink(clock: network.clock)
    self.link = link
    loop = network.makeLoop(configuration, link: link)
    link.attach(to: self, of: network)
  }

  /// How many TCP connections its host keeps, whether or not a channel holds them; those in TIME-WAIT aren't counted.
  public var connectionCount: Int { loop.host.connectionCount }

  // MARK: Turns

  func nextEvent() -> Instant {
    var next = loop.nextEvent()
    for ghost in ghosts { next = min(next, ghost.nextEvent()) }
    return min(next, inbox.nextTime ?? .never)
  }

  func turn() {
    if link.isDead {
      // Nobody else takes what arrives at a host that is down.
      while inbox.removeFirst(dueAt: network.clock.now) != nil {}
    }
    for loop in ghosts + [loop] {
      loop.asRunner { loop.turn() }
    }
  }

  func beginShutdown() {
    for loop in ghosts + [loop] { loop.asRunner { loop.shutDown() } }
  }

  var hasEnded: Bool {
    loop.hasEnded && ghosts.allSatisfy(\.hasEnded)
  }

  // MARK: EventLoopGroup

  /// The host's loop; another one after a restart.
  public func next() -> any EventLoop { loop }

  /// The host's loop.
  public func any() -> any EventLoop { loop }

  /// The host's loop alone.
  public func makeIterator() -> EventLoopIterator { EventLoopIterator([loop]) }

  /// Ends the host's loop, in the network's time.
  public func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    loop.shutdownGracefully(queue: queue, callback)
  }
}

/// What lies between a simulated host's loop and its network.
final class VirtualLink: LoopLink {
  let clock: LoopClock
  let waker: any LoopWaker = NobodySleeps()
  /// The host has crashed.
  var isDead = false
  private weak var host: SimulatedHost?
  private weak var network: SimulatedNetwork?
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)

  private struct NobodySleeps: LoopWaker {
    func wake() {}
    func sleep(until deadline: Instant) {}
  }

  init(clock: VirtualClock) {
    self.clock = .virtual(clock)
  }

  deinit {
    buffer.deallocate()
  }

  func attach(to host: SimulatedHost, of network: SimulatedNetwork) {
    self.host = host
    self.network = network
  }

  /// Gives the host what is due. Nobody waits: the network calls when there is something.
  func receive(into own: inout StreamHost, until deadline: Instant) {
    guard !isDead else { return }
    let now = clock.now
    while let (_, packet) = host?.inbox.removeFirst(dueAt: now) {
      own.receive(packet.span.bytes, at: now)
    }
  }

  func send(from own: inout StreamHost) {
    var room = buffer.mutableBytes
    while let transmission = own.transmit(into: &room) {
      guard !isDead, let host, let network else { continue }
      network.carry([UInt8](buffer[..<transmission.length]), from: host)
    }
  }
}
