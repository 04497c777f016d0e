import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Datagram sockets")
struct DatagramTests {
  @Test("Datagrams that nobody receives are bounded in bytes, overhead included")
  func datagramBound() throws {
    let bench = Bench { $0.datagramQueueLimit = 10_000 }
    let handle = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(handle, to: nil, port: 53)
    for _ in 0..<1000 { bench.give(Bench.datagram([], port: 53)) }
    #expect(bench.host.statistics.datagramsDropped == UInt64(1000 - 10_000 / 96))
  }

  @Test("Datagrams go to the socket that fits best: connected, then bound to the address, then any")
  func bestDatagramSocket() throws {
    let bench = Bench()
    var sockets: [Handle] = []
    for address in [nil, Bench.own4, Bench.own4] as [IPAddress?] {
      let handle = bench.host.makeSocket(.datagram, .v4)
      var options = try bench.host.options(of: handle)
      options.reusesAddress = true
      try bench.host.setOptions(options, of: handle)
      try bench.host.bind(handle, to: address, port: 53)
      sockets.append(handle)
    }
    try bench.host.connect(sockets[2], to: Endpoint(Bench.peer4, port: 1000))
    for expected in [2, 1, 0] {
      bench.give(Bench.datagram([1], port: 53))
      for (index, handle) in sockets.enumerated() {
        #expect(try bench.host.readiness(of: handle).contains(.readable) == (index == expected))
      }
      try bench.host.close(sockets[expected])
      sockets.remove(at: expected)
    }
    bench.give(Bench.datagram([1], port: 53))
    #expect(bench.take().count == 1)
  }
}
