import Dispatch
import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeSimulatedNetwork
import Testing

@testable import SockeyeNIO

/// What loops owe to those who still use them when they are over.
@Suite("Loops that have ended")
struct LoopEndTests {
  @Test("Promises of an ended loop are still fulfilled, and what depends on them is told")
  func promises() async throws {
    let group = try HostEventLoopTests.makeGroup()
    let loop = group.next()
    let promise = loop.makePromise(of: Int.self)
    try await group.shutdownGracefully()
    promise.succeed(1)
    let value = try await promise.futureResult.map { $0 + 1 }.get()
    #expect(value == 2)
    await #expect(throws: EventLoopError.shutdown) { try await loop.submit { 1 }.get() }
    await #expect(throws: EventLoopError.shutdown) { try await loop.scheduleTask(in: .zero) {}.futureResult.get() }
  }

  @Test("Tasks of an ended loop run one at a time, from however many threads they come")
  func tasks() async throws {
    let group = try HostEventLoopTests.makeGroup()
    let loop = group.next()
    try await group.shutdownGracefully()
    let running = NIOLockedValueBox(0)
    let done = NIOLockedValueBox(0)
    await withTaskGroup(of: Void.self) { tasks in
      for _ in 0..<8 {
        tasks.addTask {
          for _ in 0..<200 {
            loop.execute {
              let isAlone = running.withLockedValue { count in
                count += 1
                return count == 1
              }
              #expect(isAlone && loop.inEventLoop)
              running.withLockedValue { $0 -= 1 }
              loop.execute { done.withLockedValue { $0 += 1 } }
            }
          }
        }
      }
    }
    // Whoever comes last runs after all others.
    await withCheckedContinuation { continuation in loop.execute { continuation.resume() } }
    #expect(done.withLockedValue { $0 } == 1600)
    #expect(!loop.inEventLoop)
  }

  private actor Owner {
    nonisolated let unownedExecutor: UnownedSerialExecutor

    init(_ loop: any EventLoop) {
      unownedExecutor = loop.executor.asUnownedSerialExecutor()
    }

    func answer() -> Int { 42 }
  }

  @Test("An actor that lives on an ended loop still answers")
  func actors() async throws {
    let group = try HostEventLoopTests.makeGroup()
    let owner = Owner(group.next())
    try await group.shutdownGracefully()
    let answer = await owner.answer()
    #expect(answer == 42)
  }

  @Test("Channels are refused by an ended loop, and their makers are told")
  func channels() async throws {
    let group = try HostEventLoopTests.makeGroup()
    try await group.shutdownGracefully()
    await #expect(throws: EventLoopError.shutdown) {
      try await HostServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0).get()
    }
    await #expect(throws: EventLoopError.shutdown) {
      try await HostClientBootstrap(group: group).connect(host: "127.0.0.1", port: 1).get()
    }
  }

  @Test("A timer that sets itself again for the same instant lets everybody else have their turn")
  func insistentTimer() async throws {
    let group = try HostEventLoopTests.makeGroup()
    let loop = group.next()
    let isOver = NIOLockedValueBox(false)
    let deadline = loop.now
    @Sendable func insist() {
      guard !isOver.withLockedValue({ $0 }) else { return }
      loop.scheduleTask(deadline: deadline, insist)
    }
    loop.execute(insist)
    for number in 0..<10 { #expect(try await loop.submit { number }.get() == number) }
    try await loop.scheduleTask(in: .milliseconds(1)) {}.futureResult.get()
    isOver.withLockedValue { $0 = true }
    try await group.shutdownGracefully()
  }

  @Test("A timer that is due may still be cancelled by one that comes before it")
  func cancelledByAnEarlierOne() async throws {
    let group = try HostEventLoopTests.makeGroup()
    let loop = group.next()
    let second = try await loop.submit { () -> Scheduled<Void> in
      let later = NIOLockedValueBox<Scheduled<Void>?>(nil)
      loop.scheduleTask(deadline: loop.now) { later.withLockedValue { $0?.cancel() } }
      let second = loop.scheduleTask(deadline: loop.now) {}
      later.withLockedValue { $0 = second }
      return second
    }.get()
    await #expect(throws: EventLoopError.cancelled) { try await second.futureResult.get() }
    try await group.shutdownGracefully()
  }

  @Test("A loop's end resets connections that don't end in time, so that their peers don't wait for ever")
  func drainLimit() throws {
    let pair = Pair()
    let ends = try pair.connect(autoRead: false)
    // More than the server, which doesn't read, has room for.
    ends.client.writeAndFlush(pattern(1_000_000), promise: nil)
    pair.network.run(for: .seconds(1))
    let hasEnded = NIOLockedValueBox(false)
    pair.client.shutdownGracefully(queue: DispatchQueue(label: "end")) { _ in hasEnded.withLockedValue { $0 = true } }
    pair.network.run(for: .seconds(1))
    #expect(ends.serverEvents.errors.isEmpty && pair.client.connectionCount == 1)
    pair.network.run(for: .seconds(2))
    #expect(pair.client.connectionCount == 0)
    #expect((ends.serverEvents.errors.first as? IOError)?.errnoCode == 104)
    #expect(ends.serverEvents.events.last == "removed")
  }

  @Test("A host that comes back has all that it was told, but for its secret")
  func restart() throws {
    let network = SimulatedNetwork(seed: 3)
    let host = network.addHost("host") { configuration in
      configuration.memoryLimit = 12_345_678
      configuration.datagramQueueLimit = 23_456
      configuration.resetsPerSecond = 17
      configuration.maximumTransmissionUnit = 1400
    }
    host.restart()
    let loop = try #require(host.next() as? HostEventLoop)
    #expect(loop.host.configuration.memoryLimit == 12_345_678)
    #expect(loop.host.configuration.datagramQueueLimit == 23_456)
    #expect(loop.host.configuration.resetsPerSecond == 17)
    #expect(loop.host.configuration.maximumTransmissionUnit == 1400)
  }

  @Test("A name is looked up without the loop, which goes on meanwhile")
  func names() async throws {
    let group = try HostEventLoopTests.makeGroup()
    let loop = group.next()
    let (isKnownAtOnce, bound) = try await loop.submit { () -> (Bool, EventLoopFuture<any Channel>) in
      let future = HostServerBootstrap(group: group).bind(host: "localhost", port: 0)
      return (Outcome(future).isKnown, future)
    }.get()
    #expect(!isKnownAtOnce)
    let channel = try await bound.get()
    let port = try #require(channel.localAddress?.port)
    #expect(port > 0)
    try await group.shutdownGracefully()
  }
}
