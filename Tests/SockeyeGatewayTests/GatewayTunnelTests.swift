import Glibc
import NIOConcurrencyHelpers
import NIOCore
import SockeyeLink
import SockeyeTransport
import SockeyeWire
import Synchronization
import Testing

@testable import SockeyeGateway

/// What the tests here take of the machine.
private enum Machine {
  static let hasTunnels = geteuid() == 0 && access("/dev/net/tun", W_OK) == 0 && address != nil

  /// An address that isn't loopback's.
  static let address = AccessPolicy.addressesOfMachine().compactMap { address -> IPv4Address? in
    if case .v4(let address) = address, !address.isLoopback { address } else { nil }
  }.min { $0.rawValue < $1.rawValue }
}

/// What the kernel's TCP and UDP make of a gateway: a thread in a network namespace of its own is the child, and the machine's own
/// address the world.
@Suite(
  "A gateway on a TUN device",
  .enabled(if: Machine.hasTunnels, "takes root, a TUN device and an address")
)
struct GatewayTunnelTests {
  private func machine() throws -> String { try #require(Machine.address).description }

  @Test("A program behind it talks to the machine's server, is refused as it would be, and reaches no loopback")
  func streams() async throws {
    let address = try machine()
    let outside = Transport.kernel()
    let listener = try await outside.listen(on: Endpoint(location: .network(host: address, port: 0))) { channel in
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
    let port = try #require(listener.addresses.first?.port)
    let events = NIOLockedValueBox<[GatewayEvent]>([])
    let child = try await Child.start()
    let gateway = try Gateway(device: child.takeDevice(), configuration: GatewayConfiguration()) { event in
      events.withLockedValue { $0.append(event) }
    }
    try await gateway.start()
    let size = 4 << 20
    let told = try await child.run { () throws -> (echoed: Int, refused: CInt, local: CInt) in
      let connection = try Self.connect(to: address, port: port)
      defer { close(connection) }
      let echoed = Self.echo(size, by: connection)
      return (echoed, Self.connectionError(to: address, port: 1), Self.connectionError(to: "127.0.0.1", port: port))
    }
    #expect(told.echoed == size)
    #expect(told.refused == ECONNREFUSED)
    #expect(told.local == ECONNREFUSED, "the child's own loopback, on which nobody listens")
    child.end()
    await gateway.stop()
    await listener.close()
    try await outside.eventLoopGroup.shutdownGracefully()
    let records = events.withLockedValue { events in
      events.compactMap { if case .closed(let record) = $0 { record } else { nil } }
    }
    #expect(records.first?.bytesSent == UInt64(size) && records.first?.bytesReceived == UInt64(size))
    #expect(records.first?.cause == .finished)
  }

  @Test("Its datagrams are answered from whom they were sent to, and are refused as they would be")
  func datagrams() async throws {
    let address = try machine()
    let outside = Transport.kernel()
    let listener = try await outside.bindDatagrams(on: Endpoint(location: .network(host: address, port: 0))) {
      channel in
      try channel.pipeline.syncOperations.addHandler(DatagramEcho())
    }
    let port = try #require(listener.addresses.first?.port)
    let child = try await Child.start()
    let gateway = try Gateway(device: child.takeDevice(), configuration: GatewayConfiguration()) { _ in }
    try await gateway.start()
    let told = try await child.run { () throws -> (echoed: [Int], refused: CInt) in
      let socket = try Self.socket(SOCK_DGRAM, to: address, port: port)
      defer { close(socket) }
      let echoed = [0, 1, 1400, 9000].map { count -> Int in
        var room = [UInt8](repeating: 7, count: 65_536)
        send(socket, room, count, 0)
        return recv(socket, &room, room.count, 0)
      }
      let nobody = try Self.socket(SOCK_DGRAM, to: address, port: 1)
      defer { close(nobody) }
      var byte: UInt8 = 1
      send(nobody, &byte, 1, 0)
      return (echoed, recv(nobody, &byte, 1, 0) < 0 ? errno : 0)
    }
    #expect(told.echoed == [0, 1, 1400, 9000])
    #expect(told.refused == ECONNREFUSED)
    child.end()
    await gateway.stop()
    await listener.close()
    try await outside.eventLoopGroup.shutdownGracefully()
  }

  @Test("On a bad network all arrives all the same")
  func impaired() async throws {
    let address = try machine()
    let outside = Transport.kernel()
    let listener = try await outside.listen(on: Endpoint(location: .network(host: address, port: 0))) { channel in
      try channel.pipeline.syncOperations.addHandler(Echo())
    }
    let port = try #require(listener.addresses.first?.port)
    var configuration = GatewayConfiguration()
    var impairments = ImpairmentSpecification()
    try impairments.change(by: "loss=2%,delay=1ms")
    configuration.impairments = impairments
    let child = try await Child.start()
    let gateway = try Gateway(device: child.takeDevice(), configuration: configuration) { _ in }
    try await gateway.start()
    let echoed = try await child.run { () throws -> Int in
      let connection = try Self.connect(to: address, port: port)
      defer { close(connection) }
      return Self.echo(256 << 10, by: connection)
    }
    #expect(echoed == 256 << 10)
    child.end()
    await gateway.stop()
    await listener.close()
    try await outside.eventLoopGroup.shutdownGracefully()
  }

  // MARK: What the child does, by the kernel's blocking calls

  private static func socket(_ type: __socket_type, to address: String, port: Int) throws -> CInt {
    let descriptor = Glibc.socket(AF_INET, CInt(type.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    let destination = try SocketAddress(ipAddress: address, port: port)
    let result = destination.withSockAddr { Glibc.connect(descriptor, $0, socklen_t($1)) }
    guard result == 0 else {
      let number = errno
      close(descriptor)
      throw IOError(errnoCode: number, reason: "connect")
    }
    return descriptor
  }

  private static func connect(to address: String, port: Int) throws -> CInt {
    try socket(SOCK_STREAM, to: address, port: port)
  }

  private static func connectionError(to address: String, port: Int) -> CInt {
    do {
      close(try connect(to: address, port: port))
      return 0
    } catch {
      return (error as? IOError)?.errnoCode ?? -1
    }
  }

  /// Sends so many bytes, ends, and returns how many came back.
  private static func echo(_ size: Int, by connection: CInt) -> Int {
    let sender = [UInt8](repeating: 9, count: 65_536)
    var room = sender
    var (sent, received) = (0, 0)
    while received < size {
      if sent < size {
        let count = send(
          connection,
          sender,
          min(sender.count, size - sent),
          CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
        )
        if count > 0 { sent += count }
        if sent == size { shutdown(connection, CInt(SHUT_WR)) }
      }
      let count = recv(connection, &room, room.count, sent < size ? CInt(MSG_DONTWAIT) : 0)
      if count > 0 { received += count } else if count == 0 || errno != EAGAIN { break }
    }
    return received
  }
}

/// A thread in a network namespace of its own, with a device whose other end a gateway takes.
private final class Child: @unchecked Sendable {
  // The device is put there before `start` returns, and taken once. Work is handed over under the lock.

  private var device: TunnelDevice?
  private let work = Mutex<[@Sendable () -> Void]>([])
  private let hasWork = DispatchlessSemaphore()

  static func start() async throws -> Child {
    let child = Child()
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      do {
        try DedicatedThread.start {
          do {
            try child.enter()
            continuation.resume()
          } catch {
            continuation.resume(throwing: error)
            return
          }
          while let body = child.next() { body() }
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
    return child
  }

  /// Leaves the machine's network for one of its own.
  private func enter() throws {
    // Swift's Glibc lacks unshare(2), of CLONE_NEWNET.
    typealias Unshare = @convention(c) (CInt) -> CInt
    guard let symbol = dlsym(nil, "unshare"), unsafeBitCast(symbol, to: Unshare.self)(0x4000_0000) == 0 else {
      throw IOError(errnoCode: errno, reason: "unshare")
    }
    device = try TunnelDevice(name: "sockeye0", maximumTransmissionUnit: 1500)
    for command in [
      "link set lo up", "address add 10.0.2.15/24 dev sockeye0", "route add default via 10.0.2.2",
    ] {
      // A process is in the network of the thread that starts it.
      let arguments = ["ip"] + command.split(separator: " ").map(String.init)
      var pointers = arguments.map { strdup($0) } + [nil]
      defer { for pointer in pointers { free(pointer) } }
      var process = pid_t()
      var status: CInt = 0
      guard posix_spawnp(&process, "ip", nil, nil, &pointers, nil) == 0, waitpid(process, &status, 0) == process,
        status == 0
      else { throw IOError(errnoCode: EINVAL, reason: command) }
    }
  }

  /// Ends the thread, and with it the namespace.
  func end() { hasWork.signal() }

  func takeDevice() throws -> TunnelDevice {
    guard let device = device.take() else { throw IOError(errnoCode: ENODEV, reason: "taken") }
    return device
  }

  /// Does something in the namespace.
  func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
      work.withLock { $0.append { continuation.resume(with: Swift.Result { try body() }) } }
      hasWork.signal()
    }
  }

  private func next() -> (@Sendable () -> Void)? {
    hasWork.wait()
    return work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }
}

/// A semaphore of the C library's: the thread that waits is the child's own.
private final class DispatchlessSemaphore: @unchecked Sendable {
  // The C library's calls may be made from any thread.

  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  func signal() { sem_post(semaphore) }

  func wait() { while sem_wait(semaphore) != 0 {} }
}

private final class Echo: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(data, promise: nil)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed = event { context.close(mode: .output, promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}

private final class DatagramEcho: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(data, promise: nil)
  }
}
