import Glibc
import NIOCore
import SockeyeHost
import SockeyeLink
import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Synchronization

@testable import SockeyeNIO

/// The network on which NIO's own tests run: each loop has a host with addresses of its own, all are joined by links that the
/// simulator impairs, or each by a TUN device to the machine, which forwards between them; and time is the machine's, since the
/// tests wait for futures.
///
/// The tests know one host alone, 127.0.0.1 or ::1. To bind there is to bind to the loop's own address; to connect there is to
/// connect to whoever has bound the port last.
enum SuiteNetwork {
  private struct State {
    var ports: [Port] = []
    /// The host that has bound a port last.
    var owners: [Int: Int] = [:]
    /// What each host's link does to what it sends.
    var links: [ImpairedDirection] = []
  }

  private static let state = Mutex(State())

  /// What links do: nothing, unless `NIO_SUITES_LINK` has the words of `sockeye impair`.
  private static let impairments: Impairments = {
    guard let text = getenv("NIO_SUITES_LINK").map({ String(cString: $0) }), !text.isEmpty else { return Impairments() }
    do {
      return try ImpairmentSpecification(text).up
    } catch {
      fatalError("NIO_SUITES_LINK: \(error)")
    }
  }()

  /// Whether hosts are on TUN devices, by `NIO_SUITES_TUN`. The namespace has to be the tests' own.
  private static let usesTunnels = getenv("NIO_SUITES_TUN") != nil

  /// Makes a loop on a thread of its own.
  static func makeLoop() -> HostEventLoop {
    guard let port = try? Port() else { fatalError("the system has no descriptors left") }
    let number = state.withLock { state in
      state.ports.append(port)
      state.links.append(ImpairedDirection(impairments, seed: UInt64(state.ports.count)))
      return state.ports.count
    }
    var configuration = HostConfiguration(seed: UInt64(number))
    configuration.addresses = [
      InterfaceAddress(address(of: number, isIPv4: true), prefixLength: 8),
      InterfaceAddress(address(of: number, isIPv4: false), prefixLength: 64),
    ]
    let link = usesTunnels ? tunnel(number, &configuration) : SuiteLink(port, number: number)
    let loop = HostEventLoop(configuration, link: link)
    // The kernel goes on alone when a process closes its sockets; here the loop has to stay for that.
    loop.drainLimit = .milliseconds(100)
    port.assign(loop)
    loop.start()
    return loop
  }

  /// A device to which the machine sends what is for a host's addresses.
  private static func tunnel(_ number: Int, _ configuration: inout HostConfiguration) -> any LoopLink {
    do {
      let name = "suite\(number)"
      let device = try TunnelDevice(name: name)
      configuration.fit(mtu: device.maximumTransmissionUnit, hasOffload: device.hasOffload)
      for (family, isIPv4) in [("-4", true), ("-6", false)] {
        let status = system("ip \(family) route add \(address(of: number, isIPv4: isIPv4)) dev \(name)")
        guard status == 0 else { fatalError("\(name) has no route") }
      }
      return try TunnelLink(device, capture: nil)
    } catch {
      fatalError("\(error)")
    }
  }

  /// The loop that the caller's thread runs.
  static var currentLoop: HostEventLoop? {
    state.withLock { $0.ports }.lazy.compactMap(\.loop).first { $0.inEventLoop }
  }

  private static func address(of number: Int, isIPv4: Bool) -> IPAddress {
    isIPv4
      ? .v4(IPv4Address(10, 77, UInt8(truncatingIfNeeded: number >> 8), UInt8(truncatingIfNeeded: number)))
      : .v6(IPv6Address(high: 0xFD77 << 48, low: UInt64(number)))
  }

  // MARK: Addresses

  /// Where a test that binds to `address` binds.
  static func bindable(_ address: SocketAddress, on loop: any EventLoop) -> SocketAddress {
    guard isLoopback(address), let number = number(of: loop) else { return address }
    return SocketAddress(Endpoint(Self.address(of: number, isIPv4: address.protocol == .inet), port: port(of: address)))
  }

  /// Where a test that connects to `address` connects.
  static func connectable(_ address: SocketAddress, on loop: any EventLoop) -> SocketAddress {
    guard isLoopback(address), let own = number(of: loop) else { return address }
    let number = state.withLock { $0.owners[address.port ?? 0] } ?? own
    return SocketAddress(Endpoint(Self.address(of: number, isIPv4: address.protocol == .inet), port: port(of: address)))
  }

  /// Remembers whose the port is that a channel has bound.
  static func note(_ channel: any Channel) {
    guard let port = channel.localAddress?.port, let number = number(of: channel.eventLoop) else { return }
    state.withLock { $0.owners[port] = number }
  }

  private static func port(of address: SocketAddress) -> UInt16 { UInt16(address.port ?? 0) }

  private static func isLoopback(_ address: SocketAddress) -> Bool {
    ["127.0.0.1", "::1", "0.0.0.0", "::"].contains(address.ipAddress)
  }

  private static func number(of loop: any EventLoop) -> Int? {
    state.withLock { $0.ports }.firstIndex { $0.loop === loop }.map { $0 + 1 }
  }

  // MARK: Packets

  /// Carries a packet from a host to the one whose address it bears; what is for nobody is lost.
  static func carry(_ packet: [UInt8], from number: Int) {
    let now = MonotonicClock.now
    let (port, decision) = state.withLock { state -> (Port?, LinkDecision) in
      let decision = state.links[number - 1].decide(length: packet.count, isECNCapable: false, now: now)
      guard let receiver = destination(of: packet), receiver > 0, receiver <= state.ports.count else {
        return (nil, decision)
      }
      return (state.ports[receiver - 1], decision)
    }
    guard let port, case .delivered(let passage) = decision else { return }
    if let time = passage.duplicateDelivery { port.deliver(packet, at: time) }
    var packet = packet
    if let change = passage.corruption { packet[change.offset] ^= change.mask }
    port.deliver(packet, at: passage.delivery)
  }

  private static func destination(of packet: [UInt8]) -> Int? {
    let bytes = packet.span.bytes
    if let (header, _) = try? IPv4Header.parseQuoted(bytes) { return Int(header.destination.rawValue & 0xFFFF) }
    if let (header, _) = try? IPv6Header.parseQuoted(bytes) { return Int(header.destination.low & 0xFFFF) }
    return nil
  }
}

/// Where a host's packets wait for it, put there by others' threads.
final class Port: @unchecked Sendable {
  // What isn't Sendable in it, the sleeper, is used by the thread that turns the loop alone.
  private struct State {
    var packets = EventQueue<[UInt8]>()
    weak var loop: HostEventLoop?
  }

  private let state = Mutex(State())
  private let sleeper: Sleeper

  init() throws {
    sleeper = try Sleeper()
  }

  var waker: Waker { sleeper.waker }
  var loop: HostEventLoop? { state.withLock { $0.loop } }

  func assign(_ loop: HostEventLoop) {
    state.withLock { $0.loop = loop }
  }

  func deliver(_ packet: [UInt8], at time: Instant) {
    state.withLock { $0.packets.schedule(packet, at: time) }
    waker.wake()
  }

  /// Waits until a packet is due, `deadline` has come or somebody wakes it.
  func sleep(until deadline: Instant) throws {
    let now = MonotonicClock.now
    let next = state.withLock { $0.packets.nextTime ?? .never }
    guard now < min(deadline, next) else { return }
    try sleeper.sleep(until: min(deadline, next), now: now)
  }

  func nextPacket() -> [UInt8]? {
    let now = MonotonicClock.now
    return state.withLock { $0.packets.removeFirst(dueAt: now)?.event }
  }
}

/// What lies between a loop and the network.
final class SuiteLink: LoopLink {
  private let port: Port
  private let number: Int
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)

  init(_ port: Port, number: Int) {
    self.port = port
    self.number = number
  }

  deinit {
    buffer.deallocate()
  }

  var clock: LoopClock { .machine }
  var waker: any LoopWaker { port.waker }

  func receive(into host: inout StreamHost, until deadline: Instant) throws {
    try port.sleep(until: deadline)
    while let packet = port.nextPacket() { host.receive(packet.span.bytes, at: MonotonicClock.now) }
  }

  func send(from host: inout StreamHost) {
    var room = buffer.mutableBytes
    while let transmission = host.transmit(into: &room) {
      SuiteNetwork.carry([UInt8](buffer[..<transmission.length]), from: number)
    }
  }
}
