import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeWire
import Testing

/// Loops on threads of their own, in the machine's time.
@Suite("Event loops on a thread", .serialized)
struct HostEventLoopTests {
  static func makeGroup() throws -> HostEventLoopGroup {
    var configuration = HostConfiguration(seed: 1)
    configuration.addresses = [
      InterfaceAddress(.v4(IPv4Address(127, 0, 0, 1)), prefixLength: 8),
      InterfaceAddress(.v6(IPv6Address(high: 0, low: 1)), prefixLength: 128),
    ]
    return try HostEventLoopGroup(loopback: configuration)
  }

  @Test("Tasks run on the loop, in their order, wherever they come from")
  func order() async throws {
    let group = try Self.makeGroup()
    let loop = group.next()
    let seen = NIOLockedValueBox<[Int]>([])
    for number in 0..<1000 {
      loop.execute {
        #expect(loop.inEventLoop)
        seen.withLockedValue { $0.append(number) }
      }
    }
    try await loop.submit {}.get()
    #expect(!loop.inEventLoop)
    #expect(seen.withLockedValue { $0 } == Array(0..<1000))
    try await group.shutdownGracefully()
  }

  @Test("No wake-up is lost, however often the loop goes to sleep")
  func wakeUps() async throws {
    let group = try Self.makeGroup()
    let loop = group.next()
    await withTaskGroup(of: Void.self) { tasks in
      for _ in 0..<8 {
        tasks.addTask {
          for number in 0..<500 {
            let answer = try? await loop.submit { number }.get()
            #expect(answer == number)
          }
        }
      }
    }
    try await group.shutdownGracefully()
  }

  @Test("Timers run in the order of their deadlines; cancelled ones never do")
  func timers() async throws {
    let group = try Self.makeGroup()
    let loop = group.next()
    let seen = NIOLockedValueBox<[Int]>([])
    let now = loop.now
    let timers = [30, 10, 20, 10].enumerated().map { index, delay in
      loop.scheduleTask(deadline: now + .milliseconds(Int64(delay))) { seen.withLockedValue { $0.append(index) } }
    }
    let cancelled = loop.scheduleTask(deadline: now + .milliseconds(15)) { seen.withLockedValue { $0.append(9) } }
    cancelled.cancel()
    for timer in timers { try await timer.futureResult.get() }
    #expect(seen.withLockedValue { $0 } == [1, 3, 2, 0])
    await #expect(throws: EventLoopError.self) { try await cancelled.futureResult.get() }
    try await group.shutdownGracefully()
  }

  private final class Callback: NIOScheduledCallbackHandler, Sendable {
    let fired: EventLoopPromise<Bool>

    init(_ loop: any EventLoop) {
      fired = loop.makePromise()
    }

    func handleScheduledCallback(eventLoop: some EventLoop) { fired.succeed(true) }
    func didCancelScheduledCallback(eventLoop: some EventLoop) { fired.succeed(false) }
  }

  @Test("Scheduled callbacks fire, or are told that they were cancelled, by hand or by the end of the loop")
  func callbacks() async throws {
    let group = try Self.makeGroup()
    let loop = group.next()
    let (first, second, third) = (Callback(loop), Callback(loop), Callback(loop))
    try loop.scheduleCallback(in: .milliseconds(1), handler: first)
    let callback = try loop.scheduleCallback(in: .hours(1), handler: second)
    try loop.scheduleCallback(in: .hours(1), handler: third)
    callback.cancel()
    let (hasFired, wasCancelled) = (try await first.fired.futureResult.get(), try await second.fired.futureResult.get())
    #expect(hasFired && !wasCancelled)
    let end = third.fired.futureResult
    let told = NIOLockedValueBox<Bool?>(nil)
    end.whenSuccess { value in told.withLockedValue { $0 = value } }
    try await group.shutdownGracefully()
    #expect(told.withLockedValue { $0 } == false)
  }

  @Test("The end of a loop cancels its timers, and whoever asks for it again is told")
  func shutdown() async throws {
    let group = try Self.makeGroup()
    let loop = group.next()
    let timer = loop.scheduleTask(in: .hours(1)) {}
    let told = Outcome(timer.futureResult)
    try await group.shutdownGracefully()
    #expect(told.error as? EventLoopError == .shutdown)
    try await group.shutdownGracefully()
  }

  private actor Counter {
    private let loop: any EventLoop
    nonisolated let unownedExecutor: UnownedSerialExecutor
    private var count = 0

    init(_ loop: any EventLoop) {
      self.loop = loop
      unownedExecutor = loop.executor.asUnownedSerialExecutor()
    }

    func add() -> Int {
      loop.preconditionInEventLoop()
      count += 1
      return count
    }
  }

  @Test("Actors and tasks run on the loop if they ask to")
  func executors() async throws {
    let group = try Self.makeGroup()
    let loop = try #require(group.next() as? HostEventLoop)
    let counter = Counter(loop)
    for number in 1...100 { #expect(await counter.add() == number) }
    await withTaskExecutorPreference(loop) {
      #expect(loop.inEventLoop)
      await withTaskGroup(of: Void.self) { tasks in
        for _ in 0..<10 { tasks.addTask { #expect(loop.inEventLoop) } }
      }
      #expect(loop.inEventLoop)
    }
    try await group.shutdownGracefully()
  }

  @Test("A host reaches itself without a link, over both families", arguments: ["127.0.0.1", "::1"])
  func loopback(address: String) async throws {
    let group = try Self.makeGroup()
    let server = try await HostServerBootstrap(group: group)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { $0.pipeline.addHandler(Echo()) }
      .bind(host: address, port: 0).get()
    let received = try await HostClientBootstrap(group: group)
      .channelOption(.allowRemoteHalfClosure, value: true)
      .connect(to: try #require(server.localAddress)) { channel in
        channel.eventLoop.makeCompletedFuture {
          try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true)
          )
        }
      }
      .executeThenClose { inbound, outbound in
        try await outbound.write(pattern(100_000))
        outbound.finish()
        var received = ByteBuffer()
        for try await part in inbound { received.writeImmutableBuffer(part) }
        return received
      }
    #expect(received == pattern(100_000))
    try await group.shutdownGracefully()
  }
}
