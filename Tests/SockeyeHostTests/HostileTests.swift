import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

/// What a hostile peer sends to a whole host: each test ends with a client that is still served.
///
/// Other tests of what a hostile peer sends stand with what they are about: floods of SYNs, land attacks, impossible sources and
/// ICMP errors that don't match in `HostTests`, fragments in `FragmentReassemblyTests`, and in the engine's own tests the rules
/// that one connection follows (`BlindAttackTests`, `HostileSegmentTests` and others of its target).
@Suite("Hostile packets")
struct HostileTests {
  /// Whether a new client still connects, sends a byte and has it read.
  private func stillServes(_ bench: Bench, _ listener: Handle, from port: UInt16 = 60_000) throws -> Bool {
    while (try? bench.host.accept(listener)) != nil {}
    _ = bench.take()
    guard let numbers = bench.handshake(from: port), let socket = try? bench.host.accept(listener) else { return false }
    bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, [.ack, .psh]), [42]))
    return try bench.read(from: socket) == [42]
  }

  /// A packet of each kind, well formed.
  private var packets: [[UInt8]] {
    var syn = TCPHeader(sourcePort: 2000, destinationPort: 80, sequenceNumber: 1, flags: .syn, window: 1000)
    syn.options.maximumSegmentSize = 1460
    syn.options.windowScale = 7
    syn.options.timestamp = TCPOptions.Timestamp(value: 1, echo: 0)
    let data = TCPHeader(
      sourcePort: 2000,
      destinationPort: 80,
      sequenceNumber: 2,
      acknowledgmentNumber: 3,
      flags: [.ack, .psh],
      window: 1000
    )
    return [
      Bench.packet(syn), Bench.packet(data, [1, 2, 3, 4]), Bench.datagram([1, 2, 3], port: 53),
      Bench.icmp(.echoRequest(identifier: 1, sequence: 2), [1, 2, 3]),
      Bench.packet(syn, from: Bench.peer6, to: Bench.own6),
      Bench.datagram([1, 2, 3], port: 53, from: Bench.peer6, to: Bench.own6),
    ]
  }

  @Test("A packet cut anywhere is dropped in silence")
  func truncated() throws {
    let bench = Bench()
    let listener = try bench.listener()
    for packet in packets {
      for count in 0..<packet.count { bench.give(Array(packet[..<count])) }
    }
    #expect(bench.take().isEmpty)
    #expect(bench.host.connectionCount == 0)
    #expect(try stillServes(bench, listener))
  }

  @Test("A byte at its extremes, anywhere in any packet, with every checksum as it should be or not, does no harm")
  func extremes() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 4096)
    for packet in packets {
      for offset in packet.indices {
        for value in [0, 1, 0x7F, 0x80, 0xFF] as [UInt8] {
          var changed = packet
          changed[offset] = value
          if changed[0] >> 4 == 4 { Self.completeHeader(&changed) }
          bench.host.receive(changed.span.bytes, checksumsAreValid: true, at: bench.now)
        }
      }
      _ = bench.take()
    }
    #expect(try stillServes(bench, listener))
  }

  /// Makes the checksum of an IPv4 header right, as long as it says it is.
  private static func completeHeader(_ packet: inout [UInt8]) {
    let length = Int(packet[0] & 15) * 4
    guard length >= 20, length <= packet.count else { return }
    (packet[10], packet[11]) = (0, 0)
    var sum = InternetChecksum()
    sum.add(packet.span.bytes, in: 0..<length)
    (packet[10], packet[11]) = (UInt8(sum.checksum >> 8), UInt8(sum.checksum & 0xFF))
  }

  @Test("A SYN with data, FIN or all flags is answered as a SYN; one with RST is dropped, one with ACK is reset")
  func oddSYNs() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var port: UInt16 = 3000
    for (flags, answer) in [
      ([.syn], [.syn, .ack]), ([.syn, .fin], [.syn, .ack]), ([.syn, .psh, .urg], [.syn, .ack]),
      ([.syn, .rst], nil), ([.syn, .ack], .rst), ([.syn, .fin, .rst, .psh, .ack, .urg], nil), ([], nil),
    ] as [(TCPFlags, TCPFlags?)] {
      port += 1
      bench.give(Bench.packet(bench.segment(from: port, 5, 77, flags), [1, 2, 3]))
      let answers = bench.takeSegments()
      #expect(answers.map(\.flags) == (answer.map { [$0] } ?? []), "\(flags)")
      // What came with the SYN is no part of what is acknowledged: it is sent again, or it was nothing.
      if answer == [.syn, .ack] { #expect(answers.first?.acknowledgmentNumber == 6) }
    }
    #expect(try stillServes(bench, listener))
  }

  @Test("IPv6 packets from groups, nobody, the host itself or mapped addresses are dropped in silence")
  func impossibleSources6() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let syn = TCPHeader(sourcePort: 80, destinationPort: 80, sequenceNumber: 1, flags: .syn, window: 1000)
    let sources: [IPv6Address] = [
      IPv6Address(high: 0xFF02 << 48, low: 1), .unspecified, Bench.own6.asIPv6, .loopback, Bench.peer4.asIPv6,
    ]
    for source in sources { bench.give(Bench.packet(syn, from: .v6(source), to: Bench.own6)) }
    bench.give(Bench.packet(syn, from: Bench.peer6, to: .v6(IPv6Address(high: 0xFF02 << 48, low: 1))))
    #expect(bench.take().isEmpty)
    #expect(bench.host.connectionCount == 0)
    #expect(try stillServes(bench, listener))
  }

  @Test("RFC 5961: RST, SYN and ACK in the window but off the mark get challenges, few a second, and nothing else")
  func blindAttacks() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for flags in [.rst, .syn, [.syn, .rst], .ack] as [TCPFlags] {
      bench.now += .seconds(5)
      bench.host.advance(to: bench.now)
      var challenges = 0
      for step in 1...2000 as ClosedRange<UInt32> {
        // An ACK of what was sent long ago, or never.
        let acknowledged = numbers.host &+ (flags == .ack ? step &* 1_000_003 : 0)
        bench.give(Bench.packet(bench.segment(numbers.peer &+ step, acknowledged, flags), flags == .ack ? [1] : []))
        let answers = bench.takeSegments()
        #expect(answers.allSatisfy { $0.flags == .ack && $0.acknowledgmentNumber == numbers.peer }, "\(flags)")
        challenges += answers.count
      }
      // Data is always answered (RFC 9293 section 3.10.7.4); what is empty only so often.
      #expect((1...(flags == .ack ? 2000 : 20)).contains(challenges), "\(flags): \(challenges)")
    }
    #expect(try bench.host.metrics(of: socket).state == .established)
    #expect(try stillServes(bench, listener))
  }

  @Test("Data beyond the window takes no memory, however far beyond")
  func beyondWindow() throws {
    let bench = Bench {
      $0.connection.receiveBuffer = 65_535
      $0.connection.maximumReceiveBuffer = 65_535
    }
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for ahead in [65_536, 70_000, 1 << 20, 1 << 30, 0x7FFF_0000, 0x8000_0000, 0xFFFF_0000] as [UInt32] {
      bench.give(
        Bench.packet(bench.segment(numbers.peer &+ ahead, numbers.host, .ack), [UInt8](repeating: 1, count: 1400))
      )
    }
    #expect(bench.host.streams[StreamPlace(0)].incoming.allocatedCount == 0)
    // At the edge, the part within is kept.
    bench.give(
      Bench.packet(bench.segment(numbers.peer &+ 65_000, numbers.host, .ack), [UInt8](repeating: 1, count: 1400))
    )
    #expect(bench.host.streams[StreamPlace(0)].incoming.allocatedCount <= 1 << 16)
    #expect(try bench.host.queuedCounts(of: socket).readable == 0)
    #expect(try stillServes(bench, listener))
  }

  @Test("A window that shrinks below what is on its way ends nothing, and brings no new data out")
  func shrinkingWindow() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    _ = try bench.write([UInt8](repeating: 1, count: 60_000), to: socket)
    let sent = bench.take().compactMap(Bench.segment).reduce(0) { $0 + $1.payload.count }
    #expect(sent > 3000)
    for window in [1000, 1, 0] as [UInt16] {
      var header = bench.segment(numbers.peer, numbers.host &+ 1000, .ack)
      header.window = window
      bench.give(Bench.packet(header))
      let end = numbers.host &+ UInt32(sent)
      for packet in bench.take().compactMap(Bench.segment) {
        let last = packet.header.sequenceNumber &+ UInt32(packet.payload.count)
        #expect(Int32(bitPattern: last &- end) <= 0, "new data into a window of \(window)")
      }
    }
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host &+ UInt32(sent), .ack)))
    #expect(!bench.takeSegments().isEmpty)
    #expect(try bench.host.metrics(of: socket).state == .established)
    #expect(try stillServes(bench, listener))
  }

  @Test("SACK blocks that the peer takes back cost nothing but time: all of it is sent again")
  func reneging() throws {
    let bench = Bench { $0.connection.timestamps = false }
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake(hasSelectiveAcknowledgment: true))
    let socket = try bench.host.accept(listener)
    _ = try bench.write([UInt8](repeating: 1, count: 5000), to: socket)
    _ = bench.take()
    var header = bench.segment(numbers.peer, numbers.host, .ack)
    _ = header.options.sackBlocks.append(SACKBlock(left: numbers.host &+ 536, right: numbers.host &+ 5000))
    for _ in 0..<3 { bench.give(Bench.packet(header)) }
    _ = bench.take()
    var acknowledged = numbers.host
    for _ in 0..<200 where acknowledged != numbers.host &+ 5000 {
      bench.now += .milliseconds(100)
      bench.host.advance(to: bench.now)
      for packet in bench.take().compactMap(Bench.segment) where packet.header.sequenceNumber == acknowledged {
        acknowledged &+= UInt32(packet.payload.count)
      }
      bench.give(Bench.packet(bench.segment(numbers.peer, acknowledged, .ack)))
    }
    #expect(acknowledged == numbers.host &+ 5000)
    #expect(try bench.host.queuedCounts(of: socket).unacknowledged == 0)
    #expect(try stillServes(bench, listener))
  }

  @Test(
    "Fragments that overlap, are empty or never complete are bounded in memory, and keep nobody else's from completing"
  )
  func fragments() throws {
    let bench = Bench { $0.fragmentLimit = 100_000 }
    let listener = try bench.listener()
    let datagrams = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(datagrams, to: nil, port: 53)
    for identification in 1000..<6000 as Range<UInt16> {
      bench.give(Bench.fragment([UInt8](repeating: 2, count: 800), at: 0, identification))
      bench.give(Bench.fragment([UInt8](repeating: 3, count: 800), at: 400, identification))
      bench.give(Bench.fragment([], at: 800, identification))
      bench.give(Bench.fragment([9], at: 0xFFF8, identification, isLast: true))
      bench.give(Bench.fragment([UInt8](repeating: 3, count: 80), at: 0xFFF8, identification, isLast: true))
    }
    let whole = Array(Bench.datagram([UInt8](repeating: 7, count: 1000), port: 53).dropFirst(20))
    bench.give(Bench.fragment(Array(whole[..<504]), at: 0, 1))
    bench.give(Bench.fragment(Array(whole[504...]), at: 504, 1, isLast: true))
    #expect(try bench.host.readiness(of: datagrams).contains(.readable))
    bench.host.advance(to: bench.now + .seconds(61))
    #expect(bench.host.nextDeadline == .never || !bench.take().isEmpty)
    #expect(try stillServes(bench, listener))
  }

  @Test("Every set of flags, in every state of a connection, does no harm to others")
  func flags() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 4096)
    for bits in 0..<512 as Range<UInt16> {
      let flags = TCPFlags(rawValue: bits)
      bench.give(Bench.packet(bench.segment(from: 1000 + bits, 5, 5, flags), [1, 2]))
      let port = 3000 + bits
      if let numbers = bench.handshake(from: port) {
        bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, flags), [1, 2]))
        bench.give(Bench.packet(bench.segment(from: port, numbers.peer, numbers.host, flags)))
      }
      while let socket = try? bench.host.accept(listener) { try bench.host.close(socket) }
      _ = bench.take()
    }
    #expect(try stillServes(bench, listener))
  }

  @Test("Options of every kind and length, past the end as well, do no harm")
  func options() throws {
    let bench = Bench()
    let listener = try bench.listener(backlog: 4096)
    for kind in 0...255 as ClosedRange<UInt8> {
      for length in [0, 1, 2, 3, 4, 8, 10, 18, 40, 255] as [UInt8] {
        var packet = packets[0]
        // The options stand behind both headers; their checksum is taken as valid.
        packet[40] = kind
        packet[41] = length
        bench.host.receive(packet.span.bytes, checksumsAreValid: true, at: bench.now)
      }
      _ = bench.take()
      bench.now += .seconds(400)
      bench.host.advance(to: bench.now)
    }
    #expect(try stillServes(bench, listener))
  }

  @Test("Acknowledgments of what was never sent, and SACK blocks that lie, neither send nor free anything")
  func optimism() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake(hasSelectiveAcknowledgment: true))
    let socket = try bench.host.accept(listener)
    _ = try bench.write([UInt8](repeating: 1, count: 60_000), to: socket)
    let before = bench.takeSegments().count
    #expect(before > 0)
    for ahead in [200_000, 1 << 30, 1 << 31] as [UInt32] {
      var header = bench.segment(numbers.peer, numbers.host &+ ahead, .ack)
      bench.give(Bench.packet(header))
      header = bench.segment(numbers.peer, numbers.host, .ack)
      _ = header.options.sackBlocks.append(SACKBlock(left: numbers.host &+ ahead, right: numbers.host &+ ahead &+ 1000))
      bench.give(Bench.packet(header))
    }
    #expect(bench.takeSegments().filter { $0.flags.contains(.psh) }.isEmpty)
    #expect(try bench.host.queuedCounts(of: socket).unacknowledged == 60_000)
    #expect(try stillServes(bench, listener))
  }

  @Test("Segments of a byte, each beyond a gap, are bounded in number, and data in order is still taken")
  func tinySegments() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    for index in 0..<20_000 as Range<UInt32> {
      bench.give(Bench.packet(bench.segment(numbers.peer &+ 2 &+ 2 &* index, numbers.host, .ack), [1]))
    }
    #expect(try bench.host.metrics(of: socket).segmentsDroppedForRangeBudget > 0)
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, .ack), [1, 1]))
    #expect(try bench.host.queuedCounts(of: socket).readable >= 2)
    #expect(try stillServes(bench, listener))
  }

  /// A connection that has three bytes to send to a window of zero, and the segment that holds it there.
  private func writeToClosedWindow(of bench: Bench) throws -> (socket: Handle, closed: TCPHeader) {
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    var closed = bench.segment(numbers.peer, numbers.host, .ack)
    closed.window = 0
    bench.give(Bench.packet(closed))
    _ = bench.take()
    _ = try bench.write([1, 2, 3], to: socket)
    return (socket, closed)
  }

  @Test("A window that is held at zero for ever is probed, not given up, and not flooded")
  func zeroWindow() throws {
    let bench = Bench()
    let (socket, closed) = try writeToClosedWindow(of: bench)
    var probes = 0
    for _ in 0..<3600 {
      bench.now += .seconds(1)
      bench.host.advance(to: bench.now)
      for _ in bench.takeSegments() {
        probes += 1
        bench.give(Bench.packet(closed))
      }
    }
    #expect((10...60).contains(probes), "\(probes) probes in an hour")
    #expect(try bench.host.metrics(of: socket).state == .established)
  }

  @Test("A closed window and then silence end the connection after as many probes as R2 says, and who waits is told")
  func silenceAtZeroWindow() throws {
    let bench = Bench { $0.connection.dataRetries = 5 }
    let (socket, _) = try writeToClosedWindow(of: bench)
    var probes = 0
    for _ in 0..<600 {
      probes += bench.take().count
      bench.host.checkInvariants()
      bench.now += .seconds(1)
      bench.host.advance(to: bench.now)
    }
    #expect(probes == 5)
    #expect(try bench.host.readiness(of: socket).contains([.failed, .hungUp]))
    #expect(try bench.host.takeError(of: socket) == .timedOut)
    try bench.host.close(socket)
    #expect(bench.host.connectionCount == 0)
  }
}
