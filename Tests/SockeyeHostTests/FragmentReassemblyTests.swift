import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeHost

@Suite("Fragment reassembly")
struct FragmentReassemblyTests {
  private func key(_ identification: UInt32) -> FragmentReassembly.Key {
    .init(source: .v4(.loopback), destination: .v4(.broadcast), identification: identification, protocolNumber: 17)
  }

  /// Gives `data` at `offset` to `reassembly`; the packet that it completes, or nil.
  private func take(
    _ data: [UInt8],
    at offset: Int,
    more: Bool,
    of identification: UInt32 = 1,
    codepoint: ECNCodepoint = .notCapable,
    into reassembly: inout FragmentReassembly,
    now: Instant = .zero
  ) -> FragmentReassembly.Whole? {
    let packet = [UInt8](repeating: 0x45, count: 20) + data
    let fragment = FragmentReassembly.Fragment(
      offset: offset,
      moreFollow: more,
      protocolNumber: 17,
      codepoint: codepoint
    )
    let outcome = reassembly.take(
      fragment,
      key: key(identification),
      packet: packet.span.bytes,
      payload: 20..<packet.count,
      now: now
    )
    if case .whole(let whole) = outcome { return whole }
    return nil
  }

  @Test("Fragments in any order, some twice, become the packet that they came of", arguments: 0..<200 as Range<UInt64>)
  func anyOrder(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let data = random.bytes(Int.random(in: 9...5000, using: &random))
    var pieces: [Range<Int>] = []
    var start = 0
    while start < data.count {
      let end = min(data.count, start + 8 * Int.random(in: 1...80, using: &random))
      pieces.append(start..<end)
      start = end
    }
    guard pieces.count > 1 else { return }
    var reassembly = FragmentReassembly(limit: 1 << 20)
    var order = pieces + pieces.prefix(pieces.count / 2)
    order.shuffle(using: &random)
    var whole: FragmentReassembly.Whole?
    for piece in order where whole == nil {
      whole = take(Array(data[piece]), at: piece.lowerBound, more: piece.upperBound < data.count, into: &reassembly)
    }
    #expect(whole?.payload == data, "seed \(seed)")
    #expect(whole?.protocolNumber == 17)
    #expect(reassembly.nextDeadline == .never)
  }

  @Test("RFC 5722: an overlap gives the packet up, with what comes of it later, too")
  func overlap() {
    for (offset, count) in [(8, 16), (0, 24), (16, 8), (0, 8), (8, 8)] {
      var reassembly = FragmentReassembly(limit: 1 << 20)
      #expect(take([UInt8](repeating: 1, count: 16), at: 8, more: true, into: &reassembly) == nil)
      #expect(take([UInt8](repeating: 2, count: count), at: offset, more: true, into: &reassembly) == nil)
      if (offset, count) != (8, 16), offset + count > 8 {
        #expect(take([UInt8](repeating: 1, count: 8), at: 0, more: true, into: &reassembly) == nil)
        #expect(take([1], at: 24, more: false, into: &reassembly) == nil, "\(offset) \(count)")
      }
    }
    // As many bytes as the whole has, since some came twice: the hole at its start is one all the same.
    var reassembly = FragmentReassembly(limit: 1 << 20)
    _ = take([UInt8](repeating: 1, count: 16), at: 8, more: true, into: &reassembly)
    _ = take([UInt8](repeating: 2, count: 8), at: 16, more: true, into: &reassembly)
    #expect(take([UInt8](repeating: 1, count: 8), at: 24, more: false, into: &reassembly) == nil)
  }

  @Test("A second end, or data beyond the end, gives the packet up")
  func contradiction() {
    for (offset, more) in [(16, false), (16, true), (32, true)] {
      var reassembly = FragmentReassembly(limit: 1 << 20)
      _ = take([1, 2], at: 8, more: false, into: &reassembly)
      // As many bytes as the end says are there, but not those.
      #expect(take([UInt8](repeating: 1, count: 8), at: offset, more: more, into: &reassembly) == nil)
      #expect(take([UInt8](repeating: 1, count: 8), at: 0, more: true, into: &reassembly) == nil)
    }
    var reassembly = FragmentReassembly(limit: 1 << 20)
    _ = take([UInt8](repeating: 1, count: 8), at: 24, more: true, into: &reassembly)
    _ = take([1], at: 16, more: false, into: &reassembly)
    _ = take([UInt8](repeating: 1, count: 16), at: 0, more: true, into: &reassembly)
    #expect(reassembly.nextDeadline != .never)
  }

  @Test("Nothing, odd lengths before the end, and what ends beyond a packet are dropped")
  func malformed() {
    var reassembly = FragmentReassembly(limit: 1 << 20)
    #expect(take([], at: 8, more: true, into: &reassembly) == nil)
    #expect(take([], at: 8, more: false, into: &reassembly) == nil)
    #expect(take([1, 2, 3], at: 0, more: true, into: &reassembly) == nil)
    #expect(take([UInt8](repeating: 0, count: 8), at: 65_528, more: false, into: &reassembly) == nil)
    #expect(reassembly.nextDeadline == .never)
  }

  @Test("What never becomes whole is given up after a minute, and the first fragment is quoted")
  func timeout() {
    var reassembly = FragmentReassembly(limit: 1 << 20)
    _ = take([UInt8](repeating: 1, count: 8), at: 0, more: true, of: 1, into: &reassembly)
    _ = take(
      [UInt8](repeating: 1, count: 8),
      at: 8,
      more: true,
      of: 2,
      into: &reassembly,
      now: Instant.zero + .seconds(1)
    )
    #expect(reassembly.nextDeadline == .zero + .seconds(60))
    let early = reassembly.expire(now: .zero + .milliseconds(59_999))
    #expect(early == nil)
    let late = (0..<3).map { _ in reassembly.expire(now: .zero + .seconds(61)) }
    #expect(late[0]?.quote.count == 28)
    #expect(late[1]?.quote.isEmpty == true)
    #expect(late[2] == nil)
  }

  @Test("Memory is bounded in bytes: the oldest packet goes first")
  func bound() {
    var reassembly = FragmentReassembly(limit: 10_000)
    _ = take([UInt8](repeating: 1, count: 8), at: 0, more: true, of: 1, into: &reassembly)
    for identification in 2..<100 as Range<UInt32> {
      _ = take([UInt8](repeating: 1, count: 800), at: 800, more: true, of: identification, into: &reassembly)
    }
    #expect(take([1], at: 8, more: false, of: 1, into: &reassembly) == nil)
    #expect(take([UInt8](repeating: 1, count: 800), at: 0, more: true, of: 99, into: &reassembly) == nil)
    #expect(take([1], at: 1600, more: false, of: 99, into: &reassembly)?.payload.count == 1601)
  }

  @Test("Memory is bounded in fragments of one packet")
  func fragmentBound() {
    var reassembly = FragmentReassembly(limit: 1 << 20)
    for index in 0..<200 {
      _ = take([UInt8](repeating: 1, count: 8), at: 8 * index, more: true, into: &reassembly)
    }
    #expect(take([1], at: 1600, more: false, into: &reassembly) == nil)
  }

  @Test("RFC 3168 section 5.3: a mark on one fragment marks the packet")
  func congestion() {
    var reassembly = FragmentReassembly(limit: 1 << 20)
    _ = take([UInt8](repeating: 1, count: 8), at: 0, more: true, codepoint: .capable0, into: &reassembly)
    _ = take([UInt8](repeating: 1, count: 8), at: 8, more: true, codepoint: .congestionExperienced, into: &reassembly)
    let whole = take([1], at: 16, more: false, codepoint: .capable0, into: &reassembly)
    #expect(whole?.codepoint == .congestionExperienced)
  }
}
