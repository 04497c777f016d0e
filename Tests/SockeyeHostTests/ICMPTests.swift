import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("ICMP")
struct ICMPTests {
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
    // Nor about an error that never became whole, as about another packet.
    for (protocolNumber, expected) in [(17, 1), (1, 0)] as [(UInt8, Int)] {
      bench.give(Bench.fragment([3, 3, 0, 0, 0, 0, 0, 0], at: 0, 1, protocolNumber: protocolNumber))
      bench.now = bench.now + .seconds(61)
      bench.host.advance(to: bench.now)
      #expect(bench.take().count == expected)
    }
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

  @Test("RFC 5927: an ICMP error counts only if it quotes a sequence number that is outstanding")
  func matchedErrors() throws {
    let bench = Bench()
    let socket = bench.host.makeSocket(.stream, .v4)
    #expect(try bench.host.connect(socket, to: Endpoint(Bench.peer4, port: 80)) == .inProgress)
    let syn = try #require(bench.take().first)
    var forged = Array(syn.prefix(28))
    forged[24] ^= 0x80
    bench.give(Bench.icmp(.destinationUnreachable(.port, mtu: 0), forged))
    #expect(try !bench.host.readiness(of: socket).contains(.failed))
    bench.give(Bench.icmp(.destinationUnreachable(.port, mtu: 0), Array(syn.prefix(28))))
    #expect(try bench.host.readiness(of: socket).contains(.failed))
    #expect(try bench.host.takeError(of: socket) == .refused)
  }
}
