import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Fragments at a whole host (RFC 791, RFC 8200 section 4.5)")
struct FragmentAttackTests {
  private func fragment4(
    _ data: [UInt8],
    at offset: Int,
    _ identification: Int,
    from source: IPv4Address,
    isLast: Bool = false
  ) -> [UInt8] {
    let header = IPv4Header(
      identification: UInt16(truncatingIfNeeded: identification),
      dontFragment: false,
      moreFragments: !isLast,
      fragmentOffset: UInt16(offset),
      protocolNumber: 17,
      source: source,
      destination: IPv4Address(10, 0, 0, 1)
    )
    var packet = [UInt8](repeating: 0, count: 20)
    packet.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      header.emit(into: &span, payloadLength: data.count)
    }
    return packet + data
  }

  private func fragment6(_ data: [UInt8], next: UInt8, at offset: UInt16, isLast: Bool) -> [UInt8] {
    let header = IPv6FragmentHeader(nextHeader: next, offset: offset, moreFragments: !isLast, identification: 5)
    var bytes = [UInt8](repeating: 0, count: 8)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      header.emit(into: &span)
    }
    return Bench.packet(protocolNumber: 44, bytes + data, from: Bench.peer6, to: Bench.own6)
  }

  private func receiver(_ bench: Bench, _ family: AddressFamily = .v4) throws -> Handle {
    let socket = bench.host.makeSocket(.datagram, family)
    try bench.host.bind(socket, to: nil, port: 53)
    return socket
  }

  @Test(
    "A source that floods with fragments evicts its own, whatever they look like",
    arguments: [(8, 65_000), (1480, 0), (8, 0), (1400, 64_000)]
  )
  func flood(length: Int, offset: Int) throws {
    let bench = Bench()
    let socket = try receiver(bench)
    let datagram = Array(Bench.datagram([UInt8](repeating: 3, count: 2000), port: 53).dropFirst(20))
    bench.give(fragment4(Array(datagram[..<1480]), at: 0, 1, from: IPv4Address(10, 0, 0, 2)))
    for index in 0..<4_000 {
      let data = [UInt8](repeating: 1, count: length)
      bench.give(fragment4(data, at: offset, index, from: IPv4Address(10, 0, 0, 3)))
    }
    bench.give(fragment4(Array(datagram[1480...]), at: 1480, 1, from: IPv4Address(10, 0, 0, 2), isLast: true))
    #expect(try bench.host.queuedCounts(of: socket).readable == 2000)
  }

  @Test("Fragments under many addresses push out what is oldest, not whoever sends packets of a useful size")
  func manySources() throws {
    let bench = Bench()
    let socket = try receiver(bench)
    let tiny = [UInt8](repeating: 1, count: 8)
    for index in 0..<200 {
      bench.give(fragment4(tiny, at: 8, index, from: IPv4Address(10, 0, 1, UInt8(index))))
    }
    let datagram = Array(Bench.datagram([UInt8](repeating: 3, count: 2000), port: 53).dropFirst(20))
    bench.give(fragment4(Array(datagram[..<1480]), at: 0, 1, from: IPv4Address(10, 0, 0, 2)))
    for index in 0..<250 {
      bench.give(fragment4(tiny, at: 8, index, from: IPv4Address(10, 0, 2, UInt8(index))))
    }
    bench.give(fragment4(Array(datagram[1480...]), at: 1480, 1, from: IPv4Address(10, 0, 0, 2), isLast: true))
    #expect(try bench.host.queuedCounts(of: socket).readable == 2000)
  }

  @Test("RFC 8200 section 4.1: destination options behind a fragment header are read, and what follows is delivered")
  func destinationOptions() throws {
    let bench = Bench()
    let socket = try receiver(bench, .v6)
    let datagram = Bench.datagram([UInt8](repeating: 3, count: 100), port: 53, from: Bench.peer6, to: Bench.own6)
    let whole = [17, 0, 1, 4, 0, 0, 0, 0] + datagram.dropFirst(40)
    bench.give(fragment6(Array(whole[..<64]), next: 60, at: 0, isLast: false))
    bench.give(fragment6(Array(whole[64...]), next: 60, at: 64, isLast: true))
    #expect(try bench.host.queuedCounts(of: socket).readable == 100)

    // An option that forbids to be skipped stops the packet there as well.
    let refused = [17, 0, 0x80, 4, 0, 0, 0, 0] + datagram.dropFirst(40)
    bench.give(fragment6(Array(refused[..<64]), next: 60, at: 0, isLast: false))
    bench.give(fragment6(Array(refused[64...]), next: 60, at: 64, isLast: true))
    let report = try #require(bench.take().first.flatMap(Bench.transport))
    let (message, _) = try ICMPv6Message.parse(report.span.bytes, from: Bench.own6.asIPv6, to: Bench.peer6.asIPv6)
    #expect(message == .parameterProblem(.unrecognizedOption, pointer: 42))
  }

  @Test("RFC 7112 section 5: a first fragment without the whole chain of headers is refused with code 3")
  func headerChain() throws {
    for (next, data) in [
      (6, [UInt8](repeating: 0, count: 16)), (6, [UInt8](repeating: 0x80, count: 24)),
      (60, [6, 1, 1, 12, 0, 0, 0, 0]), (60, [17, 0, 1, 4, 0, 0, 0, 0]), (43, [60, 0, 0, 0, 0, 0, 0, 0]),
    ] as [(UInt8, [UInt8])] {
      let bench = Bench()
      bench.give(fragment6(data, next: next, at: 0, isLast: false))
      let report = try #require(bench.take().first.flatMap(Bench.transport))
      let (message, _) = try ICMPv6Message.parse(report.span.bytes, from: Bench.own6.asIPv6, to: Bench.peer6.asIPv6)
      #expect(message == .parameterProblem(.incompleteHeaderChain, pointer: 0), "\(next) \(data)")
      #expect(bench.host.nextDeadline == .never)
    }
  }

  @Test("A fragment in a fragment is dropped")
  func nested() {
    let bench = Bench()
    let inner = [UInt8](fragment6([UInt8](repeating: 1, count: 16), next: 44, at: 0, isLast: false).dropFirst(40))
    bench.give(fragment6(inner, next: 44, at: 0, isLast: false))
    bench.give(fragment6([UInt8](repeating: 1, count: 8), next: 44, at: 24, isLast: true))
    #expect(bench.take().isEmpty)
    #expect(bench.host.statistics.malformed == 1)
    #expect(bench.host.nextDeadline == .never)
  }

  @Test("RFC 1122 section 3.2.2.1: a datagram in fragments for a port that nobody has is reported, of either family")
  func unreachable() throws {
    let bench = Bench()
    let datagram = Array(Bench.datagram([UInt8](repeating: 3, count: 2000), port: 9).dropFirst(20))
    bench.give(fragment4(Array(datagram[1480...]), at: 1480, 1, from: IPv4Address(10, 0, 0, 2), isLast: true))
    bench.give(fragment4(Array(datagram[..<1480]), at: 0, 1, from: IPv4Address(10, 0, 0, 2)))
    let report = try #require(bench.take().first.flatMap(Bench.transport))
    let (message, quoted) = try ICMPv4Message.parse(report.span.bytes)
    #expect(message == .destinationUnreachable(.port, mtu: 0))
    let quote = try ICMPQuote.parse(report.span.bytes.extracting(quoted))
    #expect(quote.sourcePort == 1000 && quote.destinationPort == 9)

    let other = Bench.datagram([UInt8](repeating: 3, count: 100), port: 9, from: Bench.peer6, to: Bench.own6).dropFirst(
      40
    )
    bench.give(fragment6(Array(other.prefix(64)), next: 17, at: 0, isLast: false))
    bench.give(fragment6(Array(other.dropFirst(64)), next: 17, at: 64, isLast: true))
    let report6 = try #require(bench.take().first.flatMap(Bench.transport))
    let (message6, _) = try ICMPv6Message.parse(report6.span.bytes, from: Bench.own6.asIPv6, to: Bench.peer6.asIPv6)
    #expect(message6 == .destinationUnreachable(.port))
  }
}
