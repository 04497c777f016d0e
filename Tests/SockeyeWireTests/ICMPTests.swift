import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("ICMP")
struct ICMPTests {
  private static let v4: [ICMPv4Message] = [
    .echoReply(identifier: 0xFFFF, sequence: 0),
    .destinationUnreachable(.port, mtu: 0),
    .destinationUnreachable(.fragmentationNeeded, mtu: 0xFFFF),
    .redirect(code: 1, gateway: .broadcast),
    .echoRequest(identifier: 0, sequence: 0xFFFF),
    .timeExceeded(code: 1),
    .parameterProblem(code: 0, pointer: 255),
    .other(type: 13, code: 7, rest: 0xFFFF_FFFF),
  ]

  private static let v6: [ICMPv6Message] = [
    .destinationUnreachable(.port),
    .packetTooBig(mtu: 0xFFFF_FFFF),
    .timeExceeded(code: 1),
    .parameterProblem(.unrecognizedNextHeader, pointer: 0xFFFF_FFFF),
    .echoRequest(identifier: 0xFFFF, sequence: 0),
    .echoReply(identifier: 0, sequence: 0xFFFF),
    .other(type: 135, code: 0, rest: 1),
  ]

  private let source = IPv6Address(high: 0x2001_0DB8_0000_0000, low: 1)
  private let destination = IPv6Address(high: 0x2001_0DB8_0000_0000, low: 2)

  @Test("Every ICMP message is read as it was written", arguments: v4)
  func roundTripsV4(message: ICMPv4Message) throws {
    for payload in [[], [1], [1, 2, 3, 4, 5]] as [[UInt8]] {
      let bytes = emitting(8 + payload.count) { message.emit(into: &$0, payload: payload.span.bytes) }
      let (read, range) = try ICMPv4Message.parse(bytes.span.bytes)
      #expect(read == message)
      #expect(Array(bytes[range]) == payload)
      for count in 0..<8 {
        #expect(throws: WireError.truncated) { try ICMPv4Message.parse(Array(bytes[..<count]).span.bytes) }
      }
      for bit in 0..<bytes.count * 8 {
        let wrong = bytes.with(bytes[bit / 8] ^ 1 << UInt8(bit % 8), at: bit / 8)
        #expect(throws: WireError.invalidChecksum) { try ICMPv4Message.parse(wrong.span.bytes) }
      }
    }
  }

  @Test("Every ICMPv6 message is read as it was written", arguments: v6)
  func roundTripsV6(message: ICMPv6Message) throws {
    for payload in [[], [1], [1, 2, 3, 4, 5]] as [[UInt8]] {
      let bytes = emitting(8 + payload.count) {
        message.emit(into: &$0, from: source, to: destination, payload: payload.span.bytes)
      }
      let (read, range) = try ICMPv6Message.parse(bytes.span.bytes, from: source, to: destination)
      #expect(read == message)
      #expect(Array(bytes[range]) == payload)
      for count in 0..<8 {
        #expect(throws: WireError.truncated) {
          try ICMPv6Message.parse(Array(bytes[..<count]).span.bytes, from: source, to: destination)
        }
      }
      #expect(throws: WireError.invalidChecksum) {
        try ICMPv6Message.parse(bytes.span.bytes, from: source, to: source)
      }
    }
  }

  @Test("Errors are told from the rest, which alone may be answered by an error")
  func errors() {
    #expect(Self.v4.filter(\.isError).count == 5)
    #expect(Self.v6.filter(\.isError).count == 4)
    #expect(ICMPv4Message.other(type: 4, code: 0, rest: 0).isError)
    #expect(ICMPv6Message.other(type: 100, code: 0, rest: 0).isError)
    #expect(!ICMPv6Message.other(type: 128, code: 0, rest: 0).isError)
  }

  @Test("A packet-too-big message is written as RFC 4443 draws it")
  func layout() throws {
    let bytes = emitting(8) {
      ICMPv6Message.packetTooBig(mtu: 1280).emit(into: &$0, from: .loopback, to: .loopback, payload: RawSpan())
    }
    #expect(bytes[0] == 2 && bytes[1] == 0 && Array(bytes[4...]) == [0, 0, 5, 0])
  }

  // MARK: Quoted packets

  private let tcp = TCPHeader(
    sourcePort: 1000,
    destinationPort: 80,
    sequenceNumber: 0xFEDC_BA98,
    acknowledgmentNumber: 1,
    flags: .ack
  )

  private func packet(from source: IPAddress, to destination: IPAddress) -> [UInt8] {
    let envelope = IPEnvelope(from: source, to: destination)
    return emitting(envelope.headerLength + 20) { envelope.emit(tcp, payload: RawSpan(), into: &$0) }
  }

  @Test("A quoted packet of either family gives ports and sequence number as soon as eight bytes of it are there")
  func quotes() throws {
    let pairs: [(IPAddress, IPAddress)] = [
      (.v4(IPv4Address(192, 0, 2, 1)), .v4(IPv4Address(198, 51, 100, 2))), (.v6(source), .v6(destination)),
    ]
    for (source, destination) in pairs {
      let bytes = packet(from: source, to: destination)
      let needed = bytes.count - 12
      for count in 0..<needed {
        #expect(throws: WireError.truncated) { try ICMPQuote.parse(Array(bytes[..<count]).span.bytes) }
      }
      for count in needed...bytes.count {
        let quote = try ICMPQuote.parse(Array(bytes[..<count]).span.bytes)
        #expect(quote.source == source)
        #expect(quote.destination == destination)
        #expect(quote.protocolNumber == TCPHeader.protocolNumber)
        #expect(quote.sourcePort == 1000)
        #expect(quote.destinationPort == 80)
        #expect(quote.sequenceNumber == 0xFEDC_BA98)
      }
    }
  }

  @Test("A quoted fragment that isn't the first has no ports")
  func quotedFragments() throws {
    let v4 = packet(from: .v4(.loopback), to: .v4(.loopback))
    #expect(throws: WireError.invalidField) { try ICMPQuote.parse(v4.with(1, at: 7).span.bytes) }
    let v6 = packet(from: .v6(source), to: .v6(destination)).with(44, at: 6)
    let first = Array(v6[..<40]) + [6, 0, 0, 1, 0, 0, 0, 0] + Array(v6[40...])
    #expect(try ICMPQuote.parse(first.span.bytes).sourcePort == 1000)
    #expect(throws: WireError.invalidField) { try ICMPQuote.parse(first.with(9, at: 43).span.bytes) }
  }

  @Test("Extension headers of a quoted packet are skipped, up to a limit, and never past its end")
  func quotedExtensionHeaders() throws {
    let v6 = packet(from: .v6(source), to: .v6(destination)).with(60, at: 6)
    for count in 1...10 {
      let chain = (0..<count).flatMap { [$0 == count - 1 ? 6 : 60, 0, 1, 4, 0, 0, 0, 0] as [UInt8] }
      let bytes = Array(v6[..<40]) + chain + Array(v6[40...])
      if count < IPv6ExtensionHeaders.maximumCount {
        #expect(try ICMPQuote.parse(bytes.span.bytes).destinationPort == 80)
        for end in 40..<40 + chain.count {
          #expect(throws: WireError.truncated) { try ICMPQuote.parse(Array(bytes[..<end]).span.bytes) }
        }
      } else {
        #expect(throws: WireError.tooManyHeaders) { try ICMPQuote.parse(bytes.span.bytes) }
      }
    }
  }

  @Test("Any bytes at all are read without harm")
  func randomBytes() {
    for seed in 0..<20_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var bytes = random.bytes(Int.random(in: 0...100, using: &random))
      if !bytes.isEmpty { bytes[0] = random.chance(0.5) ? 0x45 : 0x60 }
      if bytes.count > 6, random.chance(0.5) {
        bytes[6] = ([0, 43, 44, 60] as [UInt8]).randomElement(using: &random) ?? 0
      }
      _ = try? ICMPQuote.parse(bytes.span.bytes)
      _ = try? ICMPv4Message.parse(bytes.span.bytes)
      _ = try? ICMPv6Message.parse(bytes.span.bytes, from: source, to: destination)
    }
  }
}
