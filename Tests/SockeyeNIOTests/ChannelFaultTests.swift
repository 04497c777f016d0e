import Glibc
import NIOCore
import SockeyeHost
import SockeyeSimulatedNetwork
import Testing

@testable import SockeyeNIO

/// What other people's channels got wrong.
@Suite("Faults that other channels had")
struct ChannelFaultTests {
  @Test("A connection that is over before it is accepted is active before it is inactive")
  func overBeforeAccept() throws {
    let pair = Pair()
    let events = Recorder()
    let listener = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .serverChannelOption(.autoRead, value: false)
        .childChannelInitializer { $0.pipeline.addHandler(events) }
        .bind(host: "server", port: 80)
    )
    let channel = try pair.network.run(
      until: HostClientBootstrap(group: pair.client).connect(host: "server", port: 80)
    )
    try pair.network.run(until: channel.writeAndFlush(pattern(1000)))
    try pair.network.run(until: channel.close())
    pair.network.run(for: .seconds(1))
    listener.read()
    pair.network.run(for: .seconds(1))
    #expect(events.bytes == pattern(1000))
    #expect(events.events == ["registered", "active", "inactive", "unregistered", "removed"])
  }

  @Test("A channel that is closed by its connect promise tells of neither activity nor its end")
  func closedByConnectPromise() throws {
    let pair = Pair()
    let ends = try pair.connect()
    let events = Recorder()
    let future = HostClientBootstrap(group: pair.client)
      .channelInitializer { channel in
        channel.pipeline.addHandlers(events, ClosesOnceConnected())
      }
      .connect(host: "server", port: 80)
    _ = try? pair.network.run(until: future)
    pair.network.run(for: .seconds(1))
    #expect(events.events == ["registered", "unregistered", "removed"])
    #expect(ends.client.isActive)
  }

  @Test("Closing the output leaves the input open, and closing the input the output")
  func closeModes() throws {
    let pair = Pair()
    let ends = try pair.connect()
    try pair.network.run(until: ends.client.close(mode: .output))
    pair.network.run(for: .seconds(1))
    #expect(ends.clientEvents.events == ["registered", "active", "output closed"])
    #expect(ends.serverEvents.events == ["registered", "active", "input closed"])
    #expect(throws: ChannelError.outputClosed) {
      try pair.network.run(until: ends.client.writeAndFlush(pattern(1)))
    }
    try pair.network.run(until: ends.server.writeAndFlush(pattern(5000)))
    pair.network.run(for: .seconds(1))
    #expect(ends.clientEvents.bytes == pattern(5000))
    #expect(ends.client.isActive && ends.server.isActive)
    #expect(throws: ChannelError.outputClosed) { try pair.network.run(until: ends.client.close(mode: .output)) }

    let others = try Pair().connectAndCloseInput()
    #expect(others.events == ["registered", "active", "input closed"])
    #expect(others.received == pattern(100))
  }

  @Test("What is written after the end of input was read arrives")
  func writesAfterEndOfInput() throws {
    let pair = Pair()
    let ends = try pair.connect()
    try pair.network.run(until: ends.server.close(mode: .output))
    pair.network.run(for: .seconds(5))
    try pair.network.run(until: ends.client.writeAndFlush(pattern(200_000)))
    try pair.network.run(until: ends.client.close(mode: .output))
    pair.network.run(for: .seconds(60))
    #expect(ends.serverEvents.bytes == pattern(200_000))
    #expect(ends.clientEvents.events.last == "removed")
    #expect(ends.serverEvents.events.last == "removed")
    #expect(ends.serverEvents.errors.isEmpty && ends.clientEvents.errors.isEmpty)
  }

  @Test("What arrives after a channel has closed is of no harm")
  func segmentsAfterClose() throws {
    let pair = Pair()
    let ends = try pair.connect(autoRead: false)
    let written = Outcome(ends.client.writeAndFlush(pattern(1_000_000)))
    pair.network.run(for: .milliseconds(20))
    try pair.network.run(until: ends.server.close())
    pair.network.run(for: .seconds(120))
    #expect(written.isKnown)
    #expect(pair.server.connectionCount == 0 && pair.client.connectionCount == 0)
    #expect(ends.clientEvents.events.last == "removed")
  }

  @Test("A connection whose listener closes before it is set up is closed")
  func childOfDeadParent() throws {
    let pair = Pair()
    let release = pair.server.next().makePromise(of: Void.self)
    let child = pair.server.next().makePromise(of: (any Channel).self)
    let listener = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .childChannelInitializer { channel in
          child.succeed(channel)
          return release.futureResult
        }
        .bind(host: "server", port: 80)
    )
    let channel = try pair.network.run(
      until: HostClientBootstrap(group: pair.client).connect(host: "server", port: 80)
    )
    let accepted = try pair.network.run(until: child.futureResult)
    try pair.network.run(until: listener.close())
    release.succeed(())
    try pair.network.run(until: accepted.closeFuture)
    try pair.network.run(until: channel.closeFuture)
  }

  @Test("Every promise ends when the peer has crashed and knows nothing of the connection")
  func promisesEnd() throws {
    let pair = Pair()
    let ends = try pair.connect(autoRead: false)
    // More than both hosts' buffers hold.
    let writes = (0..<10).map { _ in Outcome(ends.client.writeAndFlush(pattern(100_000))) }
    let end = Outcome(ends.client.close(mode: .output))
    let closed = Outcome(ends.client.closeFuture)
    pair.network.run(for: .seconds(1))
    #expect(!end.isKnown)
    pair.server.crash()
    pair.network.run(for: .seconds(1))
    pair.server.restart()
    pair.network.run(for: .hours(2))
    let unknown = writes.count { !$0.isKnown }
    #expect(unknown == 0)
    #expect(end.error != nil)
    #expect(closed.isSuccess)
    #expect(pair.client.connectionCount == 0)
  }

  @Test("A half-close lets what was written before it pass, and then says so")
  func halfCloseWithQueuedWrites() throws {
    let pair = Pair()
    let ends = try pair.connect()
    let write = Outcome(ends.client.writeAndFlush(pattern(500_000)))
    let end = Outcome(ends.client.close(mode: .output))
    #expect(!end.isKnown)
    #expect(throws: ChannelError.outputClosed) { try pair.network.run(until: ends.client.write(pattern(1))) }
    pair.network.run(for: .seconds(600))
    #expect(write.isSuccess && end.isSuccess)
    #expect(ends.serverEvents.bytes == pattern(500_000))
    #expect(ends.serverEvents.events.suffix(1) == ["input closed"])
  }

  @Test("A reset ends a channel that doesn't read, with what had arrived")
  func resetWhileReceiveBufferIsFull() throws {
    let pair = Pair()
    let ends = try pair.connect(autoRead: false)
    _ = Outcome(ends.client.writeAndFlush(pattern(1_000_000)))
    pair.network.run(for: .seconds(5))
    #expect(ends.serverEvents.bytes.readableBytes == 0)
    let options = try #require(ends.client as? any SocketOptionProvider)
    try pair.network.run(until: options.setSoLinger(linger(l_onoff: 1, l_linger: 0)))
    try pair.network.run(until: ends.client.close())
    pair.network.run(for: .seconds(5))
    #expect((ends.serverEvents.errors.first as? IOError)?.errnoCode == 104)
    #expect(ends.serverEvents.errors.count == 1)
    #expect(ends.serverEvents.events.suffix(3) == ["inactive", "unregistered", "removed"])
  }

  @Test("A read that a handler asks for when it is told of activity is answered, though all had arrived before")
  func readWhenActive() throws {
    let pair = Pair()
    let events = Recorder()
    let listener = try pair.network.run(
      until: HostServerBootstrap(group: pair.server)
        .serverChannelOption(.autoRead, value: false)
        .childChannelOption(.autoRead, value: false)
        .childChannelInitializer { $0.pipeline.addHandlers(ReadsOnceActive(), events) }
        .bind(host: "server", port: 80)
    )
    let channel = try pair.network.run(
      until: HostClientBootstrap(group: pair.client).connect(host: "server", port: 80)
    )
    try pair.network.run(until: channel.writeAndFlush(pattern(1000)))
    pair.network.run(for: .seconds(1))
    listener.read()
    pair.network.run(for: .seconds(1))
    #expect(events.bytes == pattern(1000))
  }

  @Test("Timers go by the loop's clock, not by the machine's")
  func loopClock() throws {
    let pair = Pair()
    let loop = pair.client.next()
    let start = loop.now
    let scheduled = loop.scheduleTask(in: .hours(24)) { loop.now }
    let fired = try pair.network.run(until: scheduled.futureResult)
    #expect(fired - start == .hours(24))
  }
}

extension Pair {
  func connectAndCloseInput() throws -> (events: [String], received: ByteBuffer) {
    let ends = try connect()
    try network.run(until: ends.client.close(mode: .input))
    try network.run(until: ends.server.writeAndFlush(pattern(1000)))
    try network.run(until: ends.client.writeAndFlush(pattern(100)))
    network.run(for: .seconds(1))
    return (ends.clientEvents.bytes.readableBytes == 0 ? ends.clientEvents.events : [], ends.serverEvents.bytes)
  }
}

private final class ClosesOnceConnected: ChannelOutboundHandler, Sendable {
  typealias OutboundIn = ByteBuffer

  func connect(context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?) {
    let connected = context.eventLoop.makePromise(of: Void.self)
    let channel = context.channel
    connected.futureResult.whenSuccess { channel.close(promise: nil) }
    connected.futureResult.cascade(to: promise)
    context.connect(to: address, promise: connected)
  }
}

private final class ReadsOnceActive: ChannelInboundHandler, Sendable {
  typealias InboundIn = ByteBuffer

  func channelActive(context: ChannelHandlerContext) {
    context.read()
    context.fireChannelActive()
  }
}
