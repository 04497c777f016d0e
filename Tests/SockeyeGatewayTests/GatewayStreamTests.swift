import Glibc
import NIOCore
import NIOPosix
import SockeyeHost
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("Streams through a gateway, in virtual time")
struct GatewayStreamTests {
  @Test("A stream reaches its destination, ends each way by itself, and is told of")
  func stream() throws {
    let stage = try GatewayStage()
    let (near, far) = (Ears(), Ears())
    try stage.listen({ _ in }, far)
    let channel = try stage.network.run(until: stage.connect(near))
    #expect(channel.remoteAddress?.ipAddress == GatewayStage.serverAddress)
    channel.writeAndFlush(ByteBuffer(string: "question"), promise: nil)
    channel.close(mode: .output, promise: nil)
    stage.network.run(for: .seconds(1))
    #expect(far.heard.text == "question" && far.heard.isInputClosed && !far.heard.isInactive)
    let server = try #require(far.heard.channel)
    server.writeAndFlush(ByteBuffer(string: "the answer"), promise: nil)
    server.close(mode: .output, promise: nil)
    stage.network.run(for: .seconds(1))
    #expect(near.heard.text == "the answer" && near.heard.isInactive && near.heard.errors.isEmpty)
    stage.network.run(for: .seconds(5))
    let record = try #require(stage.records.first)
    #expect(record.bytesSent == 8 && record.bytesReceived == 10 && record.cause == .finished)
    #expect(record.roundTripTime == .milliseconds(2) && record.retransmissions == 0)
    #expect(stage.gateway.connectionCount == 0 && stage.machine.connectionCount == 0)
  }

  @Test("The child hears nothing before the destination has answered")
  func answerWaits() throws {
    let stage = try GatewayStage()
    var far = Impairments()
    far.delay = .milliseconds(200)
    stage.network.setImpairments(far, between: stage.machine, and: stage.server)
    try stage.listen()
    let start = stage.network.now
    _ = try stage.network.run(until: stage.connect())
    #expect(stage.network.now - start >= .milliseconds(402))
  }

  @Test("A refusal is a refusal")
  func refusal() throws {
    let stage = try GatewayStage()
    let error = #expect(throws: IOError.self) { try stage.network.run(until: stage.connect()) }
    #expect(error?.errnoCode == ECONNREFUSED)
    #expect(stage.failures == [.refused])
  }

  @Test("What can be nobody's is refused at once, and told of")
  func nobody() throws {
    for address in ["240.0.0.1", "0.1.2.3", "64:ff9b::7f00:1"] {
      let stage = try GatewayStage()
      let error = #expect(throws: IOError.self) { try stage.network.run(until: stage.connect(to: address)) }
      #expect(error?.errnoCode == ECONNREFUSED && stage.refusals == [.closedByDefault], "\(address)")
    }
  }

  @Test("What no route leads to is told as unreachable")
  func unreachable() throws {
    let stage = try GatewayStage()
    #expect(throws: (any Error).self) {
      try stage.network.run(until: stage.connect(to: "203.0.113.9", timeout: .seconds(3)))
    }
    #expect(stage.failures.first == .networkUnreachable)
  }

  @Test("Silence is silence, asked about once")
  func silence() throws {
    let stage = try GatewayStage()
    stage.network.partition(stage.machine, stage.server)
    let error = #expect(throws: (any Error).self) {
      try stage.network.run(until: stage.connect(timeout: .minutes(10)))
    }
    #expect((error as? IOError)?.errnoCode == ETIMEDOUT)
    #expect(stage.failures == [.timedOut])
  }

  @Test("A reset on one side resets the other", arguments: [true, false])
  func reset(isByChild: Bool) throws {
    let stage = try GatewayStage()
    let (near, far) = (Ears(), Ears())
    try stage.listen({ _ in }, far)
    let channel = try stage.network.run(until: stage.connect(near))
    channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
    stage.network.run(for: .seconds(1))
    Junction.reset(isByChild ? channel : try #require(far.heard.channel))
    stage.network.run(for: .seconds(1))
    #expect((isByChild ? far : near).heard.errors == [ECONNRESET])
    #expect(stage.records.map(\.cause) == [isByChild ? .childFailed : .destinationFailed])
    #expect(stage.gateway.connectionCount == 0 && stage.machine.connectionCount == 0)
  }

  @Test("Who doesn't read holds up who writes, and gets all once he does")
  func backPressure() throws {
    let stage = try GatewayStage()
    let far = Ears()
    try stage.listen(autoRead: false, { _ in }, far)
    let channel = try stage.network.run(until: stage.connect())
    let size = 32 << 20
    let written = channel.writeAndFlush(ByteBuffer(repeating: 7, count: size))
    stage.network.run(for: .seconds(60))
    let held = try stage.network.run(until: channel.getOption(ChannelOptions.Types.BufferedWritableBytesOption()))
    #expect(held > size / 2, "what the child has got rid of is what windows and buffers hold")
    let server = try #require(far.heard.channel)
    try stage.network.run(until: server.setOption(.autoRead, value: true))
    try stage.network.run(until: written)
    stage.network.run(for: .seconds(30))
    #expect(far.heard.bytes == size)
  }

  @Test("Streams are bounded, and those beyond are reset at once")
  func bound() throws {
    let stage = try GatewayStage { $0.mostStreams = 2 }
    try stage.listen()
    let first = try stage.network.run(until: stage.connect())
    _ = try stage.network.run(until: stage.connect())
    #expect(throws: IOError.self) { try stage.network.run(until: stage.connect()) }
    #expect(stage.refusals == [.tooMany])
    Junction.reset(first)
    stage.network.run(for: .seconds(1))
    _ = try stage.network.run(until: stage.connect())
  }

  @Test("A destination that answers a child that is gone is let go of")
  func childGone() throws {
    let stage = try GatewayStage()
    let far = Ears()
    var slow = Impairments()
    slow.delay = .seconds(2)
    stage.network.setImpairments(slow, between: stage.machine, and: stage.server)
    try stage.listen({ _ in }, far)
    #expect(throws: (any Error).self) { try stage.network.run(until: stage.connect(timeout: .milliseconds(500))) }
    stage.network.run(for: .seconds(60))
    #expect(stage.gateway.connectionCount == 0 && stage.machine.connectionCount == 0)
    #expect(far.heard.isInactive)
    #expect(stage.records.map(\.cause) == [.childGaveUp])
  }

  @Test(
    "A destination that ends before the child's handshake is over has ended for the child",
    arguments: [0, 1, 2, 5]
  )
  func endsAtOnce(delay: Int64) throws {
    let stage = try GatewayStage()
    let near = Ears()
    try stage.listen({ channel in
      channel.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(delay)) {
        channel.close(mode: .output, promise: nil)
      }
    })
    let channel = try stage.network.run(until: stage.connect(near))
    stage.network.run(for: .seconds(1))
    #expect(near.heard.isInputClosed && near.heard.errors.isEmpty && !near.heard.isInactive)
    channel.close(promise: nil)
    stage.network.run(for: .seconds(5))
    #expect(stage.records.map(\.cause) == [.finished])
  }

  @Test("A burst of streams all arrive, each with its own bytes")
  func many() throws {
    let stage = try GatewayStage()
    try stage.listen({ channel in
      channel.closeFuture.whenComplete { _ in }
    })
    var channels: [EventLoopFuture<any Channel>] = []
    for _ in 0..<200 { channels.append(stage.connect()) }
    for channel in channels {
      let channel = try stage.network.run(until: channel)
      channel.writeAndFlush(ByteBuffer(string: "hello"), promise: nil)
      channel.close(mode: .output, promise: nil)
    }
    stage.network.run(for: .seconds(5))
    #expect(stage.server.connectionCount == 200)
  }
}
