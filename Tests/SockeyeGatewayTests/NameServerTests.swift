import NIOConcurrencyHelpers
import NIOCore
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("Questions for names through a gateway, in virtual time")
struct NameServerTests {
  /// What the child's resolver is told.
  private func ask(
    _ stage: GatewayStage,
    _ question: [UInt8],
    by server: String = "10.0.2.2",
    isStream: Bool = false
  ) throws -> DNSMessage? {
    let answers = NIOLockedValueBox<[[UInt8]]>([])
    if isStream {
      let channel = try stage.network.run(
        until: HostClientBootstrap(group: stage.child).channelInitializer { channel in
          channel.eventLoop.makeCompletedFuture {
            let stream = NameStream { message in
              answers.withLockedValue { $0.append(Array(message.readableBytesView)) }
            } ended: { _ in
            }
            try channel.pipeline.syncOperations.addHandler(stream)
          }
        }.connect(host: server, port: 53)
      )
      // In two pieces, which are put together again.
      let framed = NameStream.framed(ByteBuffer(bytes: question))
      channel.writeAndFlush(framed.getSlice(at: 0, length: 5), promise: nil)
      stage.network.run(for: .milliseconds(10))
      channel.writeAndFlush(framed.getSlice(at: 5, length: framed.readableBytes - 5), promise: nil)
    } else {
      let channel = try stage.network.run(
        until: HostDatagramBootstrap(group: stage.child).channelInitializer { channel in
          channel.pipeline.addHandler(DatagramEars { bytes, _ in answers.withLockedValue { $0.append(bytes) } })
        }.bind(host: "10.0.2.15", port: 0)
      )
      let address = try SocketAddress(ipAddress: server, port: 53)
      channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(bytes: question)), promise: nil)
    }
    stage.network.run(for: .seconds(30))
    return try answers.withLockedValue { $0 }.first.map { try DNSMessage(parsing: $0) }
  }

  /// A name server of the world's, that knows one name.
  private func serve(_ stage: GatewayStage, _ answer: @escaping @Sendable ([UInt8]) -> [UInt8]?) throws {
    try stage.network.run(
      until: HostDatagramBootstrap(group: stage.server).channelInitializer { channel in
        channel.pipeline.addHandler(
          DatagramEars { bytes, envelope in
            guard let answer = answer(bytes) else { return }
            channel.writeAndFlush(
              AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: ByteBuffer(bytes: answer)),
              promise: nil
            )
          }
        )
      }.bind(host: GatewayStage.serverAddress, port: 53)
    )
  }

  private func stage(_ change: (inout GatewayConfiguration) throws -> Void = { _ in }) throws -> GatewayStage {
    let server = try SocketAddress(ipAddress: GatewayStage.serverAddress, port: 53)
    return try GatewayStage {
      $0.nameServers = [server]
      try change(&$0)
    }
  }

  private func records(_ stage: GatewayStage) -> [NameRecord] {
    stage.events.compactMap { if case .asked(let record) = $0 { record } else { nil } }
  }

  private static let served = IPAddress.v4(IPv4Address(198, 51, 100, 7))

  private static func know(_ bytes: [UInt8]) -> [UInt8]? {
    guard let question = try? DNSMessage(parsing: bytes) else { return nil }
    let answer = question.answer(to: bytes, addresses: [served], timeToLive: 30)
    return question.name.text == "www.example.com" ? answer : DNSMessage.refusal(of: bytes, for: .serverFailure)
  }

  @Test("A question is passed on, and its answer opens the name's address to the child")
  func passedOn() throws {
    let stage = try stage { $0.policy = AccessPolicy(allowed: [try AccessRule("*.example.com:80")]) }
    try serve(stage, Self.know)
    try stage.listen()
    #expect(throws: IOError.self, "before the child was told") { try stage.network.run(until: stage.connect()) }
    #expect(stage.refusals == [.notAllowed])
    let answer = try #require(try ask(stage, DNSQuestion("www.example.com").bytes))
    #expect(answer.addresses.map(\.address) == [Self.served])
    #expect(records(stage) == [NameRecord(name: "www.example.com", type: 1, answer: .addresses(["198.51.100.7"]))])
    _ = try stage.network.run(until: stage.connect())
    guard case .opened(let flow) = stage.events.last else {
      Issue.record("not opened")
      return
    }
    #expect(flow.name == "www.example.com")
    #expect(throws: IOError.self, "another port") { try stage.network.run(until: stage.connect(port: 81)) }
  }

  @Test("A name that no rule allows reaches nobody, and is refused")
  func notAllowed() throws {
    let asked = NIOLockedValueBox(0)
    let stage = try stage { $0.policy = AccessPolicy(allowed: [try AccessRule("*.example.com")]) }
    try serve(stage) { bytes in
      asked.withLockedValue { $0 += 1 }
      return Self.know(bytes)
    }
    let answer = try #require(try ask(stage, DNSQuestion("c2VjcmV0.evil.example.net").bytes))
    #expect(answer.responseCode == DNSRefusal.refused.rawValue && asked.withLockedValue { $0 } == 0)
    #expect(records(stage).first?.answer == .refused(.notAllowed))
  }

  @Test("A name that the user gives addresses is answered so, by UDP and by TCP, over both families")
  func given() throws {
    let addresses = [Self.served, try #require(IPAddress("2001:db8::7"))]
    for (server, isStream) in [("10.0.2.2", false), ("10.0.2.2", true)] {
      let stage = try stage { $0.names = [try #require(HostName(ascii: "Db.example")): addresses] }
      let answer = try #require(try ask(stage, DNSQuestion("DB.Example").bytes, by: server, isStream: isStream))
      #expect(answer.addresses.map(\.address) == [addresses[0]])
      let other = try #require(
        try ask(stage, DNSQuestion("db.example", type: 28).bytes, by: server, isStream: isStream)
      )
      #expect(other.addresses.map(\.address) == [addresses[1]])
      let none = try #require(try ask(stage, DNSQuestion("db.example", type: 15).bytes, by: server, isStream: isStream))
      #expect(none.responseCode == 0 && none.answers.isEmpty)
      #expect(
        records(stage).map(\.answer) == [.addresses(["198.51.100.7"]), .addresses(["2001:db8::7"]), .addresses([])]
      )
    }
  }

  @Test("Where no server answers, the child is told so; a server that refuses is passed over at once")
  func noAnswer() throws {
    let stage = try stage()
    stage.network.partition(stage.machine, stage.server)
    let answer = try #require(try ask(stage, DNSQuestion("www.example.com").bytes))
    #expect(answer.responseCode == DNSRefusal.serverFailure.rawValue)
    #expect(records(stage).map(\.answer) == [NameRecord.Answer.none])
  }

  @Test(
    "Of servers that say nothing, and of those to which no way leads, the child is told before its resolver gives up"
  )
  func inTime() throws {
    let silent = try SocketAddress(ipAddress: GatewayStage.serverAddress, port: 53)
    let unreachable = try SocketAddress(ipAddress: "203.0.113.5", port: 53)
    let cases = [
      ([silent], 4.6), ([silent, silent, silent], 4.6), ([unreachable], 0.1), ([unreachable, silent], 2.4),
    ]
    for (servers, seconds) in cases {
      let stage = try stage { $0.nameServers = servers }
      stage.network.partition(stage.machine, stage.server)
      let start = stage.network.now
      let question = DNSQuestion("www.example.com").bytes
      let answers = NIOLockedValueBox<[NIODeadline]>([])
      let channel = try stage.network.run(
        until: HostDatagramBootstrap(group: stage.child).channelInitializer { channel in
          channel.pipeline.addHandler(
            DatagramEars { _, _ in answers.withLockedValue { $0.append(channel.eventLoop.now) } }
          )
        }.connect(host: "10.0.2.2", port: 53)
      )
      channel.writeAndFlush(ByteBuffer(bytes: question), promise: nil)
      stage.network.run(for: .seconds(5))
      let end = try #require(answers.withLockedValue { $0 }.first, "\(servers)")
      #expect(Double((end - start).nanoseconds) / 1e9 <= seconds, "\(servers)")
      #expect(records(stage).map(\.answer) == [NameRecord.Answer.none])
    }
  }

  @Test("An answer to another question, or from a message that can't be read, is none")
  func wrongAnswer() throws {
    let stage = try stage()
    try serve(stage) { bytes in
      var other = bytes
      other[1] ^= 1
      return Self.know(other)
    }
    let answer = try #require(try ask(stage, DNSQuestion("www.example.com").bytes))
    #expect(answer.responseCode == DNSRefusal.serverFailure.rawValue && answer.addresses.isEmpty)
  }

  @Test("What is no question is refused, and an answer isn't answered")
  func noQuestion() throws {
    let stage = try stage()
    var status = DNSQuestion("www.example.com").bytes
    status[2] |= 0x10
    #expect(try ask(stage, status)?.responseCode == DNSRefusal.notImplemented.rawValue)
    var response = DNSQuestion("www.example.com").bytes
    response[2] |= 0x80
    #expect(try ask(stage, response) == nil)
    #expect(try ask(stage, [1, 2, 3]) == nil)
  }

  @Test("A child without a network is refused all")
  func offline() throws {
    let stage = try stage { $0.isOffline = true }
    try serve(stage, Self.know)
    try stage.listen()
    #expect(try ask(stage, DNSQuestion("www.example.com").bytes)?.responseCode == DNSRefusal.refused.rawValue)
    #expect(throws: IOError.self) { try stage.network.run(until: stage.connect()) }
    #expect(stage.refusals == [.offline])
  }

  @Test("The machine's name servers are those of its resolver's configuration")
  func resolverConfiguration() {
    let text =
      "# a comment\nsearch example\nnameserver 192.0.2.1 # first\n nameserver\t2001:db8::1\nnameserver x\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n"
    #expect(
      NameServers.of(resolverConfiguration: text).map { $0.ipAddress } == ["192.0.2.1", "2001:db8::1", "192.0.2.3"]
    )
    #expect(NameServers.of(resolverConfiguration: "").map { $0.ipAddress } == ["127.0.0.1"])
  }
}

/// A question as a resolver asks it.
struct DNSQuestion {
  let bytes: [UInt8]

  init(_ name: String, type: UInt16 = 1) {
    var bytes: [UInt8] = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    for label in name.split(separator: ".") { bytes += [UInt8(label.utf8.count)] + Array(label.utf8) }
    self.bytes = bytes + [0, UInt8(type >> 8), UInt8(type & 0xFF), 0, 1]
  }
}

/// Hands on the datagrams of a socket.
final class DatagramEars: ChannelInboundHandler, Sendable {
  typealias InboundIn = AddressedEnvelope<ByteBuffer>

  private let heard: @Sendable ([UInt8], AddressedEnvelope<ByteBuffer>) -> Void
  private let failed: @Sendable (any Error) -> Void

  init(
    _ heard: @escaping @Sendable ([UInt8], AddressedEnvelope<ByteBuffer>) -> Void,
    failed: @escaping @Sendable (any Error) -> Void = { _ in }
  ) {
    self.heard = heard
    self.failed = failed
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let envelope = unwrapInboundIn(data)
    heard(Array(envelope.data.readableBytesView), envelope)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failed(error)
  }
}
