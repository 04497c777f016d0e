import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeWire
import Testing

@testable import SockeyeGateway
@testable import SockeyeTransport

@Suite("Servers of a gateway's child, in virtual time")
struct GatewayPublishTests {
  private func publish(_ text: String, on stage: GatewayStage) throws {
    let (owner, outside) = (stage.owner, Transport.host(on: stage.machine))
    let port = try PublishedPort(text)
    _ = try stage.network.run(on: stage.machine) { try await owner.publish(port, by: outside).addresses }
  }

  /// A client elsewhere in the world.
  private func client(_ stage: GatewayStage) -> SimulatedHost {
    let address = IPAddress.v4(IPv4Address(198, 51, 100, 9))
    return stage.network.addHost("client", address: address) {
      $0.addresses = [InterfaceAddress(address, prefixLength: 24)]
    }
  }

  @Test("A client reaches a published port, and the child's server sees where it comes from")
  func stream() throws {
    let stage = try GatewayStage()
    let (near, far) = (Ears(), Ears())
    try stage.network.run(
      until: HostServerBootstrap(group: stage.child).childChannelOption(.allowRemoteHalfClosure, value: true)
        .childChannelInitializer { $0.pipeline.addHandler(far.handler()) }.bind(host: "10.0.2.15", port: 80)
    )
    try publish("198.51.100.1:8080:80", on: stage)
    let client = client(stage)
    let channels = try (0..<2).map { _ in
      try stage.network.run(
        until: HostClientBootstrap(group: client).channelOption(.allowRemoteHalfClosure, value: true)
          .channelInitializer { $0.pipeline.addHandler(near.handler()) }.connect(host: "198.51.100.1", port: 8080)
      )
    }
    channels[1].writeAndFlush(ByteBuffer(string: "hello"), promise: nil)
    channels[1].close(mode: .output, promise: nil)
    stage.network.run(for: .seconds(1))
    #expect(far.heard.text == "hello" && far.heard.isInputClosed)
    let server = try #require(far.heard.channel)
    #expect(server.remoteAddress == channels[1].localAddress, "the client's own address and port")
    server.writeAndFlush(ByteBuffer(string: "welcome"), promise: nil)
    stage.network.run(for: .seconds(1))
    #expect(near.heard.text == "welcome")
  }

  @Test("A client of a port that nobody inside listens on is reset")
  func nobody() throws {
    let stage = try GatewayStage()
    try publish("198.51.100.1:8080:80", on: stage)
    let near = Ears()
    let client = client(stage)
    _ = try stage.network.run(
      until: HostClientBootstrap(group: client).channelInitializer { $0.pipeline.addHandler(near.handler()) }
        .connect(host: "198.51.100.1", port: 8080)
    )
    stage.network.run(for: .seconds(5))
    #expect(near.heard.isInactive && stage.gateway.connectionCount == 0 && stage.machine.connectionCount == 0)
  }

  @Test("Datagrams reach a published port, and answers go back to who asked")
  func datagrams() throws {
    let stage = try GatewayStage()
    let sources = NIOLockedValueBox<[SocketAddress]>([])
    try stage.network.run(
      until: HostDatagramBootstrap(group: stage.child).channelInitializer { channel in
        channel.pipeline.addHandler(
          DatagramEars { bytes, envelope in
            sources.withLockedValue { $0.append(envelope.remoteAddress) }
            let answer = ByteBuffer(bytes: bytes.reversed())
            channel.writeAndFlush(AddressedEnvelope(remoteAddress: envelope.remoteAddress, data: answer), promise: nil)
          }
        )
      }.bind(host: "10.0.2.15", port: 53)
    )
    try publish("198.51.100.1:5353:53/udp", on: stage)
    let heard = NIOLockedValueBox<[[UInt8]]>([])
    let client = client(stage)
    let channels = try (0..<2).map { _ in
      try stage.network.run(
        until: HostDatagramBootstrap(group: client).channelInitializer { channel in
          channel.pipeline.addHandler(DatagramEars { bytes, _ in heard.withLockedValue { $0.append(bytes) } })
        }.connect(host: "198.51.100.1", port: 5353)
      )
    }
    for (index, channel) in channels.enumerated() {
      channel.writeAndFlush(ByteBuffer(bytes: [UInt8(index), 7]), promise: nil)
      stage.network.run(for: .seconds(1))
    }
    #expect(heard.withLockedValue { $0 } == [[7, 0], [7, 1]])
    #expect(sources.withLockedValue { $0 } == channels.compactMap(\.localAddress))
  }

  @Test("The machine itself, and who has an address of the child's network, come from the gateway")
  func sources() throws {
    let network = GatewayNetwork()
    let cases = [
      ("127.0.0.1", "10.0.2.2"), ("10.0.2.15", "10.0.2.2"), ("192.0.2.1", "192.0.2.1"), ("::1", "fd73:6f63:6b65::2"),
      ("fe80::1", "fd73:6f63:6b65::2"), ("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"),
    ]
    for (client, seen) in cases {
      let source = network.source(for: HostEndpoint(try #require(IPAddress(client)), port: 9))
      #expect(source == HostEndpoint(try #require(IPAddress(seen)), port: 9))
    }
  }

  @Test("Published ports are read as people write them")
  func reading() throws {
    let cases: [(String, host: String?, outside: UInt16, inside: UInt16, isDatagrams: Bool)] = [
      ("80", nil, 80, 80, false), ("8080:80", nil, 8080, 80, false),
      ("127.0.0.1:8080:80", "127.0.0.1", 8080, 80, false),
      ("127.0.0.1:80", "127.0.0.1", 80, 80, false), ("[::1]:8080:80", "::1", 8080, 80, false),
      ("53/udp", nil, 53, 53, true),
      ("0:80", nil, 0, 80, false), ("localhost:8080:80/tcp", "localhost", 8080, 80, false),
    ]
    for (text, host, outside, inside, isDatagrams) in cases {
      let port = try PublishedPort(text)
      #expect(port.endpoint.location == .network(host: host, port: outside), "\(text)")
      #expect(port.port == inside && port.isDatagrams == isDatagrams)
    }
    for text in ["", "x", "80:", ":80", "0", "80:0", "65536", "1:2:3:4", "[::1]80", "80/sctp", "a:b:c"] {
      #expect(throws: Failure.self, "\(text)") { try PublishedPort(text) }
    }
  }
}
