import Glibc
import NIOCore
import NIOPosix
import SockeyeTransport
import Testing

@Suite("Datagrams over the kernel's UDP", .timeLimit(.minutes(1)))
struct DatagramTests {
  let transport = Transport.kernel()

  private func open(to address: SocketAddress) async throws -> (channel: any Channel, mail: Mailbox) {
    let endpoint = try Endpoint.parse(address.text)
    let route = try #require(try await transport.datagramRoutes(to: endpoint).first)
    let channel = try await transport.openDatagrams(on: route, eventLoop: transport.eventLoopGroup.next()).get()
    let mail = Mailbox()
    try await channel.pipeline.addHandler(mail.handler()).get()
    return (channel, mail)
  }

  private func bind(_ text: String) async throws -> (listener: Listener, mail: Mailbox) {
    let mail = Mailbox()
    let listener = try await transport.bindDatagrams(on: try Endpoint.parse(text)) { channel in
      try channel.pipeline.syncOperations.addHandler(mail.handler())
    }
    return (listener, mail)
  }

  /// A process that another test is starting holds all sockets until it has become its program, those that were closed meanwhile, too.
  private func bindWhenFree(_ text: String) async throws -> (listener: Listener, mail: Mailbox) {
    while true {
      do { return try await bind(text) } catch let failure where "\(failure)".contains("in use") { await Task.yield() }
    }
  }

  @Test("a refusal is an error of the channel, and the channel goes on", arguments: ["127.0.0.1", "::1"])
  func refusal(host: String) async throws {
    // A socket that hears itself alone refuses everybody else, and keeps its port from them.
    let deaf = try await DatagramBootstrap(group: transport.eventLoopGroup).bind(host: host, port: 0).get()
    let address = try #require(deaf.localAddress)
    try await deaf.connect(to: address).get()
    let (channel, mail) = try await open(to: address)
    for _ in 0..<3 {
      try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: "x")))
      #expect(await mail.next() == .failure(ECONNREFUSED))
    }
    try await deaf.close()
    let second = try await bindWhenFree(address.text)
    try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: "hello")))
    let heard = await second.mail.next()
    #expect(heard.text == "hello")
    let source = try #require(heard.source)
    try await second.listener.channels[0].writeAndFlush(AddressedEnvelope(remoteAddress: source, data: ByteBuffer()))
    #expect(await mail.next() == .datagram("", from: address, asked: nil))
    try await channel.close()
    await second.listener.close()
  }

  @Test("datagrams from others than the one spoken to are heard, and what is larger than wanted is cut")
  func others() async throws {
    let peer = try await bind("127.0.0.1:0")
    let stranger = try await bind("127.0.0.1:0")
    let address = try #require(peer.listener.addresses.first)
    let (channel, mail) = try await open(to: address)
    try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: "x")))
    let source = try #require(await peer.mail.next().source)
    let large = ByteBuffer(repeating: UInt8(ascii: "y"), count: 65_507)
    try await stranger.listener.channels[0].writeAndFlush(AddressedEnvelope(remoteAddress: source, data: large))
    let heard = await mail.next()
    #expect(heard.source == stranger.listener.addresses.first)
    #expect(heard.text?.utf8.count == 65_507)
    try await channel.close()
    await peer.listener.close()
    await stranger.listener.close()
  }

  @Test("what can't be sent fails its own promise alone, and a closed channel takes nothing")
  func unsendable() async throws {
    let peer = try await bind("127.0.0.1:0")
    let address = try #require(peer.listener.addresses.first)
    let (channel, _) = try await open(to: address)
    let tooLarge = AddressedEnvelope(remoteAddress: address, data: ByteBuffer(repeating: 0, count: 65_508))
    await #expect(throws: IOError.self) { try await channel.writeAndFlush(tooLarge) }
    try await channel.writeAndFlush(AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: "fits")))
    #expect(await peer.mail.next().text == "fits")
    try await channel.close()
    #expect(!channel.isActive)
    await #expect(throws: ChannelError.self) { try await channel.writeAndFlush(tooLarge) }
    await #expect(throws: ChannelError.self) { try await channel.close() }
    await peer.listener.close()
  }

  @Test("an answer comes from the address that was asked, though the socket is bound to all")
  func askedAddress() async throws {
    let server = try await bind("0.0.0.0:0")
    let port = try #require(server.listener.addresses.first?.port)
    let client = try await bind("127.0.0.1:0")
    for host in ["127.0.0.2", "127.0.0.3"] {
      let asked = try SocketAddress(ipAddress: host, port: port)
      let question = AddressedEnvelope(remoteAddress: asked, data: ByteBuffer(string: "who?"))
      try await client.listener.channels[0].writeAndFlush(question)
      let heard = await server.mail.next()
      #expect(heard.asked?.destinationAddress.ipAddress == host)
      let metadata = AddressedEnvelope<ByteBuffer>.Metadata(ecnState: .transportNotCapable, packetInfo: heard.asked)
      let answer = AddressedEnvelope(
        remoteAddress: try #require(heard.source),
        data: ByteBuffer(string: "I"),
        metadata: metadata
      )
      try await server.listener.channels[0].writeAndFlush(answer)
      #expect(await client.mail.next() == .datagram("I", from: asked, asked: nil))
    }
    await server.listener.close()
    await client.listener.close()
  }

  @Test("an answer to what was asked at no address of one's own goes out all the same")
  func notOurs() async throws {
    let server = try await bind("0.0.0.0:0")
    let client = try await bind("127.0.0.1:0")
    // TEST-NET-1 (RFC 5737), and a group.
    for host in ["192.0.2.1", "224.0.0.251"] {
      let asked = NIOPacketInfo(destinationAddress: try SocketAddress(ipAddress: host, port: 0), interfaceIndex: 1)
      let answer = AddressedEnvelope(
        remoteAddress: try #require(client.listener.addresses.first),
        data: ByteBuffer(string: "I"),
        metadata: .init(ecnState: .transportNotCapable, packetInfo: asked)
      )
      try await server.listener.channels[0].writeAndFlush(answer)
      #expect(await client.mail.next().text == "I")
    }
    await server.listener.close()
    await client.listener.close()
  }
}

/// What a channel has brought, one after another.
private final class Mailbox: Sendable {
  enum Item: Equatable, Sendable {
    case datagram(String, from: SocketAddress, asked: NIOPacketInfo?)
    case failure(CInt)

    var text: String? { if case .datagram(let text, _, _) = self { text } else { nil } }
    var source: SocketAddress? { if case .datagram(_, let source, _) = self { source } else { nil } }
    var asked: NIOPacketInfo? { if case .datagram(_, _, let asked) = self { asked } else { nil } }
  }

  private let stream: AsyncStream<Item>
  private let continuation: AsyncStream<Item>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  func next() async -> Item {
    var iterator = stream.makeAsyncIterator()
    return await iterator.next() ?? .failure(0)
  }

  func handler() -> some ChannelInboundHandler & Sendable { Handler(continuation) }

  private final class Handler: ChannelInboundHandler, Sendable {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    private let continuation: AsyncStream<Item>.Continuation

    init(_ continuation: AsyncStream<Item>.Continuation) { self.continuation = continuation }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      let envelope = unwrapInboundIn(data)
      let text = String(buffer: envelope.data)
      continuation.yield(.datagram(text, from: envelope.remoteAddress, asked: envelope.metadata?.packetInfo))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
      continuation.yield(.failure((error as? IOError)?.errnoCode ?? -1))
    }
  }
}
