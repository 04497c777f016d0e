import SockeyeWire
import Testing

@testable import SockeyeHost
@testable import SockeyeSimulator
@testable import SockeyeTCP

/// What an observer of a host's packets can work out: nothing about packets that he hasn't seen.
@Suite("What is public tells nothing about what is secret (RFC 6528, RFC 9293 section 7)")
struct SecretTests {
  private func initialNumber(_ bench: Bench, port: UInt16, source: IPAddress = Bench.peer4) -> UInt32? {
    let syn = TCPHeader(sourcePort: port, destinationPort: 80, sequenceNumber: 1, flags: .syn, window: 1000)
    bench.give(Bench.packet(syn, from: source))
    return bench.takeSegments().first?.sequenceNumber
  }

  /// The identification of a reply in fragments.
  private func identification(_ bench: Bench, from source: IPAddress = Bench.peer6) -> UInt32? {
    var request = [UInt8](repeating: 0, count: 8 + 3000)
    request.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      ICMPv6Message.echoRequest(identifier: 1, sequence: 1).emit(
        into: &span,
        from: source.asIPv6,
        to: Bench.own6.asIPv6,
        payload: ([UInt8](repeating: 0, count: 3000)).span.bytes
      )
    }
    for start in [0, 1448, 2896] {
      let end = min(start + 1448, request.count)
      let header = IPv6FragmentHeader(
        nextHeader: 58,
        offset: UInt16(start),
        moreFragments: end < request.count,
        identification: 9
      )
      var fragment = [UInt8](repeating: 0, count: 8)
      fragment.withUnsafeMutableBytes { buffer in
        var span = buffer.mutableBytes
        header.emit(into: &span)
      }
      bench.give(Bench.packet(protocolNumber: 44, fragment + request[start..<end], from: source, to: Bench.own6))
    }
    guard let reply = bench.take().first, reply.count > 48, reply[6] == 44 else { return nil }
    return (0..<4).reduce(0) { $0 << 8 | UInt32(reply[44 + $1]) }
  }

  /// A host that draws a key from SplitMix64 and the identification after it gives the key away: the generator can be run
  /// backwards. The observer is even granted the high half of the number whose low half it has seen.
  @Test("Who runs a generator backwards from an identification can't predict a sequence number")
  func identificationIsNoWayToTheKey() throws {
    let seed: UInt64 = 7
    let bench = Bench()
    _ = try bench.listener()
    let seen = try #require(identification(bench)) &- 1
    let step: UInt64 = 0x9E37_79B9_7F4A_7C15
    var forward = SplitMix64(state: seed &+ 2 &* step)
    let third = forward.next() & 0xFFFF_FFFF << 32 | UInt64(seen)
    // Its rounds undone: xor-shifts, and products by odd numbers, whose inverses these are.
    func unshift(_ value: UInt64, _ bits: UInt64) -> UInt64 {
      var result = value
      for _ in 0..<3 { result = value ^ result >> bits }
      return result
    }
    var state = unshift(unshift(unshift(third, 31) &* 0x3196_42B2_D24D_8EC3, 27) &* 0x96DE_1B17_3F11_9089, 30)
    state = state &- 3 &* step
    var generator = SplitMix64(state: state)
    let key = SecretKey(generator.next(), generator.next())
    let number = try #require(initialNumber(bench, port: 2000))
    for purpose in 0...16 as ClosedRange<UInt64> {
      var hash = SipHash(key)
      for address in [Bench.own4.asIPv6, Bench.peer4.asIPv6] {
        hash.combine(address.high)
        hash.combine(address.low)
      }
      hash.combine(purpose << 32 | 80 << 16 | 2000)
      hash.combine(0)
      #expect(number != UInt32(truncatingIfNeeded: hash.finalize()), "purpose \(purpose)")
    }
  }

  @Test("Each of a secret's 256 bits changes the sequence numbers that a host gives")
  func allBits() throws {
    var seen: Set<UInt32> = []
    for bit in 0..<256 {
      var bytes = [UInt8](repeating: 0, count: 32)
      bytes[bit / 8] = 1 << UInt8(bit % 8)
      guard let secret = HostSecret(bytes.span.bytes) else { continue }
      let bench = Bench { $0.secret = secret }
      _ = try bench.listener()
      seen.insert(try #require(initialNumber(bench, port: 2000)))
    }
    #expect(seen.count == 256)
  }
}
