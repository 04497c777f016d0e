import SockeyeHost
import SockeyeTCP
import SockeyeWire
import Testing

@Suite("What TCP asks of the addresses and the IP headers around it (RFC 9293 section 3.9)")
struct AddressingTests {
  static let second4 = IPAddress.v4(IPv4Address(10, 0, 0, 9))

  /// A host at a second address as well.
  private func bench() -> Bench {
    Bench { $0.addresses.append(InterfaceAddress(Self.second4, prefixLength: 24)) }
  }

  /// The addresses, the octet of the traffic class and the time to live of an IPv4 packet.
  private func ip(_ packet: [UInt8]) throws -> (source: [UInt8], trafficClass: UInt8, timeToLive: UInt8) {
    let (header, _) = try IPv4Header.parse(packet.span.bytes)
    #expect(header.destination == IPv4Address(10, 0, 0, 2))
    return (Array(packet[12..<16]), header.trafficClass, header.timeToLive)
  }

  private func open(on bench: Bench, from local: IPAddress? = nil) throws -> Handle {
    let handle = bench.host.makeSocket(.stream, .v4)
    if let local { try bench.host.bind(handle, to: local, port: 0) }
    #expect(try bench.host.connect(handle, to: Endpoint(Bench.peer4, port: 80)) == .inProgress)
    return handle
  }

  @Test("MUST-41, MUST-42: a port with connections can be listened on again, which disturbs none of them")
  func listenBesideConnections() throws {
    let bench = Bench()
    let first = try bench.listener()
    let numbers = try #require(bench.handshake())
    let connection = try bench.host.accept(first)
    try bench.host.close(first)
    let second = try bench.listener()
    bench.give(Bench.packet(bench.segment(numbers.peer, numbers.host, [.ack, .psh]), [1, 2, 3]))
    #expect(try bench.host.queuedCounts(of: connection).readable == 3)
    _ = bench.take()
    #expect(bench.handshake(from: 2001) != nil)
    _ = try bench.host.accept(second)
  }

  @Test("MUST-42: one port can be listened on at several addresses at once, each with its own connections")
  func listenAtSeveralAddresses() throws {
    let bench = bench()
    var listeners: [Handle] = []
    for address in [Bench.own4, Self.second4] {
      let handle = bench.host.makeSocket(.stream, .v4)
      try bench.host.bind(handle, to: address, port: 80)
      try bench.host.listen(handle, backlog: 1)
      listeners.append(handle)
    }
    let syn = TCPHeader(sourcePort: 2000, destinationPort: 80, sequenceNumber: 100, flags: .syn, window: 1_000)
    bench.give(Bench.packet(syn, to: Self.second4))
    let answer = try #require(bench.takeSegments().first)
    bench.give(Bench.packet(bench.segment(101, answer.sequenceNumber &+ 1, .ack), to: Self.second4))
    #expect(throws: SocketError.wouldBlock) { try bench.host.accept(listeners[0]) }
    _ = try bench.host.accept(listeners[1])
  }

  @Test("MUST-43, MUST-44: the application may name the local address; without one the host chooses it")
  func localAddress() throws {
    for (named, used) in [(nil, [10, 0, 0, 1]), (Self.second4, [10, 0, 0, 9])] as [(IPAddress?, [UInt8])] {
      let bench = bench()
      _ = try open(on: bench, from: named)
      #expect(try ip(try #require(bench.take().first)).source == used)
    }
    let bench = bench()
    let handle = bench.host.makeSocket(.stream, .v4)
    #expect(throws: SocketError.addressNotAvailable) { try bench.host.bind(handle, to: Bench.peer4, port: 0) }
  }

  @Test("MUST-45: every segment of a connection goes out from the address that it was opened with")
  func sameAddress() throws {
    let bench = bench()
    let handle = try open(on: bench, from: Self.second4)
    let syn = try #require(bench.takeSegments().first)
    var answer = TCPHeader(sourcePort: 80, destinationPort: syn.sourcePort, sequenceNumber: 7, flags: [.syn, .ack])
    answer.acknowledgmentNumber = syn.sequenceNumber &+ 1
    answer.window = 10_000
    bench.give(Bench.packet(answer, to: Self.second4))
    _ = try bench.write([UInt8](repeating: 1, count: 3_000), to: handle)
    let packets = bench.take()
    #expect(packets.count >= 3)
    for packet in packets { #expect(try ip(packet).source == [10, 0, 0, 9]) }
  }

  @Test("MUST-46: no connection is opened to a group or to everyone")
  func toMany() throws {
    for address in [IPv4Address(224, 0, 0, 1), IPv4Address(255, 255, 255, 255), IPv4Address(10, 0, 0, 255)] {
      let bench = Bench()
      let handle = bench.host.makeSocket(.stream, .v4)
      #expect(throws: SocketError.unreachable) {
        try bench.host.connect(handle, to: Endpoint(.v4(address), port: 80))
      }
      #expect(bench.take().isEmpty)
    }
  }

  @Test("MUST-57, MUST-63: a SYN to many, or from an address that nobody can have, is dropped without a word")
  func impossibleAddresses() throws {
    let syn = TCPHeader(sourcePort: 2000, destinationPort: 80, sequenceNumber: 100, flags: .syn, window: 1_000)
    let bench = Bench()
    _ = try bench.listener()
    for address in [IPv4Address(224, 0, 0, 1), IPv4Address(255, 255, 255, 255), IPv4Address(10, 0, 0, 255)] {
      bench.give(Bench.packet(syn, to: .v4(address)))
      bench.give(Bench.packet(syn, from: .v4(address)))
    }
    bench.give(Bench.packet(syn, from: .v4(.unspecified)))
    bench.give(Bench.packet(syn, from: Bench.own4))
    #expect(bench.take().isEmpty && bench.host.connectionCount == 0)
    bench.give(Bench.packet(syn))
    #expect(bench.takeSegments().first?.flags == [.syn, .ack])
  }

  @Test("MUST-48, MUST-49, SHLD-21, SHLD-22: Diffserv field and time to live are the application's, also while open")
  func headerFields() throws {
    let bench = Bench()
    let listener = try bench.listener()
    var options = try bench.host.options(of: listener)
    options.trafficClass = 46 << 2
    options.hopLimit = 7
    try bench.host.setOptions(options, of: listener)
    _ = try #require(bench.handshake())
    let handle = try bench.host.accept(listener)
    func sent() throws -> [UInt8] {
      _ = try bench.write([UInt8](repeating: 1, count: 10), to: handle)
      let fields = try ip(try #require(bench.take().first))
      return [fields.trafficClass >> 2, fields.timeToLive]
    }
    #expect(try sent() == [46, 7])
    options.trafficClass = 10 << 2
    options.hopLimit = 200
    options.connection.nagle = false
    try bench.host.setOptions(options, of: handle)
    #expect(try sent() == [10, 200])
  }
}
