import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Host")
struct HostTests {
  // MARK: IP and ICMP

  @Test("An echo request is answered with its own data, of any length and either family")
  func echo() throws {
    let bench = Bench()
    for count in [0, 1, 56, 1472] {
      let data = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
      bench.give(Bench.icmp(.echoRequest(identifier: 1, sequence: 2), data))
      let reply = try #require(bench.take().first.flatMap(Bench.transport))
      let (message, payload) = try ICMPv4Message.parse(reply.span.bytes)
      #expect(message == .echoReply(identifier: 1, sequence: 2))
      #expect(Array(reply[payload]) == data)
    }
    var request = [UInt8](repeating: 5, count: 20)
    request.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      ICMPv6Message.echoRequest(identifier: 3, sequence: 4).emit(
        into: &span,
        from: Bench.peer6.asIPv6,
        to: Bench.own6.asIPv6,
        payload: ([UInt8](repeating: 5, count: 12)).span.bytes
      )
    }
    bench.give(Bench.packet(protocolNumber: 58, request, from: Bench.peer6, to: Bench.own6))
    let reply = try #require(bench.take().first.flatMap(Bench.transport))
    let (message, _) = try ICMPv6Message.parse(reply.span.bytes, from: Bench.own6.asIPv6, to: Bench.peer6.asIPv6)
    #expect(message == .echoReply(identifier: 3, sequence: 4))
  }

  @Test("An echo that is larger than the MTU comes back in fragments")
  func largeEcho() {
    let bench = Bench()
    bench.give(Bench.icmp(.echoRequest(identifier: 1, sequence: 2), [UInt8](repeating: 7, count: 4000)))
    let packets = bench.take()
    #expect(packets.map(\.count) == [1500, 1500, 1068])
  }

  @Test("RFC 1122 section 3.2.2: no error about an error, about what was for many, or about a later fragment")
  func noErrorAboutErrors() {
    let bench = Bench()
    let closed = Bench.datagram([1], port: 9)
    bench.give(closed)
    #expect(bench.take().count == 1)
    bench.give(Bench.icmp(.destinationUnreachable(.port, mtu: 0), Array(closed.prefix(28))))
    bench.give(Bench.datagram([1], port: 9, to: .v4(IPv4Address(10, 0, 0, 255))))
    bench.give(Bench.datagram([1], port: 9, to: .v4(.broadcast)))
    bench.give(Bench.datagram([1], port: 9, to: .v4(IPv4Address(224, 0, 0, 1))))
    #expect(bench.take().isEmpty)
  }

  @Test("Errors are limited in their rate, and switched off by a rate of zero")
  func errorRate() {
    for (rate, expected) in [(5, 5), (0, 0)] {
      let bench = Bench { $0.errorsPerSecond = rate }
      for _ in 0..<50 { bench.give(Bench.datagram([1], port: 9)) }
      #expect(bench.take().count == expected)
    }
  }

  @Test("A protocol that nobody speaks is reported, of either family")
  func unknownProtocol() throws {
    let bench = Bench()
    bench.give(Bench.packet(protocolNumber: 132, [1, 2, 3, 4, 5, 6, 7, 8]))
    let first = try #require(bench.take().first.flatMap(Bench.transport))
    #expect(try ICMPv4Message.parse(first.span.bytes).message == .destinationUnreachable(.protocol, mtu: 0))
    bench.give(Bench.packet(protocolNumber: 132, [1, 2, 3, 4], from: Bench.peer6, to: Bench.own6))
    let second = try #require(bench.take().first.flatMap(Bench.transport))
    let (message, _) = try ICMPv6Message.parse(second.span.bytes, from: Bench.own6.asIPv6, to: Bench.peer6.asIPv6)
    #expect(message == .parameterProblem(.unrecognizedNextHeader, pointer: 6))
  }

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

  // MARK: TCP

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

  @Test("A connection waits to be accepted, is accepted once, and carries data in one copy each way")
  func accept() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    #expect(try bench.host.readiness(of: listener) == .readable)
    let socket = try bench.host.accept(listener)
    #expect(throws: SocketError.wouldBlock) { try bench.host.accept(listener) }
    #expect(try bench.host.remoteEndpoint(of: socket) == Endpoint(Bench.peer4, port: 2000))
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .psh]), [1, 2, 3]))
    var buffer = [UInt8](repeating: 0, count: 10)
    let count = try buffer.withUnsafeMutableBytes { try bench.host.read(into: $0, from: socket) }
    #expect(Array(buffer[..<count]) == [1, 2, 3])
    let written = try ([9, 8, 7] as [UInt8]).withUnsafeBytes { try bench.host.write($0, to: socket) }
    #expect(written == 3)
    #expect(bench.take().compactMap(Bench.segment).map(\.payload).last == [9, 8, 7])
  }

  @Test("Bytes can be read where they lie, in pieces where the ring wraps, and only what was taken is let go of")
  func readInPlace() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var read: [UInt8] = []
    var sent: [UInt8] = []
    // The ring has 2048 bytes, so the second segment lies around its end.
    for (count, wanted, expected) in [(1400, 1300, 1300), (1000, 5000, 748), (0, 5000, 352)] {
      if count > 0 {
        let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ count) }
        sent += data
        bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack), data))
        numbers.peer &+= UInt32(count)
      }
      let taken = try bench.host.read(from: socket) { bytes in
        read += bytes.prefix(wanted)
        return wanted
      }
      #expect(taken == expected)
    }
    #expect(read == sent)
    #expect(throws: SocketError.wouldBlock) { try bench.host.read(from: socket) { $0.count } }
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .fin])))
    #expect(try bench.host.read(from: socket) { $0.count } == nil)
  }

  @Test("What becomes ready is told once: a listener, a connection by data and by acknowledgment, a datagram's socket")
  func changes() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let datagrams = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(datagrams, to: nil, port: 53)
    #expect(bench.host.nextReady() == nil)
    let numbers = try #require(bench.handshake())
    #expect(bench.host.nextReady() == listener)
    let socket = try bench.host.accept(listener)
    #expect(bench.host.nextReady() == nil)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .psh]), [1]))
    bench.give(Bench.packet(bench.segment(numbers.peer + 1, numbers.host, [.ack, .psh]), [2]))
    bench.give(Bench.datagram([3], port: 53))
    #expect(bench.host.nextReady() == socket)
    #expect(bench.host.nextReady() == datagrams)
    #expect(bench.host.nextReady() == nil)
    _ = try ([9] as [UInt8]).withUnsafeBytes { try bench.host.write($0, to: socket) }
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(numbers.peer + 2, numbers.host + 1, .ack)))
    #expect(bench.host.nextReady() == socket)
    bench.give(Bench.datagram([4], port: 53))
    try bench.host.close(datagrams)
    #expect(bench.host.nextReady() == nil)
  }

  @Test("A flood of SYNs is answered by cookies and keeps nothing; who is there still connects, and others aren't hurt")
  func synFlood() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let established = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for index in 0..<20_000 {
      let source = IPAddress.v4(IPv4Address(rawValue: 0x0A00_0003 + UInt32(index % 200)))
      let syn = TCPHeader(
        sourcePort: UInt16(1024 + index / 200),
        destinationPort: 80,
        sequenceNumber: UInt32(index),
        flags: .syn,
        window: 1000
      )
      bench.give(Bench.packet(syn, from: source))
      #expect(bench.take().count <= 1)
    }
    #expect(bench.host.connectionCount == 1 + 16)
    #expect(bench.host.statistics.cookiesSent > 19_000)
    let late = try #require(bench.handshake(from: 3000))
    #expect(bench.host.statistics.cookiesAccepted == 1)
    #expect(throws: Never.self) { try bench.host.accept(listener) }
    bench.give(Bench.packet(bench.segment(from: 3000, late.peer, late.host, .ack), [1]))
    bench.give(Bench.packet(bench.segment(established.peer, established.host, .ack), [1]))
    #expect(try bench.host.readiness(of: socket).contains(.readable))
  }

  @Test("Without cookies a full queue drops SYNs; an ACK that guesses is reset")
  func fullQueue() throws {
    let bench = Bench { $0.synCookies = .never }
    _ = try bench.listener()
    for port in 1000..<1100 as Range<UInt16> {
      bench.give(Bench.packet(bench.segment(from: port, 1, 0, .syn)))
    }
    #expect(bench.host.connectionCount == 16)
    #expect(bench.host.statistics.synsDropped == 84)
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(from: 999, 1, 12345, .ack)))
    #expect(bench.takeSegments().map(\.flags) == [.rst])
  }

  @Test("A listener whose application is behind takes no more than its backlog")
  func backlog() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 3)
    for port in 1000..<1010 as Range<UInt16> { _ = bench.handshake(from: port) }
    #expect(bench.host.connectionCount == 3)
    for _ in 0..<3 { _ = try bench.host.accept(listener) }
    #expect(throws: SocketError.wouldBlock) { try bench.host.accept(listener) }
    #expect(bench.handshake(from: 1011) != nil)
  }

  @Test("Closing a listener resets what nobody will accept, and frees the port")
  func closeListener() throws {
    let bench = Bench()
    let listener = try bench.listener()
    _ = try #require(bench.handshake())
    try bench.host.close(listener)
    #expect(bench.takeSegments().last?.flags.contains(.rst) == true)
    #expect(bench.host.connectionCount == 0)
    #expect(throws: Never.self) { try bench.listener() }
  }

  @Test("A connection that closed first waits in TIME-WAIT without its state, answers there, and is forgotten in time")
  func timeWait() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    try bench.host.close(socket)
    #expect(bench.takeSegments().last?.flags == [.fin, .ack])
    numbers.host &+= 1
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    #expect(bench.takeSegments().last?.flags == .ack)
    #expect(bench.host.connectionCount == 0)
    #expect(bench.host.timeWaitCount == 1)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    #expect(bench.takeSegments().map(\.flags) == [.ack])
    bench.host.advance(to: .zero + .seconds(121))
    #expect(bench.host.timeWaitCount == 0)
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    #expect(bench.takeSegments().map(\.flags) == [.rst])
  }

  @Test("RFC 6191: a SYN beyond the old connection's numbers opens a new one out of TIME-WAIT, above the old one's")
  func timeWaitReuse() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var numbers = try #require(bench.handshake())
    try bench.host.close(try bench.host.accept(listener))
    _ = bench.take()
    numbers.host &+= 1
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.fin, .ack])))
    _ = bench.take()
    #expect(bench.host.timeWaitCount == 1)
    bench.give(Bench.packet(bench.segment(numbers.peer &+ 1000, 0, .syn)))
    let answer = try #require(bench.takeSegments().first)
    #expect(answer.flags.contains([.syn, .ack]))
    #expect(Int32(bitPattern: answer.sequenceNumber &- numbers.host) > 0)
    #expect(bench.host.timeWaitCount == 0)
  }

  @Test(
    "A tuple that comes out of TIME-WAIT again and again takes the same place each time, and waits as long each time"
  )
  func timeWaitReuseAgain() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var peer: UInt32 = 100
    for round in 0..<1000 {
      bench.give(Bench.packet(bench.segment(peer, 0, .syn)))
      let answer = try #require(bench.takeSegments().first, "round \(round)")
      let next = answer.sequenceNumber &+ 1
      bench.give(Bench.packet(bench.segment(peer &+ 1, next, .ack)))
      try bench.host.close(try bench.host.accept(listener))
      _ = bench.take()
      bench.give(Bench.packet(bench.segment(peer &+ 1, next &+ 1, [.fin, .ack])))
      _ = bench.take()
      peer &+= 1000
    }
    #expect(bench.host.timeWaitCount == 1)
    #expect(bench.host.timeWaits.capacity == 1)
    bench.now += .seconds(60)
    // The last FIN comes again: the wait starts over.
    bench.give(Bench.packet(bench.segment(peer &- 999, 0, [.fin, .ack])))
    #expect(bench.host.timeWaits.nextDeadline == bench.now + .seconds(120))
    bench.host.advance(to: bench.now + .seconds(120))
    #expect(bench.host.timeWaitCount == 0)
  }

  @Test("TIME-WAIT is bounded in count")
  func timeWaitBound() throws {
    let bench = Bench { $0.timeWaitLimit = 10 }
    let listener = try bench.listener()
    for port in 1000..<1050 as Range<UInt16> {
      var numbers = try #require(bench.handshake(from: port))
      try bench.host.close(try bench.host.accept(listener))
      _ = bench.take()
      numbers.host &+= 1
      bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, [.fin, .ack])))
      _ = bench.take()
    }
    #expect(bench.host.timeWaitCount == 10)
    #expect(bench.host.connectionCount == 0)
  }

  @Test("RFC 5927: an ICMP error counts only if it quotes a sequence number that is outstanding")
  func matchedErrors() throws {
    let bench = Bench()
    let socket = bench.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.inProgress) {
      try bench.host.connect(socket, to: Endpoint(Bench.peer4, port: 80))
    }
    let syn = try #require(bench.take().first)
    var forged = Array(syn.prefix(28))
    forged[24] ^= 0x80
    bench.give(Bench.icmp(.destinationUnreachable(.port, mtu: 0), forged))
    #expect(try !bench.host.readiness(of: socket).contains(.failed))
    bench.give(Bench.icmp(.destinationUnreachable(.port, mtu: 0), Array(syn.prefix(28))))
    #expect(try bench.host.readiness(of: socket).contains(.failed))
    #expect(try bench.host.takeError(of: socket) == .refused)
  }

  @Test("A million bytes of garbage in packets of every kind neither trap nor leave anything behind")
  func garbage() throws {
    let bench = Bench()
    _ = try bench.listener()
    var random = Seeded(99)
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

  // MARK: Sockets

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

  @Test("Datagrams that nobody receives are bounded in bytes, overhead included")
  func datagramBound() throws {
    let bench = Bench { $0.datagramQueueLimit = 10_000 }
    let handle = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(handle, to: nil, port: 53)
    for _ in 0..<1000 { bench.give(Bench.datagram([], port: 53)) }
    #expect(bench.host.statistics.datagramsDropped == UInt64(1000 - 10_000 / 96))
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
    #expect(bench.host.streams.indices.count == 1)
  }
}
