import NIOCore
import SockeyeNIO
import SockeyeSimulatedNetwork
import Testing

/// What NIO's own channels do, and its applications count on.
@Suite("Semantics of NIO's channels")
struct ChannelSemanticsTests {
  @Test("The end of a peer's stream is told to who doesn't read, behind all that was sent", arguments: [true, false])
  func endWithoutReads(halfClosure: Bool) throws {
    let pair = Pair()
    let ends = try pair.connect(autoRead: false, halfClosure: halfClosure)
    try pair.network.run(until: ends.client.writeAndFlush(pattern(20_000)))
    pair.network.run(for: .seconds(1))
    #expect(ends.serverEvents.bytes.readableBytes == 0)
    try pair.network.run(until: ends.client.close(mode: .output))
    pair.network.run(for: .seconds(1))
    #expect(ends.serverEvents.bytes == pattern(20_000))
    #expect(ends.serverEvents.events.last == (halfClosure ? "input closed" : "removed"))
  }

  @Test("The end that came before a connection was accepted is told to who doesn't read")
  func endBeforeAccept() throws {
    let pair = Pair()
    let events = Recorder()
    let listener = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .serverChannelOption(.autoRead, value: false)
        .childChannelOption(.autoRead, value: false)
        .childChannelInitializer { $0.pipeline.addHandler(events) }
        .bind(host: "server", port: 80)
    )
    let channel = try pair.network.run(
      until: HostClientBootstrap(group: pair.client).connect(host: "server", port: 80)
    )
    try pair.network.run(until: channel.close())
    pair.network.run(for: .seconds(1))
    listener.read()
    pair.network.run(for: .seconds(1))
    #expect(events.events == ["registered", "active", "inactive", "unregistered", "removed"])
  }

  @Test("What is written right before a close arrives, though the peer is reset for what nobody has read")
  func answerBeforeReset() throws {
    let pair = Pair()
    let ends = try pair.connect(autoRead: false, halfClosure: false)
    try pair.network.run(until: ends.client.writeAndFlush(pattern(5000)))
    pair.network.run(for: .seconds(1))
    let written = Outcome(ends.server.writeAndFlush(pattern(700)))
    let closed = Outcome(ends.server.close())
    pair.network.run(for: .seconds(1))
    #expect(written.isSuccess && closed.isSuccess)
    #expect(ends.clientEvents.bytes == pattern(700))
    #expect((ends.clientEvents.errors.first as? IOError)?.errnoCode == 104)
    #expect(pair.server.connectionCount == 0 && pair.client.connectionCount == 0)
  }

  @Test("Small messages leave at once: streams don't wait for acknowledgments unless they are told to")
  func noDelay() throws {
    let pair = Pair()
    let ends = try pair.connect()
    for channel in [ends.client, ends.server, ends.listener] {
      #expect(try pair.network.run(until: channel.getOption(.tcpOption(.tcp_nodelay))) == 1)
    }
    try pair.network.run(until: ends.client.setOption(.tcpOption(.tcp_nodelay), value: 0))
    #expect(try pair.network.run(until: ends.client.getOption(.tcpOption(.tcp_nodelay))) == 0)
  }

  @Test("A socket option that has no effect is answered as it was set")
  func idleOptions() throws {
    let pair = Pair()
    let ends = try pair.connect()
    try pair.network.run(until: ends.client.setOption(.socketOption(.so_timestamp), value: 1))
    #expect(try pair.network.run(until: ends.client.getOption(.socketOption(.so_timestamp))) == 1)
    #expect(try pair.network.run(until: ends.server.getOption(.socketOption(.so_timestamp))) == 0)
  }

  @Test("Who writes and closes when told of writability is told no more")
  func closeInWritabilityChanged() throws {
    let pair = Pair()
    let ends = try pair.connect()
    let handler = WritesAndCloses()
    try pair.network.run(until: ends.client.pipeline.addHandler(handler))
    try pair.network.run(until: ends.client.setOption(.writeBufferWaterMark, value: .init(low: 1, high: 1)))
    _ = Outcome(ends.client.writeAndFlush(pattern(2)))
    pair.network.run(for: .seconds(1))
    #expect(handler.told == [false, true, false])
    #expect(ends.clientEvents.events.last == "removed")
  }

  @Test("An accepted connection that its pipeline doesn't register is closed, and so is its peer's")
  func refusedRegistration() throws {
    let pair = Pair()
    _ = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .childChannelInitializer { $0.pipeline.addHandler(RefusesRegistration()) }
        .bind(host: "server", port: 80)
    )
    let channel = try pair.network.run(
      until: HostClientBootstrap(group: pair.client).connect(host: "server", port: 80)
    )
    try pair.network.run(until: channel.closeFuture)
  }

  @Test("Datagrams that were written for one peer aren't sent to the next")
  func datagramsForAnotherPeer() throws {
    let pair = Pair()
    let server = try pair.network.run(until: HostDatagramBootstrap(group: pair.server).bind(host: "server", port: 53))
    let client = try pair.network.run(until: HostDatagramBootstrap(group: pair.client).bind(host: "client", port: 53))
    let address = try #require(server.localAddress)
    #expect(throws: DatagramChannelError.WriteOnUnconnectedSocketWithoutAddress.self) {
      try pair.network.run(until: client.writeAndFlush(pattern(10)))
    }
    let waiting = Outcome(client.write(AddressedEnvelope(remoteAddress: address, data: pattern(10))))
    try pair.network.run(until: client.connect(to: address))
    #expect((waiting.error as? IOError)?.errnoCode == 106)
    let stranger = try SocketAddress(ipAddress: "10.0.0.9", port: 53)
    #expect(throws: DatagramChannelError.WriteOnConnectedSocketWithInvalidAddress.self) {
      try pair.network.run(until: client.writeAndFlush(AddressedEnvelope(remoteAddress: stranger, data: pattern(10))))
    }
    try pair.network.run(until: client.writeAndFlush(pattern(10)))
  }

  @Test("A listener that is told to quiesce and doesn't close tells of it")
  func quiescing() throws {
    let pair = Pair()
    let events = Recorder()
    let listener = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .serverChannelInitializer { $0.pipeline.addHandler(RefusesToClose()) }
        .bind(host: "server", port: 80)
    )
    try pair.network.run(until: listener.pipeline.addHandler(events))
    try pair.network.run(
      until: listener.eventLoop.submit { listener.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    )
    #expect(events.errors.count == 1)
  }
}

private final class WritesAndCloses: ChannelInboundHandler, @unchecked Sendable {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private(set) var told: [Bool] = []

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    told.append(context.channel.isWritable)
    guard told == [false, true] else { return }
    context.writeAndFlush(Self.wrapOutboundOut(pattern(2)), promise: nil)
    context.close(promise: nil)
  }
}

private final class RefusesRegistration: ChannelOutboundHandler, Sendable {
  typealias OutboundIn = ByteBuffer

  func register(context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
}

private final class RefusesToClose: ChannelOutboundHandler, Sendable {
  typealias OutboundIn = ByteBuffer

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.operationUnsupported)
  }
}
