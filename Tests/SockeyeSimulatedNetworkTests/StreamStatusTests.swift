import NIOCore
import SockeyeSimulatedNetwork
import SockeyeSimulator
import SockeyeTCP
import SockeyeTransport
import Testing

@Suite("What TCP tells of a stream over the own stack")
struct StreamStatusTests {
  @Test("It is the engine's truth: the path's round trip, and nothing outstanding once all is acknowledged")
  func engine() throws {
    var link = Impairments()
    link.delay = .milliseconds(20)
    let network = SimulatedNetwork(seed: 7, impairments: link)
    let (server, client) = (network.addHost("server"), network.addHost("client"))
    let listener = try network.run(on: server, limit: .seconds(10)) {
      try await Transport.host(on: server).listen(on: Endpoint.parse(":80")) { _ in }
    }
    let channel = try network.run(on: client, limit: .seconds(10)) {
      let channel = try await Transport.host(on: client).connect(to: Endpoint.parse("server:80")) { _ in }
      try await channel.writeAndFlush(ByteBuffer(repeating: 1, count: 50_000))
      return channel
    }
    network.run(for: .seconds(1))
    let status = try #require(
      try network.run(on: client, limit: .seconds(1)) {
        try await channel.eventLoop.submit { StreamStatus.of(channel) }.get()
      }
    )
    #expect(status.state == .established)
    #expect(status.sendQueue == 0 && status.lost == 0 && status.retransmissions == 0)
    #expect(status.congestionWindow > 10_000 && status.segmentSize > 500)
    let roundTrips = TimeAmount.milliseconds(40)...TimeAmount.milliseconds(60)
    #expect(roundTrips.contains(status.roundTrip), "\(status.roundTrip)")
    let engine = try #require(status.engine)
    #expect(engine.minimumRoundTrip >= .milliseconds(40))
    #expect(engine.inFlight == 0 && engine.timeouts == 0 && engine.recovery == .open && engine.sendWindow > 0)
    let after = try network.run(on: client, limit: .seconds(10)) {
      try await channel.close()
      return try await channel.eventLoop.submit { StreamStatus.of(channel) == nil }.get()
    }
    #expect(after)
    try network.run(on: server, limit: .seconds(10)) { await listener.close() }
    network.shutDown()
  }
}
