import NIOCore
import NIOEmbedded
import SockeyeNIO
import SockeyeSimulatedNetwork
import Testing

@Suite("Bootstraps")
struct BootstrapTests {
  @Test("Only loops that have a host are taken")
  func validation() throws {
    let pair = Pair()
    #expect(HostClientBootstrap(validatingGroup: pair.client) != nil)
    #expect(HostServerBootstrap(validatingGroup: pair.client.next()) != nil)
    #expect(HostDatagramBootstrap(validatingGroup: pair.client) != nil)
    let stranger = EmbeddedEventLoop()
    #expect(HostClientBootstrap(validatingGroup: stranger) == nil)
    #expect(HostServerBootstrap(validatingGroup: stranger) == nil)
    #expect(HostDatagramBootstrap(validatingGroup: stranger) == nil)
    #expect(throws: EventLoopError.unsupportedOperation) {
      try HostClientBootstrap(group: stranger).connect(host: "10.0.0.1", port: 80).wait()
    }
  }

  @Test("Asynchronous datagram channels are what their initializers made, bound and connected")
  func asynchronousDatagrams() throws {
    typealias Datagrams = NIOAsyncChannel<AddressedEnvelope<ByteBuffer>, AddressedEnvelope<ByteBuffer>>
    let pair = Pair()
    let (server, client) = (pair.server, pair.client)
    @Sendable func wrapped(_ channel: any Channel) -> EventLoopFuture<Datagrams> {
      channel.eventLoop.makeCompletedFuture { try Datagrams(wrappingChannelSynchronously: channel) }
    }
    let answered = pair.network.start(on: server) {
      try await HostDatagramBootstrap(group: server).bind(host: "server", port: 53, channelInitializer: wrapped)
        .executeThenClose { inbound, outbound in
          for try await envelope in inbound {
            try await outbound.write(envelope)
            return
          }
        }
    }
    let answer = try pair.network.run(on: client) {
      try await HostDatagramBootstrap(group: client).connect(host: "server", port: 53, channelInitializer: wrapped)
        .executeThenClose { inbound, outbound in
          let peer = try SocketAddress(ipAddress: "10.0.0.2", port: 53)
          try await outbound.write(AddressedEnvelope(remoteAddress: peer, data: pattern(100)))
          for try await envelope in inbound { return envelope.data }
          return ByteBuffer()
        }
    }
    #expect(answer == pattern(100))
    try pair.network.run(until: answered)
  }

  @Test("What can't be bound or connected fails, and leaves no channel behind")
  func failures() throws {
    let pair = Pair()
    let (server, client) = (pair.server, pair.client)
    let first = try pair.network.run(until: HostDatagramBootstrap(group: server).bind(host: "server", port: 53))
    let second = Outcome(HostDatagramBootstrap(group: server).bind(host: "server", port: 53))
    let stranger = Outcome(HostServerBootstrap(group: client).bind(host: "10.9.9.9", port: 80))
    let path = Outcome(HostClientBootstrap(group: client).connect(unixDomainSocketPath: "/tmp/socket"))
    pair.network.run(for: .seconds(1))
    #expect((second.error as? IOError)?.errnoCode == 98)
    #expect((stranger.error as? IOError)?.errnoCode == 99)
    #expect((path.error as? IOError)?.errnoCode == 97)
    try pair.network.run(until: first.close())
  }
}
