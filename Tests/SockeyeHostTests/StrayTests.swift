import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Datagrams and echoes to addresses that a host answers for")
struct StrayTests {
  private func bench(_ change: (inout HostConfiguration) -> Void = { _ in }) -> Bench {
    Bench {
      $0.answersEveryAddress = true
      change(&$0)
    }
  }

  @Test("A datagram waits for the owner, and its answer comes from whom it was for")
  func datagram() throws {
    for (peer, far) in [(Bench.peer4, FlowTests.far4), (Bench.peer6, FlowTests.far6)] {
      let bench = bench()
      bench.give(Bench.datagram([1, 2, 3], port: 53, from: peer, to: far))
      bench.host.checkInvariants()
      #expect(bench.take().isEmpty)
      let message = try #require(bench.nextStray())
      #expect(message.source == peer && message.destination == far && message.payload == [1, 2, 3])
      #expect(message.carrier == .datagram(sourcePort: 1000, destinationPort: 53))
      #expect(bench.nextStray() == nil)
      bench.host.checkInvariants()
      #expect(bench.send(message.answer([9])))
      let packet = try #require(bench.take().first)
      let envelope = try #require(Bench.transport(packet))
      let (header, data) = try UDPHeader.parse(envelope.span.bytes)
      #expect(header.sourcePort == 53 && header.destinationPort == 1000 && Array(envelope[data]) == [9])
      // Whoever has that address takes it for what it says, checksum included.
      let other = Bench { $0.addresses = [InterfaceAddress(peer, prefixLength: 24)] }
      let socket = other.host.makeSocket(.datagram, peer.isIPv4 ? .v4 : .v6)
      try other.host.bind(socket, to: nil, port: 1000)
      other.give(packet)
      #expect(try other.host.readiness(of: socket).contains(.readable))
    }
  }

  @Test("An echo request to an address that isn't the host's waits too; one to its own is answered")
  func echo() throws {
    let bench = bench()
    let request = [UInt8](unsafeUninitializedCapacity: 10) { buffer, count in
      var span = UnsafeMutableRawBufferPointer(buffer).mutableBytes
      let data: [UInt8] = [5, 6]
      count = ICMPv4Message.echoRequest(identifier: 3, sequence: 4).emit(into: &span, payload: data.span.bytes)
    }
    bench.give(Bench.packet(protocolNumber: 1, request))
    #expect(bench.take().count == 1 && bench.nextStray() == nil)
    bench.give(Bench.packet(protocolNumber: 1, request, to: FlowTests.far4))
    #expect(bench.take().isEmpty)
    let message = try #require(bench.nextStray())
    #expect(message.carrier == .echo(identifier: 3, sequence: 4) && message.payload == [5, 6])
    #expect(bench.send(message.answer(message.payload)))
    let reply = try #require(bench.take().first.flatMap { Bench.transport($0) })
    let (parsed, data) = try ICMPv4Message.parse(reply.span.bytes)
    #expect(parsed == .echoReply(identifier: 3, sequence: 4) && Array(reply[data]) == [5, 6])
  }

  @Test("Why a message isn't delivered is told by ICMP, which quotes what its sender looks at (RFC 792, RFC 4443)")
  func reports() throws {
    let reasons: [(Undeliverability, v4: [UInt8], v6: [UInt8])] = [
      (.unreachable(.port), [3, 3], [1, 4]), (.unreachable(.prohibited), [3, 13], [1, 1]),
      (.tooLong(most: 1400), [3, 4], [2, 0]), (.tooLong(most: 0), [3, 4], [2, 0]),
      (.hopLimitExceeded(at: Self.router4), [11, 0], [3, 0]),
      (.hopLimitExceeded(at: Self.router6), [11, 0], [3, 0]),
    ]
    for (reason, code4, code6) in reasons {
      for (peer, far, code) in [(Bench.peer4, FlowTests.far4, code4), (Bench.peer6, FlowTests.far6, code6)] {
        let bench = bench()
        bench.give(Bench.datagram([UInt8](repeating: 1, count: 1300), port: 53, from: peer, to: far))
        let waiting = try #require(bench.nextStray())
        bench.host.report(reason, about: waiting)
        let packet = try #require(bench.take().first)
        let message = try #require(Bench.transport(packet))
        #expect(Array(message[..<2]) == code)
        if case .hopLimitExceeded(let router) = reason {
          // A router of the other family can't say anything.
          #expect(try Self.source(of: packet) == (router.isIPv4 == peer.isIPv4 ? router : far))
        }
        if case .tooLong(let most) = reason {
          #expect(Int(message[6]) << 8 | Int(message[7]) == max(most, peer.isIPv4 ? 68 : 1280))
        }
        let quote = try ICMPQuote.parse(Array(message[8...]).span.bytes)
        #expect(quote.source == peer && quote.destination == far && quote.protocolNumber == 17)
        #expect(quote.sourcePort == 1000 && quote.destinationPort == 53)
      }
    }
  }

  private static let router4 = IPAddress.v4(IPv4Address(203, 0, 113, 1))
  private static let router6 = IPAddress.v6(IPv6Address(high: 0x2001_0DB8 << 32, low: 0x99))

  private static func source(of packet: [UInt8]) throws -> IPAddress {
    if let (header, _) = try? IPv4Header.parseQuoted(packet.span.bytes) { return .v4(header.source) }
    return .v6(try IPv6Header.parse(packet.span.bytes).0.source)
  }

  @Test("Messages that wait are bounded in bytes, overhead included")
  func bound() {
    let bench = bench { $0.strayQueueLimit = 10_000 }
    for _ in 0..<1000 { bench.give(Bench.datagram([], port: 53, to: FlowTests.far4)) }
    bench.host.checkInvariants()
    #expect(bench.host.statistics.datagramsDropped == UInt64(1000 - 10_000 / StrayMessage.overhead))
    #expect(MemoryLayout<StrayMessage>.stride + 32 <= StrayMessage.overhead)
  }

  @Test("A socket at the port, and the host's own addresses, are asked first")
  func socketsFirst() throws {
    let bench = bench()
    bench.give(Bench.datagram([1], port: 53))
    #expect(bench.take().count == 1 && bench.nextStray() == nil, "port unreachable")
    let socket = bench.host.makeSocket(.datagram, .v4)
    try bench.host.bind(socket, to: nil, port: 53)
    bench.give(Bench.datagram([1], port: 53, to: FlowTests.far4))
    #expect(bench.nextStray() == nil)
    #expect(try bench.host.readiness(of: socket).contains(.readable))
  }

  @Test("What can't be sent in one packet, or mixes families, isn't sent")
  func unsendable() {
    let bench = bench()
    bench.give(Bench.datagram([1], port: 53, to: FlowTests.far4))
    guard let message = bench.nextStray() else { return }
    #expect(!bench.send(message.answer([UInt8](repeating: 0, count: 65_508))))
    #expect(bench.send(message.answer([UInt8](repeating: 0, count: 65_507))))
    var mixed = message
    mixed.source = FlowTests.far6
    #expect(!bench.send(mixed))
  }
}
