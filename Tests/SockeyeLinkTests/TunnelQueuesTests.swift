import Glibc
import SockeyeHost
import SockeyeTCP
import SockeyeWire
import Synchronization
import Testing

@testable import SockeyeLink

@Suite("Queues of a device")
struct TunnelQueuesTests {
  typealias Outcome = (accepted: [Int], answered: Int)

  private static let connectionCount = 64

  @Test(
    "The kernel spreads its connections over the hosts of two queues, and each stays with its host",
    .enabled(if: geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0)
  )
  func spread() throws {
    guard let result = try inNetworkOfItsOwn({ try Self.connectThroughTwoQueues() }) else { return }
    #expect(result.answered == Self.connectionCount)
    #expect(result.accepted.reduce(0, +) == Self.connectionCount)
    #expect(!result.accepted.contains(0))
  }

  /// How many connections each queue's host has accepted, and how many had a byte from it.
  private static func connectThroughTwoQueues() throws -> Outcome {
    let first = try TunnelDevice(name: "queues0", hasQueues: true)
    let second = try TunnelDevice(name: "queues0", hasQueues: true)
    guard system("ip address add 10.9.0.1/24 dev queues0") == 0 else { throw LinkError("no address") }
    var one = makeHost(on: first)
    var two = makeHost(on: second)
    let listenerOne = try listen(on: &one)
    let listenerTwo = try listen(on: &two)
    var driverOne = try HostDriver(one, on: first)
    var driverTwo = try HostDriver(two, on: second)

    let clients = (0..<connectionCount).map { _ in connect(to: 0x0A09_0002, port: 7) }
    defer { for client in clients { close(client) } }
    var accepted = [0, 0]
    var answered = Set<Int32>()
    var byte: UInt8 = 0
    // A turn without packets takes a millisecond.
    for _ in 0..<5_000 where answered.count < clients.count {
      try driverOne.turn(until: MonotonicClock.now + .milliseconds(1)) { accepted[0] += serve(&$0, listenerOne) }
      try driverTwo.turn(until: MonotonicClock.now + .milliseconds(1)) { accepted[1] += serve(&$0, listenerTwo) }
      for client in clients where recv(client, &byte, 1, Int32(MSG_DONTWAIT)) == 1 { answered.insert(client) }
    }
    return (accepted, answered.count)
  }

  private static func makeHost(on device: borrowing TunnelDevice) -> RingHost {
    var configuration = HostConfiguration(seed: 1)
    configuration.addresses = [InterfaceAddress(.v4(IPv4Address(10, 9, 0, 2)), prefixLength: 24)]
    configuration.fit(mtu: device.maximumTransmissionUnit, hasOffload: device.hasOffload)
    return RingHost(configuration: configuration, now: MonotonicClock.now)
  }

  private static func listen(on host: inout RingHost) throws -> Handle {
    let listener = host.makeSocket(.stream, .v4)
    try host.bind(listener, to: nil, port: 7)
    try host.listen(listener, backlog: connectionCount)
    return listener
  }

  /// Accepts what has come, and sends each a byte. Returns how many came.
  private static func serve(_ host: inout RingHost, _ listener: Handle) -> Int {
    var count = 0
    while let connection = try? host.accept(listener) {
      count += 1
      _ = try? host.write([UInt8(1)].span.bytes, to: connection)
    }
    return count
  }

  private static func connect(to address: UInt32, port: UInt16) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var name = sockaddr_in()
    name.sin_family = sa_family_t(AF_INET)
    name.sin_port = port.bigEndian
    name.sin_addr.s_addr = address.bigEndian
    withUnsafePointer(to: &name) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        _ = Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    return descriptor
  }
}

/// Runs `body` on a thread whose network is its own and ends with it; nil where there can be none.
private func inNetworkOfItsOwn(
  _ body: @escaping @Sendable () throws -> TunnelQueuesTests.Outcome
) throws -> TunnelQueuesTests.Outcome? {
  final class Work: Sendable {
    let body: @Sendable () throws -> TunnelQueuesTests.Outcome
    let result = Mutex<Result<TunnelQueuesTests.Outcome?, any Error>>(.success(nil))
    init(_ body: @escaping @Sendable () throws -> TunnelQueuesTests.Outcome) { self.body = body }

    func run() {
      // Glibc's module lacks it: it belongs to _GNU_SOURCE.
      guard let address = dlsym(nil, "unshare") else { return }
      let unshare = unsafeBitCast(address, to: (@convention(c) (Int32) -> Int32).self)
      let newNetwork: Int32 = 0x4000_0000
      guard unshare(newNetwork) == 0 else { return }
      let outcome = Result { try Optional(body()) }
      result.withLock { $0 = outcome }
    }
  }
  let work = Work(body)
  var thread = pthread_t()
  let argument = Unmanaged.passRetained(work).toOpaque()
  let status = pthread_create(
    &thread,
    nil,
    { argument in
      if let argument { Unmanaged<Work>.fromOpaque(argument).takeUnretainedValue().run() }
      return nil
    },
    argument
  )
  guard status == 0 else { return nil }
  pthread_join(thread, nil)
  Unmanaged<Work>.fromOpaque(argument).release()
  return try work.result.withLock { $0 }.get()
}
