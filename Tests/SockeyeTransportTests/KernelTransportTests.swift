import NIOCore
import SockeyeTransport
import Testing

@Suite("The kernel's TCP and UDP as a Transport", .timeLimit(.minutes(1)))
struct KernelTransportTests {
  let transport = Transport.kernel()

  @Test(
    "Bytes go both ways over TCP, and a half-close leaves the other direction open",
    arguments: ["127.0.0.1", "::1"]
  )
  func stream(host: String) async throws {
    let listener = try await self.transport.listen(on: Endpoint(location: .network(host: host, port: 0))) { channel in
      try channel.pipeline.syncOperations.addHandler(EchoAfterEnd())
    }
    let port = try #require(listener.addresses.first?.port)
    let reply = self.transport.eventLoopGroup.next().makePromise(of: String.self)
    let endpoint = Endpoint(location: .network(host: host, port: try #require(UInt16(exactly: port))))
    let client = try await self.transport.connect(to: endpoint) { channel in
      try channel.pipeline.syncOperations.addHandler(Collector(reply))
    }
    try await client.writeAndFlush(ByteBuffer(string: "hello"))
    try await client.close(mode: .output)
    #expect(try await reply.futureResult.get() == "hello")
    await listener.close()
  }

  @Test("An endpoint without a host is listened on in both families, on one port")
  func bothFamilies() async throws {
    let listener = try await self.transport.listen(on: try Endpoint.parse("0")) { _ in }
    #expect(Set(listener.addresses.map(\.protocol)) == [.inet, .inet6])
    #expect(Set(listener.addresses.compactMap(\.port)).count == 1)
    await listener.close()
  }

  @Test("A port that is taken is named with its owner and what to do")
  func portInUse() async throws {
    let first = try await self.transport.listen(on: try Endpoint.parse("127.0.0.1:0")) { _ in }
    let port = try #require(first.addresses.first?.port)
    do {
      let second = try await self.transport.listen(on: try Endpoint.parse("127.0.0.1:\(port)")) { _ in }
      await second.close()
      Issue.record("bound twice")
    } catch {
      #expect(error.kind == .network)
      #expect(error.message.contains("port \(port) is in use (by "))
      #expect(error.message.hasSuffix("try another, or --reuse-port"))
    }
    await first.close()
  }

  @Test("A refused connection says so, and asks whether the server runs")
  func refused() async throws {
    let listener = try await self.transport.listen(on: try Endpoint.parse("127.0.0.1:0")) { _ in }
    let port = try #require(listener.addresses.first?.port)
    await listener.close()
    do {
      _ = try await self.transport.connect(to: try Endpoint.parse("127.0.0.1:\(port)")) { _ in }
      Issue.record("connected")
    } catch {
      #expect(error.kind == .network)
      #expect(error.message == "cannot connect to 127.0.0.1:\(port): refused; is the server running, and on that port?")
    }
  }

  @Test("A name that is not an address is not looked up when only addresses are wanted")
  func numericOnly() async throws {
    var options = ConnectOptions()
    options.numericOnly = true
    do {
      _ = try await self.transport.connect(to: try Endpoint.parse("localhost:9"), options: options) { _ in }
      Issue.record("connected")
    } catch {
      #expect(error.kind == .network)
      #expect(error.message.contains("'localhost' is not an address"))
    }
  }

  @Test("Datagrams arrive with their sender's address, the empty one too")
  func datagrams() async throws {
    let received = self.transport.eventLoopGroup.next().makePromise(of: [ByteBuffer].self)
    let receiver = try await self.transport.bindDatagrams(on: try Endpoint.parse("127.0.0.1:0")) { channel in
      try channel.pipeline.syncOperations.addHandler(DatagramCollector(count: 2, received))
    }
    let sender = try await self.transport.bindDatagrams(on: try Endpoint.parse("127.0.0.1:0")) { _ in }
    let target = try #require(receiver.addresses.first)
    for text in ["", "ni hao server"] {
      let envelope = AddressedEnvelope(remoteAddress: target, data: ByteBuffer(string: text))
      try await sender.channels[0].writeAndFlush(envelope)
    }
    #expect(try await received.futureResult.get().map { String(buffer: $0) } == ["", "ni hao server"])
    await receiver.close()
    await sender.close()
  }

  @Test("A socket file that a dead server left is replaced; a live server's is not")
  func unixSockets() async throws {
    let endpoint = Endpoint(location: .unix(path: "/tmp/sockeye-test-\(UInt64.random(in: 0...UInt64.max)).socket"))
    let live = try await self.transport.listen(on: endpoint) { _ in }
    do {
      let second = try await self.transport.listen(on: endpoint) { _ in }
      await second.close()
      Issue.record("bound twice")
    } catch {
      #expect(error.message.contains("in use"))
    }
    await live.close()
    let next = try await self.transport.listen(on: endpoint) { _ in }
    await next.close()
  }
}

/// Answers what it has collected once the peer has closed its side.
private final class EchoAfterEnd: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private var collected = ByteBuffer()

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = self.unwrapInboundIn(data)
    self.collected.writeBuffer(&bytes)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if let event = event as? ChannelEvent, event == .inputClosed {
      context.writeAndFlush(self.wrapOutboundOut(self.collected), promise: nil)
      context.close(promise: nil)
    }
  }
}

/// Keeps its promise when both sides have closed.
private final class Collector: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  private let promise: EventLoopPromise<String>
  private var collected = ByteBuffer()

  init(_ promise: EventLoopPromise<String>) { self.promise = promise }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = self.unwrapInboundIn(data)
    self.collected.writeBuffer(&bytes)
  }

  func channelInactive(context: ChannelHandlerContext) {
    self.promise.succeed(String(buffer: self.collected))
  }
}

private final class DatagramCollector: ChannelInboundHandler {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>
  private let promise: EventLoopPromise<[ByteBuffer]>
  private let count: Int
  private var collected: [ByteBuffer] = []

  init(count: Int, _ promise: EventLoopPromise<[ByteBuffer]>) {
    self.count = count
    self.promise = promise
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    self.collected.append(self.unwrapInboundIn(data).data)
    if self.collected.count == self.count { self.promise.succeed(self.collected) }
  }
}
