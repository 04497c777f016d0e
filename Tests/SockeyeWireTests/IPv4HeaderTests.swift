import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("IPv4 header")
struct IPv4HeaderTests {
  private let header = IPv4Header(
    trafficClass: 0x03,
    identification: 0xBEEF,
    timeToLive: 63,
    protocolNumber: 6,
    source: IPv4Address(192, 0, 2, 1),
    destination: IPv4Address(198, 51, 100, 2)
  )

  private func emitted(_ header: IPv4Header, payloadLength: Int = 0) -> [UInt8] {
    emitting(header.length + payloadLength) { header.emit(into: &$0, payloadLength: payloadLength) }
  }

  private func area(_ bytes: [UInt8]) -> IPv4Options? {
    IPv4Options(bytes.span.bytes)
  }

  @Test("A header is written as RFC 791 draws it")
  func layout() {
    #expect(
      emitted(header, payloadLength: 4) == [
        0x45, 0x03, 0x00, 0x18, 0xBE, 0xEF, 0x40, 0x00, 0x3F, 0x06, 0x90, 0xB6, 192, 0, 2, 1, 198, 51, 100, 2,
        0xEE, 0xEE, 0xEE, 0xEE,
      ]
    )
  }

  @Test("Every field survives at its extremes")
  func roundTrips() throws {
    for seed in 0..<5000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let options = random.bytes(random.chance(0.5) ? 0 : Int.random(in: 0...40, using: &random))
      let extremes: [UInt16] = [0, 1, 0x7FFF, 0x8000, 0xFFFF]
      let header = IPv4Header(
        trafficClass: UInt8.random(in: 0...255, using: &random),
        identification: extremes.randomElement(using: &random) ?? 0,
        dontFragment: random.chance(0.5),
        moreFragments: random.chance(0.5),
        fragmentOffset: extremes.randomElement(using: &random) ?? 0,
        timeToLive: UInt8.random(in: 0...255, using: &random),
        protocolNumber: UInt8.random(in: 0...255, using: &random),
        source: IPv4Address(rawValue: UInt32(truncatingIfNeeded: random.next())),
        destination: IPv4Address(rawValue: UInt32(truncatingIfNeeded: random.next())),
        options: try #require(area(options))
      )
      let payload = Int.random(in: 0...100, using: &random)
      let bytes = emitted(header, payloadLength: payload)
      let (read, range) = try IPv4Header.parse(bytes.span.bytes)
      #expect(read == header, "seed \(seed)")
      #expect(range == header.length..<header.length + payload, "seed \(seed)")
    }
    #expect(
      IPv4Header(fragmentOffset: 7, protocolNumber: 0, source: .loopback, destination: .loopback).fragmentOffset == 0
    )
  }

  @Test("A truncation at any byte is refused, and a link's padding is left out of the payload")
  func truncatedAtEveryByte() throws {
    let bytes = emitted(header, payloadLength: 4)
    for count in 0..<bytes.count {
      #expect(throws: WireError.truncated) { try IPv4Header.parse(Array(bytes[..<count]).span.bytes) }
    }
    #expect(try IPv4Header.parse((bytes + [0, 0, 0]).span.bytes).payload == 20..<24)
  }

  @Test("Another version is refused")
  func versions() {
    let bytes = emitted(header)
    for version in 0..<16 as Range<UInt8> where version != 4 {
      #expect(throws: WireError.unsupportedVersion) {
        try IPv4Header.parse(bytes.with(version << 4 | 5, at: 0).span.bytes, verifiesChecksum: false)
      }
    }
  }

  @Test("A header length below five words is refused, and so is a total length below the header's")
  func lengths() {
    let bytes = [UInt8](repeating: 0, count: 80).with(0x45, at: 0)
    for words in 0..<5 as Range<UInt8> {
      #expect(throws: WireError.invalidHeaderLength) {
        try IPv4Header.parse(bytes.with(0x40 | words, at: 0).span.bytes, verifiesChecksum: false)
      }
    }
    for words in 5...15 as ClosedRange<UInt8> {
      for total in 0..<words * 4 {
        #expect(throws: WireError.invalidLength) {
          try IPv4Header.parse(bytes.with(0x40 | words, at: 0).with(total, at: 3).span.bytes, verifiesChecksum: false)
        }
      }
    }
  }

  @Test("One wrong bit anywhere in the header is seen")
  func checksum() {
    let bytes = emitted(header)
    for bit in 0..<bytes.count * 8 {
      let wrong = bytes.with(bytes[bit / 8] ^ 1 << UInt8(bit % 8), at: bit / 8)
      #expect(throws: WireError.self) { try IPv4Header.parse(wrong.span.bytes) }
    }
    #expect(throws: WireError.invalidChecksum) { try IPv4Header.parse(bytes.with(1, at: 8).span.bytes) }
    #expect(throws: Never.self) { try IPv4Header.parse(bytes.with(1, at: 8).span.bytes, verifiesChecksum: false) }
  }

  @Test("A quoted header is read although its payload was cut off and its checksum no longer holds")
  func quoted() throws {
    let bytes = Array(emitted(header, payloadLength: 100)[..<28]).with(1, at: 8)
    let (read, payload) = try IPv4Header.parseQuoted(bytes.span.bytes)
    #expect(read.source == header.source)
    #expect(payload == 20..<28)
  }

  @Test("MUST-50: a packet with options that nobody knows is read, and its payload found behind them")
  func unknownOptions() throws {
    let bytes = emitted(header, payloadLength: 100)
    let options: [UInt8] = [0x9E, 6, 1, 2, 3, 4, 1, 0]
    var packet = Array(bytes[..<20]) + options + Array(bytes[20...])
    packet[0] = 0x47
    packet[3] += UInt8(options.count)
    let (read, payload) = try IPv4Header.parse(packet.span.bytes, verifiesChecksum: false)
    #expect(read.source == header.source)
    #expect(payload.lowerBound == 28)
  }

  @Test("Options are read one by one; a length of 0, of 1 or past the end is refused")
  func options() throws {
    let bytes: [UInt8] = [1, 148, 4, 0, 0, 7, 7, 4, 1, 2, 3, 4, 0, 99]
    let options = try #require(area(bytes))
    #expect(options.count == 16)
    var position = 0
    let alert = try #require(try options.next(after: &position))
    #expect(alert.kind == IPv4Options.Kind.routerAlert)
    #expect(alert.data == 3..<5)
    #expect(alert.isCopiedToFragments)
    let route = try #require(try options.next(after: &position))
    #expect(route.kind == IPv4Options.Kind.recordRoute)
    #expect(route.data == 7..<12)
    #expect(!route.isCopiedToFragments)
    #expect(try options.next(after: &position) == nil)
    #expect(options[9] == 2)
    for length in [0, 1, 4, 40, 255] as [UInt8] {
      let wrong = try #require(area([1, 7, length, 0]))
      var start = 0
      #expect(throws: WireError.invalidLength) { try wrong.next(after: &start) }
    }
    var last = 0
    let kindAtEnd = try #require(area([1, 1, 1, 7]))
    #expect(throws: WireError.invalidLength) { try kindAtEnd.next(after: &last) }
    #expect(area([UInt8](repeating: 1, count: 41)) == nil)
  }
}
