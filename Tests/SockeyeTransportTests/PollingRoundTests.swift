import NIOCore
import NIOPosix
import SockeyeTransport
import Testing

@Suite("Event loops: work that follows itself")
struct PollingRoundTests {
  /// Far more rounds than an event loop takes to see a socket that it looks at.
  private static let mostRounds = 1_000_000

  /// Goes on for as long as nothing has come on the socket.
  private final class Worker {
    let eventLoop: any EventLoop
    var rounds = 0
    var isHeard = false

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func work() {
      rounds += 1
      guard !isHeard, rounds < mostRounds else { return }
      eventLoop.executeAfterPolling { self.work() }
    }
  }

  private final class Ear: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    let workers: [Worker]
    init(_ workers: [Worker]) { self.workers = workers }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      for worker in workers { worker.isHeard = true }
      context.close(promise: nil)
    }
  }

  @Test("A socket is heard while several go on without a pause", arguments: [1, 2, 50])
  func others(count: Int) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let eventLoop = group.next()
    let workers = try await eventLoop.submit {
      NIOLoopBound((0..<count).map { _ in Worker(eventLoop) }, eventLoop: eventLoop)
    }.get()
    let channel = try await DatagramBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Ear(workers.value))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let address = try #require(channel.localAddress)
    try await eventLoop.submit {
      for worker in workers.value { worker.work() }
      channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: "x")), promise: nil)
    }.get()
    try await channel.closeFuture.get()
    let rounds = try await eventLoop.submit { workers.value.map(\.rounds) }.get()
    #expect(rounds.allSatisfy { $0 > 1 && $0 < Self.mostRounds }, "\(rounds)")
    try await group.shutdownGracefully()
  }

  @Test("What waits when an event loop ends is let go, and doesn't hold up another one")
  func ended() async throws {
    for _ in 0..<20 {
      let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
      let eventLoop = group.next()
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        eventLoop.execute {
          eventLoop.executeAfterPolling {
            eventLoop.executeAfterPolling {}
            continuation.resume()
          }
        }
      }
      try await group.shutdownGracefully()
    }
  }
}
