import NIOCore
import NIOHTTP1
import SockeyeNIO
import SockeyeSimulatedNetwork
import Testing
import Web

@Suite("The web application on a network in virtual time")
struct PartitionTests {
  @Test(
    "A download goes on after two minutes without a network, and the same seed does it again",
    arguments: 1...3 as ClosedRange<UInt64>
  )
  func partition(seed: UInt64) throws {
    let first = try Self.download(seed)
    #expect(first.count == 3_000_000)
    #expect(first.end > .uptimeNanoseconds(120_000_000_000))
    let again = try Self.download(seed)
    #expect(again.trace == first.trace)
  }

  private static func download(_ seed: UInt64) throws -> (count: Int, end: NIODeadline, trace: UInt64) {
    let network = SimulatedNetwork(seed: seed)
    let (client, server) = (network.addHost("client"), network.addHost("server"))
    try network.run(until: serveLetters(on: server, host: "server"))
    let download = network.start(on: client) { try await fetch("/3000000", from: "server", on: client) }
    network.run(for: .milliseconds(20))
    network.partition(client, server)
    network.run(for: .minutes(2))
    network.heal(client, server)
    let count = try network.run(until: download, limit: .minutes(5))
    return (count, network.now, network.trace.digest)
  }
}

/// Fetches something, as any NIO client would. Returns how long it was.
private func fetch(_ path: String, from host: String, on group: any EventLoopGroup) async throws -> Int {
  let channel = try await HostClientBootstrap(group: group).connect(host: host, port: 80) { channel in
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHTTPClientHandlers()
      return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(wrappingChannelSynchronously: channel)
    }
  }
  return try await channel.executeThenClose { inbound, outbound in
    try await outbound.write(
      .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: ["Host": host]))
    )
    try await outbound.write(.end(nil))
    var count = 0
    for try await part in inbound {
      switch part {
      case .head: break
      case .body(let bytes): count += bytes.readableBytes
      case .end: return count
      }
    }
    return count
  }
}
