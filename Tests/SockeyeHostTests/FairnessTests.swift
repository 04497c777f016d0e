import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Turns at the link")
struct FairnessTests {
  @Test("Replies and connections take turns: a flood of pings leaves half of the packets to a transfer")
  func repliesAndConnections() throws {
    let bench = Bench()
    let listener = try bench.listener()
    _ = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for _ in 0..<1_000 { bench.give(Bench.icmp(.echoRequest(identifier: 1, sequence: 2), [1])) }
    _ = try bench.write([UInt8](repeating: 1, count: 14_600), to: socket)
    let first = bench.take(atMost: 20)
    #expect(first.count == 20)
    #expect(first.count { Bench.segment($0)?.payload.isEmpty == false } == 10)
  }

  @Test("Connections take turns with each other, segment by segment")
  func connections() throws {
    let bench = Bench()
    let listener = try bench.listener()
    for port in 2000..<2004 as Range<UInt16> { _ = try #require(bench.handshake(from: port)) }
    for _ in 0..<4 { _ = try bench.write([UInt8](repeating: 1, count: 7_300), to: try bench.host.accept(listener)) }
    let ports = bench.takeSegments().map(\.destinationPort)
    #expect(ports.count == 40)
    #expect(ports.prefix(8) == [2000, 2001, 2002, 2003, 2000, 2001, 2002, 2003])
  }

  @Test("Echo requests are answered so many times a second, and not at all at a rate of zero")
  func echoLimit() {
    for (rate, expected) in [(5, 5), (0, 0)] {
      let bench = Bench { $0.echoRepliesPerSecond = rate }
      for _ in 0..<50 { bench.give(Bench.icmp(.echoRequest(identifier: 1, sequence: 2), [1])) }
      #expect(bench.take().count == expected)
      #expect(bench.host.statistics.echoesDropped == UInt64(50 - expected))
    }
  }
}
