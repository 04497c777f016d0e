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

  @Test("A connected socket has the address that it sends from, takes what comes to that alone, and gives it up again")
  func connectedAddress() throws {
    let second = IPAddress.v4(IPv4Address(10, 0, 0, 7))
    let bench = Bench { $0.addresses.append(InterfaceAddress(second, prefixLength: 24)) }
    for (family, own, peer) in [(AddressFamily.v4, Bench.own4, Bench.peer4), (.v6, Bench.own6, Bench.peer6)] {
      let handle = bench.host.makeSocket(.datagram, family)
      try bench.host.connect(handle, to: Endpoint(peer, port: 1000))
      let local = try bench.host.localEndpoint(of: handle)
      #expect(local.address == own && local.port != 0)
      guard family == .v4 else { continue }
      bench.give(Bench.datagram([1], port: local.port, to: second))
      #expect(throws: SocketError.wouldBlock) { try receive(handle, on: bench) }
      bench.give(Bench.datagram([2], port: local.port))
      #expect(try receive(handle, on: bench) == 1)
      try bench.host.connect(handle, to: Endpoint(.v4(.unspecified), port: 0))
      #expect(try bench.host.localEndpoint(of: handle) == Endpoint(.v4(.unspecified), port: local.port))
      bench.give(Bench.datagram([1], port: local.port, to: second))
      #expect(try receive(handle, on: bench) == 1)
    }
  }

  @Test("A datagram that the link's queue never has room for is too long; one that comes too early waits")
  func queueRoom() throws {
    let bench = Bench { $0.packetQueueLimit = 4000 }
    let handle = bench.host.makeSocket(.datagram, .v4)
    let peer = Endpoint(Bench.peer4, port: 1000)
    let (small, large) = ([UInt8](repeating: 1, count: 3000), [UInt8](repeating: 1, count: 5000))
    try bench.host.send(small.span.bytes, to: peer, from: handle)
    #expect(throws: SocketError.wouldBlock) { try bench.host.send(small.span.bytes, to: peer, from: handle) }
    #expect(bench.take().count > 1)
    #expect(throws: SocketError.tooLong) { try bench.host.send(large.span.bytes, to: peer, from: handle) }
    try bench.host.send(small.span.bytes, to: peer, from: handle)
  }

  /// The length of the datagram that is taken.
  private func receive(_ handle: Handle, on bench: Bench) throws -> Int {
    var bytes = [UInt8](repeating: 0, count: 16)
    return try bytes.withUnsafeMutableBytes { buffer in
      var room = buffer.mutableBytes
      return try bench.host.receiveDatagram(into: &room, from: handle).length
    }
  }

  @Test(
    "Two services that answer everything, each with a hop less than was left, fall silent after as many rounds as hops"
  )
  func answersComeToAnEnd() throws {
    let bench = Bench()
    let ports: [UInt16] = [7007, 7008]
    let sockets = try ports.map { port in
      let socket = bench.host.makeSocket(.datagram, .v4)
      try bench.host.bind(socket, to: nil, port: port)
      return socket
    }
    #expect(try bench.host.hopLimitOfNextDatagram(at: sockets[0]) == nil)
    // What a forged datagram begins: one that seems to come from the other service.
    try bench.host.send(([1] as [UInt8]).span.bytes, to: Endpoint(Bench.own4, port: ports[0]), from: sockets[1])
    var rounds = 0
    while rounds < 1_000 {
      _ = bench.take()
      guard let socket = sockets.first(where: { (try? bench.host.hopLimitOfNextDatagram(at: $0)) != .some(nil) }) else {
        break
      }
      let hopsLeft = try #require(try bench.host.hopLimitOfNextDatagram(at: socket))
      let source = try receive(bench, socket)
      guard hopsLeft > 1 else { break }
      try bench.host.send(([1] as [UInt8]).span.bytes, to: source, hopLimit: hopsLeft - 1, from: socket)
      rounds += 1
    }
    #expect(rounds == 63)
  }

  private func receive(_ bench: Bench, _ socket: Handle) throws -> Endpoint {
    var byte: [UInt8] = [0]
    return try byte.withUnsafeMutableBytes { buffer in
      var room = buffer.mutableBytes
      return try bench.host.receiveDatagram(into: &room, from: socket).source
    }
  }
}
