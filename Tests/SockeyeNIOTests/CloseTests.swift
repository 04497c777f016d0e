import NIOCore
import SockeyeNIO
import SockeyeSimulatedNetwork
import Testing

/// What a channel owes when it is closed, as NIO's over the kernel's sockets does: what its socket has taken arrives, what
/// waits in the channel fails.
@Suite("What is written before a close")
struct CloseTests {
  @Test("Each write whose promise was fulfilled arrives, the others are told, and nothing in between")
  func closeWithPendingWrites() throws {
    let pair = Pair()
    let ends = try pair.connect(halfClosure: false)
    let writes = (0..<50).map { _ in Outcome(ends.client.write(pattern(10_000))) }
    ends.client.flush()
    pair.network.run(for: .microseconds(1))
    let told = writes.prefix { $0.isSuccess }.count
    let closed = Outcome(ends.client.close())
    pair.network.run(for: .seconds(60))
    #expect(closed.isSuccess)
    // The send buffer has 64 KiB.
    #expect(told >= 6 && told < 50)
    #expect(writes.dropFirst(told).allSatisfy { $0.error as? ChannelError == .ioOnClosedChannel })
    let received = ends.serverEvents.bytes.readableBytes
    #expect(received >= max(told * 10_000, 65_536) && received < (told + 1) * 10_000)
    var expected = ByteBuffer()
    while expected.readableBytes < received { expected.writeImmutableBuffer(pattern(10_000)) }
    #expect(ends.serverEvents.bytes == expected.getSlice(at: 0, length: received))
    #expect(ends.serverEvents.events.last == "removed" && ends.serverEvents.errors.isEmpty)
    #expect(pair.client.connectionCount == 0)
  }

  @Test("A socket's bytes arrive through loss when its channel is gone")
  func closeOverABadLink() throws {
    let pair = Pair(seed: 5, impairments: SimulatedNetworkTests.bad)
    let ends = try pair.connect(halfClosure: false)
    try pair.network.run(until: ends.client.writeAndFlush(pattern(60_000)))
    try pair.network.run(until: ends.client.close())
    pair.network.run(for: .minutes(5))
    #expect(ends.serverEvents.bytes == pattern(60_000))
    #expect(ends.serverEvents.events.last == "removed" && ends.serverEvents.errors.isEmpty)
  }

  @Test(
    "An asynchronous channel that ends its output and reads to the end has sent all of it",
    arguments: [1, 200_000]
  )
  func executeThenClose(count: Int) throws {
    let pair = Pair()
    let events = Recorder()
    _ = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .childChannelInitializer { $0.pipeline.addHandler(events) }
        .bind(host: "server", port: 80)
    )
    let client = pair.client
    try pair.network.run(on: client) {
      try await HostClientBootstrap(group: client)
        .channelOption(.socketOption(.so_sndbuf), value: 65_536)
        .connect(host: "server", port: 80) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
              wrappingChannelSynchronously: channel,
              configuration: .init(isOutboundHalfClosureEnabled: true)
            )
          }
        }
        .executeThenClose { inbound, outbound in
          try await outbound.write(pattern(count))
          outbound.finish()
          for try await _ in inbound {}
        }
    }
    pair.network.run(for: .seconds(10))
    #expect(events.bytes == pattern(count))
  }
}
