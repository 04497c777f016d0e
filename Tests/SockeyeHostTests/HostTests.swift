import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Host")
struct HostTests {
  @Test("Packets from addresses that nothing comes from are dropped, a land attack among them")
  func impossibleSources() throws {
    let bench = Bench()
    _ = try bench.listener()
    let syn = TCPHeader(sourcePort: 80, destinationPort: 80, sequenceNumber: 1, flags: .syn, window: 1000)
    let sources: [IPAddress] = [
      Bench.own4, .v4(.unspecified), .v4(.broadcast), .v4(IPv4Address(10, 0, 0, 255)), .v4(IPv4Address(224, 1, 1, 1)),
      .v4(.loopback),
    ]
    for source in sources { bench.give(Bench.packet(syn, from: source)) }
    bench.give(Bench.packet(syn, to: .v4(IPv4Address(10, 0, 0, 9))))
    bench.give(Bench.packet(syn, to: .v4(.loopback)))
    #expect(bench.take().isEmpty)
    #expect(bench.host.statistics.misaddressed == 8)
    #expect(bench.host.connectionCount == 0)
    bench.give(Bench.packet(syn))
    #expect(bench.take().count == 1)
  }

  @Test("A source route is refused, another option is not")
  func ipOptions() {
    let bench = Bench()
    let datagram = Array(Bench.datagram([1], port: 9).dropFirst(20))
    for (option, count) in [([131, 7, 4, 1, 2, 3, 4, 0], 0), ([137, 7, 4, 1, 2, 3, 4, 0], 0), ([148, 4, 0, 0], 1)]
      as [([UInt8], Int)]
    {
      guard let options = IPv4Options(option.span.bytes) else { continue }
      let header = IPv4Header(
        protocolNumber: 17,
        source: IPv4Address(10, 0, 0, 2),
        destination: IPv4Address(10, 0, 0, 1),
        options: options
      )
      var packet = [UInt8](repeating: 0, count: header.length)
      packet.withUnsafeMutableBytes { buffer in
        var span = buffer.mutableBytes
        header.emit(into: &span, payloadLength: datagram.count)
      }
      bench.give(packet + datagram)
      #expect(bench.take().count == count)
    }
  }

  @Test("Fragments of a datagram are put together, and a packet that never is whole is reported after a minute")
  func fragments() throws {
    let bench = Bench()
    let socket = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(socket, to: nil, port: 53)
    let whole = Bench.datagram([UInt8](repeating: 3, count: 2000), port: 53)
    let payload = Array(whole.dropFirst(20))
    func fragment(_ range: Range<Int>) -> [UInt8] {
      Bench.fragment(Array(payload[range]), at: range.lowerBound, 9, isLast: range.upperBound == payload.count)
    }
    bench.give(fragment(1600..<payload.count))
    bench.give(fragment(0..<800))
    bench.give(fragment(800..<1600))
    #expect(try bench.host.readiness(of: socket).contains(.readable))
    bench.give(fragment(0..<800))
    #expect(bench.host.nextDeadline == .zero + .seconds(60))
    bench.host.advance(to: .zero + .seconds(60))
    let report = try #require(bench.take().first.flatMap(Bench.transport))
    #expect(try ICMPv4Message.parse(report.span.bytes).message == .timeExceeded(code: 1))
  }

  @Test("A segment for nobody is reset, a reset for nobody is not answered")
  func closedPort() {
    let bench = Bench()
    bench.give(Bench.packet(bench.segment(5, 77, .ack)))
    let answers = bench.takeSegments()
    #expect(answers.map(\.flags) == [.rst])
    #expect(answers.first?.sequenceNumber == 77)
    bench.give(Bench.packet(bench.segment(5, 77, .rst)))
    bench.give(Bench.packet(bench.segment(5, 77, .ack), to: .v4(IPv4Address(10, 0, 0, 255))))
    #expect(bench.take().isEmpty)
  }

  @Test("MUST-3: a segment whose checksum is wrong is dropped in silence")
  func wrongChecksum() {
    let bench = Bench()
    var packet = Bench.packet(bench.segment(5, 77, .ack))
    packet[36] ^= 1
    bench.give(packet)
    #expect(bench.take().isEmpty)
    #expect(bench.host.statistics.malformed == 1)
  }

  @Test("A million bytes of garbage in packets of every kind neither trap nor leave anything behind")
  func garbage() throws {
    let bench = Bench()
    _ = try bench.listener()
    var random = SeededGenerator(seed: 99)
    for round in 0..<20_000 {
      var packet: [UInt8]
      switch round % 4 {
      case 0:
        packet = random.bytes(Int.random(in: 0...80, using: &random))
        if !packet.isEmpty { packet[0] = Bool.random(using: &random) ? 0x45 : 0x60 }
      case 1:
        let number = ([0, 1, 6, 17, 43, 44, 58, 60] as [UInt8]).randomElement(using: &random) ?? 6
        packet = Bench.packet(
          protocolNumber: number,
          random.bytes(Int.random(in: 0...80, using: &random)),
          from: Bench.peer6,
          to: Bench.own6
        )
      case 2:
        packet = Bench.icmp(
          .destinationUnreachable(.port, mtu: UInt16.random(in: 0...9000, using: &random)),
          random.bytes(Int.random(in: 0...60, using: &random))
        )
      default:
        let flags = TCPFlags(rawValue: UInt16.random(in: 0...0x1FF, using: &random))
        packet = Bench.packet(
          bench.segment(
            from: UInt16.random(in: 0...3, using: &random),
            UInt32.random(in: 0...5, using: &random),
            0,
            flags
          ),
          random.bytes(Int.random(in: 0...40, using: &random))
        )
      }
      bench.give(packet)
      _ = bench.take()
      if round.isMultiple(of: 100) {
        bench.now = bench.now + .seconds(1)
        bench.host.advance(to: bench.now)
      }
    }
    bench.host.advance(to: bench.now + .seconds(1000))
    _ = bench.take()
    #expect(bench.host.connectionCount <= 4)
  }

  @Test("A port that is taken can't be bound, unless for another address")
  func addressInUse() throws {
    let bench = Bench()
    _ = try bench.listener()
    let other = bench.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.addressInUse) { try bench.host.bind(other, to: Bench.own4, port: 80) }
    let six = bench.host.makeSocket(.stream, .v6)
    try bench.host.bind(six, to: Bench.own6, port: 80)
    try bench.host.listen(six, backlog: 1)
    #expect(throws: SocketError.addressNotAvailable) { try bench.host.bind(other, to: Bench.peer4, port: 81) }
  }

  @Test("A handle is stale once its socket is closed")
  func staleHandles() throws {
    let bench = Bench()
    let handle = bench.host.makeSocket(.stream, .v4)
    try bench.host.close(handle)
    _ = bench.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.badHandle) { try bench.host.close(handle) }
    #expect(throws: SocketError.badHandle) { try bench.host.readiness(of: handle) }
  }

  @Test("Ten thousand connections opened and closed in turn leave nothing")
  func churn() throws {
    let bench = Bench { $0.connection.maximumSegmentLifetime = .milliseconds(1) }
    let listener = try bench.listener()
    for round in 0..<10_000 {
      let port = UInt16(1024 + round % 60_000)
      var numbers = try #require(bench.handshake(from: port))
      try bench.host.close(try bench.host.accept(listener))
      _ = bench.take()
      numbers.host &+= 1
      bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, [.fin, .ack])))
      _ = bench.take()
      bench.now = bench.now + .milliseconds(3)
      bench.host.advance(to: bench.now)
    }
    #expect(bench.host.connectionCount == 0)
    #expect(bench.host.timeWaitCount == 0)
    #expect(bench.host.streams.capacity == 1)
  }
}
