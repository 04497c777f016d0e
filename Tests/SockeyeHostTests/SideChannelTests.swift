import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

/// Attacks that count: what one peer is answered must not depend on what another causes.
@Suite("One peer neither reads nor uses up what is another's")
struct SideChannelTests {
  static let victim = IPAddress.v4(IPv4Address(10, 0, 0, 9))

  static func address(_ number: Int) -> IPAddress {
    .v4(IPv4Address(rawValue: 0xC633_0000 + UInt32(truncatingIfNeeded: number)))
  }

  private func echo(from source: IPAddress) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 64)
    let data = [UInt8](repeating: 0, count: 56)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      ICMPv4Message.echoRequest(identifier: 1, sequence: 1).emit(into: &span, payload: data.span.bytes)
    }
    return Bench.packet(protocolNumber: 1, bytes, from: source)
  }

  private static func header(_ packet: [UInt8]) throws -> IPv4Header { try IPv4Header.parse(packet.span.bytes).0 }

  // MARK: Identifications

  @Test("RFC 7739 section 5: who pings can't count the packets that others are sent")
  func identificationsOfOthers() throws {
    func seen(others: Int) throws -> [UInt16] {
      let bench = Bench { $0.gateway4 = IPv4Address(10, 0, 0, 254) }
      return try (0..<20).map { _ in
        for other in 0..<others { bench.give(echo(from: Self.address(other))) }
        _ = bench.take()
        bench.give(echo(from: Bench.peer4))
        return try Self.header(try #require(bench.take().last)).identification
      }
    }
    let alone = try seen(others: 0)
    let steps = zip(alone, alone.dropFirst()).map { $1 &- $0 }
    for others in [1, 7, 100] {
      let numbers = try seen(others: others)
      #expect(zip(numbers, numbers.dropFirst()).map { $1 &- $0 } == steps, "\(others) others")
    }
  }

  @Test("RFC 6864 section 4.1: what can't be fragmented has no identification, of a connection or of none")
  func atomic() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    let socket = try bench.host.accept(listener)
    _ = try bench.write([UInt8](repeating: 1, count: 5000), to: socket)
    bench.give(Bench.packet(bench.segment(to: 81, 1, 0, .syn)))
    let packets = bench.take()
    #expect(packets.count >= 4)
    for packet in packets {
      let header = try Self.header(packet)
      #expect(header.identification == 0 && header.dontFragment)
    }
    _ = numbers
  }

  // MARK: Limits

  private func probe(_ port: UInt16, from source: IPAddress) -> [UInt8] {
    Bench.datagram([1], port: port, from: source)
  }

  private func makeBench(seed: UInt64 = 7) -> Bench {
    Bench {
      $0.gateway4 = IPv4Address(10, 0, 0, 254)
      $0.secret = HostSecret(seed: seed)
    }
  }

  /// The attacker probes ports from addresses that he doesn't have, then looks whether an error is left for himself. An open port
  /// takes none, so with an exact limit the answer tells whether one of a thousand ports is open.
  @Test("RFC 4443 section 2.4: who uses up the errors of a second can't tell whether one was left by an open port")
  func openPort() throws {
    func answers(isOpen: Bool, probes: Int) throws -> Int {
      try (0..<60 as Range<UInt64>).count { seed in
        let bench = makeBench(seed: seed)
        if isOpen { try bench.host.bind(bench.host.makeSocket(.datagram, .v4), to: nil, port: 1500) }
        for index in 0..<probes { bench.give(probe(UInt16(1000 + index), from: Self.address(index))) }
        _ = bench.take()
        bench.give(probe(1, from: Bench.peer4))
        return bench.take().count == 1
      }
    }
    for probes in [750, 800, 850, 900, 950, 1000] {
      let (open, closed) = (try answers(isOpen: true, probes: probes), try answers(isOpen: false, probes: probes))
      #expect(abs(open - closed) <= 3, "\(probes) probes: \(open) and \(closed) of 60")
    }
  }

  @Test("Errors and resets to one peer use up none of another's, and are limited for each")
  func shares() throws {
    let bench = makeBench()
    for _ in 0..<20_000 {
      bench.give(probe(9, from: Bench.peer4))
      bench.give(Bench.packet(bench.segment(1, 0, .syn)))
    }
    let packets = bench.take()
    #expect(packets.count { $0[9] == 1 } == 125)
    #expect(packets.count { $0[9] == 6 } == 1250)
    #expect(bench.host.statistics.resetsWithheld == 18_750)
    bench.give(probe(9, from: Self.victim))
    bench.give(Bench.packet(bench.segment(1, 0, .syn), from: Self.victim))
    #expect(bench.take().map { $0[9] } == [1, 6])
  }

  @Test("In all, errors and resets stay below their limits, however many peers there seem to be")
  func total() {
    let bench = makeBench()
    for index in 0..<20_000 {
      bench.give(probe(9, from: Self.address(index)))
      bench.give(Bench.packet(bench.segment(1, 0, .syn), from: Self.address(index)))
    }
    let packets = bench.take()
    #expect((750...1000).contains(packets.count { $0[9] == 1 }))
    #expect((7500...10_000).contains(packets.count { $0[9] == 6 }))
  }

  @Test("All addresses of an IPv6 network of 64 bits share what is for one peer")
  func network() {
    let bench = makeBench()
    for index in 0..<2000 as Range<UInt64> {
      let source = IPAddress.v6(IPv6Address(high: 0xFD00 << 48, low: 100 + index))
      bench.give(Bench.datagram([1], port: 9, from: source, to: Bench.own6))
    }
    #expect(bench.take().count == 125)
  }

  // MARK: Connections

  @Test("Forged segments use up no answer to the peer's keep-alive probes")
  func keepAlive() throws {
    let bench = Bench()
    _ = try bench.listener()
    let numbers = try #require(bench.handshake())
    _ = bench.take()
    for step in 0..<2000 as Range<UInt32> {
      bench.give(Bench.packet(bench.segment(numbers.peer &+ 0x4000_0000 &+ step &* 7, numbers.host, .ack)))
    }
    #expect(bench.take().count <= 10)
    bench.give(Bench.packet(bench.segment(numbers.peer &- 1, numbers.host, .ack)))
    #expect(bench.takeSegments().map(\.acknowledgmentNumber) == [numbers.peer])
    for _ in 0..<2000 { bench.give(Bench.packet(bench.segment(numbers.peer &- 1, numbers.host, .ack))) }
    #expect(bench.take().count <= 10, "two sides that disagree by a byte do not answer each other for ever")
  }

  @Test("A forged FIN doesn't keep a connection in TIME-WAIT; the peer's own, again, does (MUST-13)")
  func timeWait() throws {
    let bench = Bench()
    let listener = try bench.listener()
    let numbers = try #require(bench.handshake())
    try bench.host.close(try bench.host.accept(listener))
    _ = bench.take()
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host &+ 1, [.fin, .ack])))
    _ = bench.take()
    let end = bench.host.nextDeadline
    bench.now += .seconds(30)
    for step in [0x4000_0000, 5, 0xFFFF_0000] as [UInt32] {
      bench.give(Bench.packet(bench.segment(numbers.peer &+ step, numbers.host &+ 1, [.fin, .ack])))
      _ = bench.take()
      #expect(bench.host.nextDeadline == end)
    }
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host &+ 1, [.fin, .ack])))
    _ = bench.take()
    #expect(bench.host.nextDeadline == end + .seconds(30))
  }
}
