import Glibc
import NIOConcurrencyHelpers
import NIOCore
import SockeyeHost
import SockeyeNIO
import SockeyeSimulatedNetwork
import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeGateway

@Suite("What a child may try, in virtual time")
struct GatewayHostileTests {
  // MARK: Streams that rest

  @Test("A half-closed stream on which nothing passes is reset after two hours, and told of", arguments: [true, false])
  func halfClosed(isByChild: Bool) throws {
    let stage = try GatewayStage()
    let (near, far) = (Ears(), Ears())
    try stage.listen({ _ in }, far)
    let channel = try stage.network.run(until: stage.connect(near))
    channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
    stage.network.run(for: .seconds(1))
    let server = try #require(far.heard.channel)
    (isByChild ? channel : server).close(mode: .output, promise: nil)
    stage.network.run(for: .minutes(120))
    #expect(stage.records.isEmpty && near.heard.errors.isEmpty && far.heard.errors.isEmpty)
    stage.network.run(for: .minutes(130))
    #expect(stage.records.map(\.cause) == [.expired])
    #expect(near.heard.errors == [ECONNRESET] || far.heard.errors == [ECONNRESET])
    #expect(stage.gateway.connectionCount == 0 && stage.machine.connectionCount == 0)
  }

  @Test("A half-closed stream on which something passes lasts")
  func halfClosedInUse() throws {
    let stage = try GatewayStage()
    let (near, far) = (Ears(), Ears())
    try stage.listen({ _ in }, far)
    let channel = try stage.network.run(until: stage.connect(near))
    channel.writeAndFlush(ByteBuffer(string: "x"), promise: nil)
    channel.close(mode: .output, promise: nil)
    stage.network.run(for: .seconds(1))
    let server = try #require(far.heard.channel)
    for _ in 0..<10 {
      stage.network.run(for: .minutes(100))
      server.writeAndFlush(ByteBuffer(string: "y"), promise: nil)
    }
    stage.network.run(for: .seconds(1))
    #expect(near.heard.text == "yyyyyyyyyy" && stage.records.isEmpty)
    server.close(promise: nil)
    stage.network.run(for: .seconds(5))
    #expect(stage.records.map(\.cause) == [.finished])
  }

  // MARK: Numbers

  @Test("SYNs to where nobody answers are held within bounds, and are forgotten; then streams open as before")
  func synFlood() throws {
    let stage = try GatewayStage {
      $0.mostPendingStreams = 64
      $0.openingTime = .seconds(20)
    }
    try stage.listen()
    stage.network.partition(stage.machine, stage.server)
    for number in 0..<1_000 {
      let syn = Packet.segment(.syn, from: "10.0.2.15", UInt16(1_024 + number), to: GatewayStage.serverAddress, 80)
      try receive(syn, stage)
      if number % 100 == 0 { stage.network.run(for: .milliseconds(1)) }
    }
    stage.network.run(for: .seconds(1))
    #expect(try pending(stage) <= 64 && stage.machine.connectionCount <= 64)
    stage.network.run(for: .seconds(30))
    stage.network.heal(stage.machine, stage.server)
    _ = try stage.network.run(until: stage.connect())
    stage.network.run(for: .minutes(10))
    #expect(try pending(stage) == 0)
  }

  @Test("Datagrams to everywhere leave no more than as many sessions as may be, and none after a while")
  func abandonedDatagrams() throws {
    let stage = try GatewayStage { $0.mostDatagramSessions = 32 }
    for number in 0..<2_000 {
      let datagram = Packet.datagram(from: "10.0.2.15", UInt16(1_024 + number), to: GatewayStage.serverAddress, 9)
      try receive(datagram, stage)
      if number % 50 == 0 { stage.network.run(for: .milliseconds(1)) }
      #expect(try sessions(stage) <= 32)
    }
    stage.network.run(for: .minutes(2))
    #expect(try sessions(stage) == 0)
  }

  // MARK: Who it says that it is

  @Test("What comes from addresses that the child doesn't have goes on from the machine's, as all does")
  func foreignSource() throws {
    let stage = try GatewayStage()
    let senders = NIOLockedValueBox<[String?]>([])
    try serve(stage, port: 9) { _, envelope in senders.withLockedValue { $0.append(envelope.remoteAddress.ipAddress) } }
    for source in ["203.0.113.77", "10.0.2.16", "198.51.100.7", "10.0.2.2", "127.0.0.1", "0.0.0.0", "224.0.0.1"] {
      try receive(Packet.datagram(from: source, 4_000, to: GatewayStage.serverAddress, 9), stage)
      stage.network.run(for: .seconds(1))
    }
    let seen = senders.withLockedValue { $0 }
    #expect(!seen.isEmpty && seen.allSatisfy { $0 == "198.51.100.1" }, "\(seen)")
  }

  @Test("An answer that the child makes up gives no address a name")
  func madeUpAnswer() throws {
    let stage = try GatewayStage { $0.policy.allowed = [try AccessRule("example.com")] }
    try stage.listen()
    var answer = DNSQuestion("example.com").bytes
    (answer[2], answer[7]) = (0x81, 1)
    answer += [0xC0, 12, 0, 1, 0, 1, 0, 0, 1, 0, 0, 4, 198, 51, 100, 7]
    for source: UInt16 in [53, 4_000] {
      try receive(Packet.datagram(from: "10.0.2.15", source, to: "10.0.2.2", 53, answer), stage)
      try receive(Packet.datagram(from: "10.0.2.2", 53, to: "10.0.2.15", source, answer), stage)
    }
    stage.network.run(for: .seconds(1))
    #expect(throws: IOError.self) { try stage.network.run(until: stage.connect()) }
    #expect(stage.refusals.contains(.notAllowed))
  }

  // MARK: Fragments

  @Test("A rule is about the datagram that fragments make, and not about the first of them")
  func fragments() throws {
    let stage = try GatewayStage { $0.policy.allowed = [try AccessRule("\(GatewayStage.serverAddress):9")] }
    let heard = NIOLockedValueBox<[UInt16: Int]>([:])
    for port: UInt16 in [9, 10] {
      try serve(stage, port: port) { _, _ in heard.withLockedValue { $0[port, default: 0] += 1 } }
    }
    let data = [UInt8](repeating: 7, count: 24)
    let open = Packet.datagram(from: "10.0.2.15", 4_000, to: GatewayStage.serverAddress, 9, data)
    let closed = Packet.datagram(from: "10.0.2.15", 4_000, to: GatewayStage.serverAddress, 10, data)
    // In order, in reverse, and with the header cut in two.
    for (number, cuts) in [[8], [16], [8, 16, 24]].enumerated() {
      for packet in Packet.fragments(of: open, at: cuts, identification: UInt16(1 + number)) {
        try receive(packet, stage)
      }
      let reversed = Packet.fragments(of: closed, at: cuts, identification: UInt16(11 + number)).reversed()
      for packet in reversed { try receive(packet, stage) }
    }
    stage.network.run(for: .seconds(1))
    #expect(heard.withLockedValue { $0 } == [9: 3])
    // One datagram's beginning with another's, which overlaps it, in either order.
    for (number, isOpenFirst) in [true, false].enumerated() {
      let (first, second) = isOpenFirst ? (open, closed) : (closed, open)
      let identification = UInt16(21 + number)
      let front = Packet.fragments(of: first, at: [16], identification: identification)
      let other = Packet.fragments(of: second, at: [16], identification: identification)
      for packet in [front[0], other[0], other[1]] { try receive(packet, stage) }
    }
    stage.network.run(for: .seconds(1))
    #expect(heard.withLockedValue { $0[10] } == nil)
  }

  // MARK: Means

  private func receive(_ packet: [UInt8], _ stage: GatewayStage) throws {
    let loop = try HostEventLoop.cast(stage.gateway.next())
    try stage.network.run(
      until: loop.submit {
        loop.host.receive(packet.span.bytes, at: loop.host.now)
        loop.host.checkInvariants()
      }
    )
  }

  private func pending(_ stage: GatewayStage) throws -> Int {
    let loop = try HostEventLoop.cast(stage.gateway.next())
    return try stage.network.run(until: loop.submit { loop.host.pendingFlowCount })
  }

  private func sessions(_ stage: GatewayStage) throws -> Int {
    let loop = try HostEventLoop.cast(stage.gateway.next())
    return try stage.network.run(until: loop.submit { [owner = stage.owner] in owner.datagramSessionCount })
  }

  private func serve(
    _ stage: GatewayStage,
    port: UInt16,
    _ heard: @escaping @Sendable ([UInt8], AddressedEnvelope<ByteBuffer>) -> Void
  ) throws {
    try stage.network.run(
      until: HostDatagramBootstrap(group: stage.server).channelInitializer {
        $0.pipeline.addHandler(DatagramEars(heard))
      }.bind(host: GatewayStage.serverAddress, port: Int(port))
    )
  }
}

/// Packets as a child may make them, by hand.
private enum Packet {
  private static func address(_ text: String) -> IPAddress { IPAddress(text) ?? .v4(IPv4Address(rawValue: 0)) }

  static func segment(
    _ flags: TCPFlags,
    from source: String,
    _ sourcePort: UInt16,
    to destination: String,
    _ port: UInt16
  ) -> [UInt8] {
    let header = TCPHeader(
      sourcePort: sourcePort,
      destinationPort: port,
      sequenceNumber: 1,
      flags: flags,
      window: 65_535
    )
    let envelope = IPEnvelope(from: address(source), to: address(destination))
    let nothing: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + header.length)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      envelope.emit(header, payload: nothing.span.bytes, into: &span)
    }
    return bytes
  }

  static func datagram(
    from source: String,
    _ sourcePort: UInt16,
    to destination: String,
    _ port: UInt16,
    _ data: [UInt8] = [1]
  ) -> [UInt8] {
    let envelope = IPEnvelope(from: address(source), to: address(destination))
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + UDPHeader.length + data.count)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      let header = UDPHeader(sourcePort: sourcePort, destinationPort: port)
      envelope.emit(header, payload: data.span.bytes, into: &span)
    }
    return bytes
  }

  /// An IPv4 packet cut behind so many bytes of its payload, each a multiple of eight (RFC 791 section 3.2).
  static func fragments(of packet: [UInt8], at cuts: [Int], identification: UInt16) -> [[UInt8]] {
    let (header, payload) = (packet[..<20], packet[20...])
    let ends = cuts + [payload.count]
    return zip([0] + cuts, ends).map { start, end in
      let isLast = end == payload.count
      let field = UInt16(start / 8) | (isLast ? 0 : 0x2000)
      var fragment = Array(header)
      let length = UInt16(20 + end - start)
      (fragment[2], fragment[3]) = (UInt8(length >> 8), UInt8(length & 0xFF))
      (fragment[4], fragment[5]) = (UInt8(identification >> 8), UInt8(identification & 0xFF))
      (fragment[6], fragment[7]) = (UInt8(field >> 8), UInt8(field & 0xFF))
      (fragment[10], fragment[11]) = (0, 0)
      var sum: UInt32 = 0
      for place in stride(from: 0, to: 20, by: 2) { sum += UInt32(fragment[place]) << 8 | UInt32(fragment[place + 1]) }
      while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
      (fragment[10], fragment[11]) = (UInt8(~sum >> 8 & 0xFF), UInt8(~sum & 0xFF))
      return fragment + payload[(payload.startIndex + start)..<(payload.startIndex + end)]
    }
  }
}
