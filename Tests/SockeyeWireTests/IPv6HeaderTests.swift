import SockeyeSimulator
import SockeyeWire
import Testing

@Suite("IPv6 header")
struct IPv6HeaderTests {
  private func emitted(_ header: IPv6Header, payloadLength: Int = 0) -> [UInt8] {
    emitting(IPv6Header.length + payloadLength) { header.emit(into: &$0, payloadLength: payloadLength) }
  }

  @Test("A header is written as RFC 8200 draws it")
  func layout() {
    let header = IPv6Header(
      trafficClass: 0xAB,
      flowLabel: 0xFFF1_2345,
      nextHeader: 17,
      hopLimit: 255,
      source: IPv6Address(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10),
      destination: .loopback
    )
    #expect(header.flowLabel == 0x1_2345)
    #expect(
      emitted(header, payloadLength: 2) == [0x6A, 0xB1, 0x23, 0x45, 0, 2, 17, 255] + Array(1...16)
        + [UInt8](repeating: 0, count: 15) + [1, 0xEE, 0xEE]
    )
  }

  @Test("Every field survives")
  func roundTrips() throws {
    for seed in 0..<2000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      let header = IPv6Header(
        trafficClass: UInt8.random(in: 0...255, using: &random),
        flowLabel: UInt32(truncatingIfNeeded: random.next()),
        nextHeader: UInt8.random(in: 0...255, using: &random),
        hopLimit: UInt8.random(in: 0...255, using: &random),
        source: IPv6Address(high: random.next(), low: random.next()),
        destination: IPv6Address(high: random.next(), low: random.next())
      )
      let payload = Int.random(in: 0...100, using: &random)
      let bytes = emitted(header, payloadLength: payload)
      let (read, range) = try IPv6Header.parse(bytes.span.bytes)
      #expect(read == header, "seed \(seed)")
      #expect(range == 40..<40 + payload, "seed \(seed)")
    }
  }

  @Test("A truncation at any byte is refused, and a link's padding is left out of the payload")
  func truncatedAtEveryByte() throws {
    let bytes = emitted(IPv6Header(nextHeader: 6, source: .loopback, destination: .loopback), payloadLength: 4)
    for count in 0..<bytes.count {
      #expect(throws: WireError.truncated) { try IPv6Header.parse(Array(bytes[..<count]).span.bytes) }
    }
    #expect(try IPv6Header.parse((bytes + [0, 0, 0]).span.bytes).payload == 40..<44)
    #expect(try IPv6Header.parseQuoted(Array(bytes[..<42]).span.bytes).payload == 40..<42)
    #expect(throws: WireError.truncated) { try IPv6Header.parseQuoted(Array(bytes[..<39]).span.bytes) }
  }

  @Test("Another version is refused")
  func versions() {
    let bytes = emitted(IPv6Header(nextHeader: 6, source: .loopback, destination: .loopback))
    for version in 0..<16 as Range<UInt8> where version != 6 {
      #expect(throws: WireError.unsupportedVersion) {
        try IPv6Header.parse(bytes.with(version << 4, at: 0).span.bytes)
      }
    }
  }
}
