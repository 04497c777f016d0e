import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Flows to addresses that a host answers for")
struct FlowTests {
  static let far4 = IPAddress.v4(IPv4Address(198, 51, 100, 7))
  static let far6 = IPAddress.v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 7))

  private func bench(_ change: (inout HostConfiguration) -> Void = { _ in }) -> Bench {
    Bench {
      $0.answersEveryAddress = true
      change(&$0)
    }
  }

  private func syn(_ sequence: UInt32 = 100, from port: UInt16 = 2000, timestamp: UInt32? = nil) -> TCPHeader {
    var header = TCPHeader(sourcePort: port, destinationPort: 80, sequenceNumber: sequence, flags: .syn, window: 65_535)
    header.options.maximumSegmentSize = 1200
    header.options.windowScale = 7
    header.options.sackPermitted = true
    if let timestamp { header.options.timestamp = TCPOptions.Timestamp(value: timestamp, echo: 0) }
    return header
  }

  private func give(_ header: TCPHeader, _ data: [UInt8] = [], to bench: Bench) {
    bench.give(Bench.packet(header, data, to: Self.far4))
    bench.host.checkInvariants()
  }

  @Test("The SYN,ACK waits for the owner's answer, and says what the SYN asked for (RFC 9293 section 3.10.7.2)")
  func accept() throws {
    for (peer, far) in [(Bench.peer4, Self.far4), (Bench.peer6, Self.far6)] {
      let bench = bench()
      bench.give(Bench.packet(syn(timestamp: 9), [1, 2, 3], from: peer, to: far))
      #expect(bench.take().isEmpty)
      let flow = try #require(bench.nextFlow())
      #expect(flow.local == Endpoint(far, port: 80) && flow.remote == Endpoint(peer, port: 2000))
      #expect(bench.nextFlow() == nil)
      bench.now = .zero + .seconds(3)
      bench.host.advance(to: bench.now)
      let socket = try bench.host.accept(flow)
      bench.host.checkInvariants()
      let answer = try #require(bench.takeSegments().first)
      #expect(answer.flags.contains([.syn, .ack]) && answer.acknowledgmentNumber == 101, "the data comes again")
      #expect(answer.options.windowScale != nil && answer.options.sackPermitted)
      #expect(answer.options.timestamp?.echo == 9)
      #expect(!(try bench.host.readiness(of: socket).contains(.writable)), "not before the handshake is over")
      var acknowledgment = bench.segment(101, answer.sequenceNumber &+ 1, [.ack, .psh])
      acknowledgment.options.timestamp = TCPOptions.Timestamp(value: 10, echo: answer.options.timestamp?.value ?? 0)
      bench.give(Bench.packet(acknowledgment, [7], from: peer, to: far))
      #expect(bench.nextReady() == socket)
      #expect(try bench.host.readiness(of: socket).isSuperset(of: [.readable, .writable]))
      #expect(try bench.host.localEndpoint(of: socket) == Endpoint(far, port: 80))
      #expect(try bench.read(from: socket) == [7])
      bench.host.checkInvariants()
    }
  }

  @Test("A SYN that comes again is no new question, and the last one is answered")
  func again() throws {
    let bench = bench()
    give(syn(timestamp: 1), to: bench)
    let flow = try #require(bench.nextFlow())
    give(syn(timestamp: 2), to: bench)
    give(syn(500, timestamp: 3), to: bench)
    #expect(bench.nextFlow() == nil && bench.host.pendingFlowCount == 1)
    _ = try bench.host.accept(flow)
    let answer = try #require(bench.takeSegments().first)
    #expect(answer.acknowledgmentNumber == 501 && answer.options.timestamp?.echo == 3)
  }

  @Test("A refused flow is reset, once, and its next SYN is a new question")
  func reset() throws {
    let bench = bench()
    give(syn(), to: bench)
    let flow = try #require(bench.nextFlow())
    bench.host.refuse(flow, with: .reset)
    bench.host.refuse(flow, with: .reset)
    let answers = bench.takeSegments()
    #expect(answers.count == 1 && answers[0].flags == [.rst, .ack] && answers[0].acknowledgmentNumber == 101)
    #expect(throws: SocketError.badHandle) { try bench.host.accept(flow) }
    give(syn(), to: bench)
    #expect(bench.nextFlow() != nil)
  }

  @Test(
    "That a destination can't be reached is told by ICMP, which quotes what the peer looks for (RFC 5927 section 4.1)"
  )
  func unreachable() throws {
    let codes: [(Unreachability, UInt8, UInt8)] = [
      (.network, 0, 0), (.host, 1, 3), (.port, 3, 4), (.prohibited, 13, 1),
    ]
    for (reason, code4, code6) in codes {
      for (peer, far, type, code) in [(Bench.peer4, Self.far4, UInt8(3), code4), (Bench.peer6, Self.far6, 1, code6)] {
        let bench = bench()
        bench.give(Bench.packet(syn(), from: peer, to: far))
        try bench.refuse(with: .unreachable(reason))
        let message = try #require(bench.take().first.flatMap { Bench.transport($0) })
        #expect(message[0] == type && message[1] == code)
        let quote = try ICMPQuote.parse(Array(message[8...]).span.bytes)
        #expect(quote.source == peer && quote.destination == far && quote.sequenceNumber == 100)
        #expect(quote.sourcePort == 2000 && quote.destinationPort == 80)
        #expect(bench.host.pendingFlowCount == 0)
      }
    }
  }

  @Test("Silence lasts for as long as a flow may wait, and asks nothing")
  func silence() throws {
    let bench = bench { $0.flowPatience = .seconds(10) }
    give(syn(), to: bench)
    try bench.refuse(with: .silence)
    for second in 1..<10 {
      bench.now = .zero + .seconds(Int64(second))
      bench.host.advance(to: bench.now)
      give(syn(), to: bench)
      #expect(bench.nextFlow() == nil && bench.take().isEmpty)
    }
    #expect(bench.nextDeadline == .zero + .seconds(10))
    bench.now = .zero + .seconds(10)
    bench.host.advance(to: bench.now)
    #expect(bench.host.pendingFlowCount == 0)
    give(syn(), to: bench)
    #expect(bench.nextFlow() != nil)
  }

  @Test("Flows that wait are bounded, and SYNs beyond are dropped in silence, without cookies")
  func bound() throws {
    let bench = bench { $0.flowLimit = 4 }
    for port in 1...10 { give(syn(from: UInt16(port)), to: bench) }
    #expect(bench.host.pendingFlowCount == 4 && bench.host.statistics.synsDropped == 6)
    #expect(bench.take().isEmpty && bench.host.statistics.cookiesSent == 0)
    var ports: [UInt16] = []
    while let flow = bench.nextFlow() { ports.append(flow.remote.port) }
    #expect(ports == [1, 2, 3, 4])
    #expect(PendingFlows.entrySize <= 512, "what a SYN may pin")
  }

  @Test("The peer's reset ends a flow that waits, if it is exact, asked about or not (RFC 5961 section 3.2)")
  func peerResets() throws {
    for isAsked in [false, true] {
      let bench = bench()
      give(syn(from: 1999), to: bench)
      give(syn(), to: bench)
      var flow: IncomingFlow?
      if isAsked {
        _ = bench.nextFlow()
        flow = bench.nextFlow()
      }
      for number in [100, 102, 0] as [UInt32] { give(bench.segment(number, 0, .rst), to: bench) }
      #expect(bench.host.pendingFlowCount == 2)
      give(bench.segment(101, 0, .rst), to: bench)
      #expect(bench.host.pendingFlowCount == 1)
      if let flow { #expect(!bench.isPending(flow)) } else { #expect(bench.nextFlow() != nil) }
      #expect(bench.nextFlow() == nil && bench.take().isEmpty)
    }
  }

  @Test("What belongs to no flow is reset, as everywhere")
  func stray() throws {
    let bench = bench()
    give(bench.segment(100, 55, .ack), to: bench)
    #expect(bench.takeSegments().map(\.flags) == [.rst])
    give(bench.segment(100, 0, .fin), to: bench)
    #expect(bench.nextFlow() == nil)
  }

  @Test("The host's own addresses ask nobody, and a listener at a port is asked first")
  func ownAddresses() throws {
    let bench = bench()
    bench.give(Bench.packet(syn()))
    #expect(bench.takeSegments().map(\.flags) == [[.rst, .ack]])
    _ = try bench.listener()
    give(syn(), to: bench)
    #expect(bench.takeSegments().map(\.flags) == [[.syn, .ack]])
    #expect(bench.nextFlow() == nil)
  }

  @Test(
    "Nobody is asked about what can't be an address, or comes from where nobody is (RFC 1122 section 3.2.1.3, RFC 2827)"
  )
  func impossible() {
    let bench = bench()
    let destinations: [IPv4Address] = [
      .unspecified, .loopback, .broadcast, IPv4Address(127, 9, 9, 9), IPv4Address(224, 0, 0, 1),
      IPv4Address(10, 0, 0, 255),
    ]
    for destination in destinations { bench.give(Bench.packet(syn(), to: .v4(destination))) }
    let mapped = IPAddress.v6(IPv6Address(mapping: IPv4Address(198, 51, 100, 7)))
    for destination in [IPAddress.v6(.unspecified), .v6(.loopback), .v6(.allNodes), mapped] {
      bench.give(Bench.packet(syn(), from: Bench.peer6, to: destination))
    }
    let sources: [IPv4Address] = [.unspecified, .loopback, IPv4Address(10, 0, 1, 2), IPv4Address(10, 0, 0, 255)]
    for source in sources { bench.give(Bench.packet(syn(), from: .v4(source), to: Self.far4)) }
    bench.give(Bench.packet(syn(), from: Bench.own4, to: Self.far4))
    bench.give(Bench.packet(syn(), from: Self.far6, to: Self.far6))
    #expect(bench.nextFlow() == nil && bench.take().isEmpty)
    bench.give(Bench.packet(syn(), to: .v4(IPv4Address(240, 0, 0, 1))))
    #expect(bench.nextFlow() != nil, "who says that nobody is there is the owner")
    let ordinary = Bench()
    ordinary.give(Bench.packet(syn(), to: Self.far4))
    #expect(ordinary.nextFlow() == nil && ordinary.host.statistics.misaddressed == 1)
  }

  @Test("A flow that was accepted and whose handshake comes to nothing fails")
  func failedHandshake() throws {
    for isReset in [true, false] {
      let bench = bench()
      give(syn(), to: bench)
      let socket = try bench.accept()
      #expect(bench.takeSegments().count == 1)
      if isReset {
        give(bench.segment(101, 0, .rst), to: bench)
      } else {
        while bench.nextDeadline != .never {
          bench.now = max(bench.nextDeadline, bench.now)
          bench.host.advance(to: bench.now)
          _ = bench.take()
        }
      }
      #expect(bench.nextReady() == socket)
      let error = try bench.host.takeError(of: socket)
      #expect(error == .reset)
      try bench.host.close(socket)
      bench.host.checkInvariants()
      #expect(bench.host.connectionCount == 0)
    }
  }

  @Test("ICMP about a connection at another's address is believed, if it quotes what was sent")
  func errorsAreBelieved() throws {
    let bench = bench()
    give(syn(), to: bench)
    let socket = try bench.accept()
    let packet = try #require(bench.take().first)
    give(bench.segment(101, Bench.segment(packet)!.header.sequenceNumber &+ 1, .ack), to: bench)
    _ = try bench.write([UInt8](repeating: 1, count: 1200), to: socket)
    let data = try #require(bench.take().first)
    bench.give(Bench.icmp(.destinationUnreachable(.fragmentationNeeded, mtu: 700), data))
    #expect(bench.take().contains { $0.count <= 700 }, "cut to what fits")
  }

  @Test("A connection of the host's own may come from any address that it answers for, and ends there")
  func connectFromAnother() throws {
    let bench = bench()
    let socket = bench.host.makeSocket(.stream, .v4)
    try bench.host.bind(socket, to: Self.far4, port: 4000)
    try bench.host.connect(socket, to: Endpoint(Bench.peer4, port: 80))
    let packet = try #require(bench.take().first)
    #expect(try IPv4Header.parse(packet.span.bytes).header.source == IPv4Address(198, 51, 100, 7))
    let syn = try #require(Bench.segment(packet)?.header)
    #expect(syn.sourcePort == 4000)
    give(bench.segment(from: 80, to: 4000, 500, syn.sequenceNumber &+ 1, [.syn, .ack]), to: bench)
    #expect(bench.nextReady() == socket && bench.nextFlow() == nil)
    for address in [IPAddress.v4(.broadcast), .v4(IPv4Address(224, 0, 0, 1)), .v4(IPv4Address(10, 0, 0, 255))] {
      let other = bench.host.makeSocket(.stream, .v4)
      #expect(throws: SocketError.self, "\(address)") {
        try bench.host.bind(other, to: address, port: 0)
        try bench.host.connect(other, to: Endpoint(Bench.peer4, port: 80))
      }
    }
    let ordinary = Bench()
    let refused = ordinary.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.addressNotAvailable) { try ordinary.host.bind(refused, to: Self.far4, port: 0) }
  }

  @Test("Any order of SYNs, resets, answers and time keeps the parts in agreement", arguments: 0..<8 as Range<UInt64>)
  func anyOrder(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let bench = bench {
      $0.flowLimit = 8
      $0.flowPatience = .seconds(20)
    }
    var asked: [IncomingFlow] = []
    for _ in 0..<2000 {
      let port = UInt16(1 + generator.next() % 12)
      switch generator.next() % 8 {
      case 0...2: give(syn(UInt32(generator.next() % 3) * 50, from: port), to: bench)
      case 3: give(bench.segment(from: port, UInt32(1 + generator.next() % 3 * 50), 0, .rst), to: bench)
      case 4: if let flow = bench.nextFlow() { asked.append(flow) }
      case 5:
        guard let flow = asked.popLast() else { break }
        if let socket = try? bench.host.accept(flow) { try? bench.host.close(socket) }
      case 6:
        guard !asked.isEmpty else { break }
        let answers: [FlowRefusal] = [.reset, .silence, .unreachable(.host)]
        bench.host.refuse(asked.removeFirst(), with: answers[Int(generator.next() % 3)])
      default:
        bench.now = bench.now + .milliseconds(Int64(generator.next() % 4000))
        bench.host.advance(to: bench.now)
      }
      bench.host.checkInvariants()
      _ = bench.take()
    }
    #expect(bench.host.pendingFlowCount <= 8)
  }
}

/// What changes the host can't stand in a macro's argument.
extension Bench {
  func nextFlow() -> IncomingFlow? { host.nextFlow() }
  func nextStray() -> StrayMessage? { host.nextStray() }
  func isPending(_ flow: IncomingFlow) -> Bool { host.isPending(flow) }
  func nextReady() -> Handle? { host.nextReady() }
  var nextDeadline: Instant { host.nextDeadline }
  func send(_ message: StrayMessage) -> Bool { host.send(message) }

  /// Accepts the flow that has come.
  func accept() throws -> Handle {
    let flow = try #require(nextFlow())
    return try host.accept(flow)
  }

  /// Refuses the flow that has come.
  func refuse(with answer: FlowRefusal) throws {
    let flow = try #require(nextFlow())
    host.refuse(flow, with: answer)
  }
}
