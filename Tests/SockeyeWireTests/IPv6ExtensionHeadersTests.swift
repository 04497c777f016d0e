import SockeyeSimulator
import Testing

@testable import SockeyeWire

@Suite("IPv6 extension headers")
struct IPv6ExtensionHeadersTests {
  private typealias Problem = IPv6ExtensionHeaders.Problem

  /// What the headers of a packet come to that starts with `next` and goes on with `bytes`.
  private func parse(_ next: UInt8, _ bytes: [UInt8]) throws(IPv6ExtensionHeaders.Problem) -> IPv6ExtensionHeaders {
    let header = IPv6Header(nextHeader: next, source: .loopback, destination: .loopback)
    let packet = emitting(40) { header.emit(into: &$0, payloadLength: bytes.count) } + bytes
    return try IPv6ExtensionHeaders.parse(packet.span.bytes, header: header, payload: 40..<packet.count)
  }

  @Test("A packet without extension headers is what its header says")
  func none() throws {
    for next in [6, 17, 58, 59, 51, 50, 253, 255] as [UInt8] {
      let headers = try parse(next, [1, 2, 3])
      #expect(headers == .init(nextHeader: next, nextHeaderOffset: 6, payload: 40..<43, fragment: nil))
    }
  }

  @Test("Headers that may be skipped are skipped, in any order and number up to the limit")
  func skipped() throws {
    let headers = try parse(0, [60, 0, 1, 4, 0, 0, 0, 0] + [43, 0, 5, 2, 0, 0, 1, 0] + [6, 1, 0, 0] + pad(12) + [9])
    #expect(headers == .init(nextHeader: 6, nextHeaderOffset: 56, payload: 72..<73, fragment: nil))
    for count in 0...12 {
      let chain = (0..<count).flatMap { [$0 == count - 1 ? 6 : 60, 0, 1, 4, 0, 0, 0, 0] as [UInt8] }
      if count <= IPv6ExtensionHeaders.maximumCount {
        #expect(try parse(count == 0 ? 6 : 60, chain).payload == 40 + 8 * count..<40 + 8 * count)
      } else {
        #expect(throws: Problem.discard) { try parse(60, chain) }
      }
    }
  }

  private func pad(_ count: Int) -> [UInt8] {
    [1, UInt8(count - 2)] + [UInt8](repeating: 0, count: count - 2)
  }

  @Test("Hop-by-hop options stand first or nowhere")
  func hopByHopFirst() {
    #expect(throws: Problem.parameterProblem(.unrecognizedNextHeader, pointer: 40, answersMulticast: false)) {
      try parse(60, [0, 0, 1, 4, 0, 0, 0, 0] + [6, 0, 1, 4, 0, 0, 0, 0])
    }
  }

  @Test(
    "An unknown option does what its high bits say",
    arguments: [
      (0x1E, nil),
      (0x5E, .discard),
      (0x9E, .parameterProblem(.unrecognizedOption, pointer: 42, answersMulticast: true)),
      (0xDE, .parameterProblem(.unrecognizedOption, pointer: 42, answersMulticast: false)),
    ] as [(UInt8, IPv6ExtensionHeaders.Problem?)]
  )
  func unknownOptions(type: UInt8, problem: IPv6ExtensionHeaders.Problem?) throws {
    for next in [0, 60] as [UInt8] {
      let bytes: [UInt8] = [6, 0, type, 4, 0, 0, 0, 0]
      if let problem {
        #expect(throws: problem) { try parse(next, bytes) }
      } else {
        #expect(try parse(next, bytes).nextHeader == 6)
      }
    }
  }

  @Test("An option whose length runs past its header is dropped, whatever it is")
  func optionLengths() throws {
    for length in 5...255 {
      #expect(throws: Problem.discard) {
        try parse(60, [6, 0, 1, UInt8(length), 0, 0, 0, 0] + [UInt8](repeating: 0, count: 300))
      }
    }
    #expect(throws: Problem.discard) { try parse(60, [6, 0, 1, 3, 0, 0, 0, 5]) }
    #expect(try parse(60, [6, 0, 0, 0, 0, 0, 0, 0]).nextHeader == 6)
  }

  @Test("A routing header with segments left is refused, whatever its type, and skipped with none")
  func routing() throws {
    for type in [0, 2, 3, 4, 99] as [UInt8] {
      #expect(try parse(43, [17, 0, type, 0, 0, 0, 0, 0]).nextHeader == 17)
      for left in [1, 255] as [UInt8] {
        #expect(throws: Problem.parameterProblem(.erroneousField, pointer: 42, answersMulticast: false)) {
          try parse(43, [17, 0, type, left, 0, 0, 0, 0])
        }
      }
    }
  }

  @Test("A truncation at any byte of any header is dropped")
  func truncated() {
    for next in [0, 43, 44, 60] as [UInt8] {
      for count in 0..<8 {
        #expect(throws: Problem.discard) { try parse(next, [UInt8](repeating: 0, count: count)) }
      }
      if next == 44 { continue }
      for words in 1...255 {
        #expect(throws: Problem.discard) {
          try parse(next, [6, UInt8(words), 0, 0] + [UInt8](repeating: 0, count: 4 + 8 * words - 1))
        }
      }
    }
  }

  @Test("A fragment ends the chain; an atomic one doesn't")
  func fragments() throws {
    let first = try parse(0, [44, 0, 1, 4, 0, 0, 0, 0] + [17, 0, 0, 1, 1, 2, 3, 4] + [UInt8](repeating: 7, count: 16))
    #expect(
      first
        == .init(
          nextHeader: 17,
          nextHeaderOffset: 40,
          payload: 56..<72,
          fragment: .init(nextHeader: 17, offset: 0, moreFragments: true, identification: 0x0102_0304)
        )
    )
    let last = try parse(44, [17, 0, 0xFF, 0xF8, 0, 0, 0, 0] + [1, 2, 3])
    #expect(last.fragment?.offset == 0xFFF8)
    #expect(last.payload == 48..<51)
    let atomic = try parse(44, [17, 0, 0, 0, 1, 2, 3, 4] + [1, 2, 3])
    #expect(atomic == .init(nextHeader: 17, nextHeaderOffset: 40, payload: 48..<51, fragment: nil))
    #expect(try parse(44, [17, 0, 0, 1, 0, 0, 0, 0]).payload == 48..<48)
  }

  @Test("A fragment that isn't whole words, unless it is the last, or that ends beyond a packet is refused")
  func badFragments() {
    for count in 1..<8 {
      #expect(throws: Problem.parameterProblem(.erroneousField, pointer: 4, answersMulticast: false)) {
        try parse(44, [17, 0, 0, 1, 0, 0, 0, 0] + [UInt8](repeating: 0, count: count))
      }
    }
    #expect(throws: Problem.parameterProblem(.erroneousField, pointer: 42, answersMulticast: false)) {
      try parse(44, [17, 0, 0xFF, 0xF8, 0, 0, 0, 0] + [UInt8](repeating: 0, count: 8))
    }
  }

  @Test("A fragment header is read as it was written")
  func fragmentHeader() throws {
    for offset in [8, 0x7FF8, 0xFFF0] as [UInt16] {
      for more in [false, true] {
        let header = IPv6FragmentHeader(nextHeader: 6, offset: offset, moreFragments: more, identification: .max)
        let bytes = emitting(8) { header.emit(into: &$0) }
        #expect(try parse(44, bytes).fragment == header)
      }
    }
    #expect(IPv6FragmentHeader(nextHeader: 6, offset: 15, moreFragments: false, identification: 0).offset == 8)
  }

  @Test("Any bytes at all are read without harm")
  func randomBytes() {
    for seed in 0..<50_000 as Range<UInt64> {
      var random = SeededGenerator(seed: seed)
      var bytes = random.bytes(Int.random(in: 0...100, using: &random))
      for index in stride(from: 0, to: bytes.count, by: 8) where random.chance(3 / 4) {
        bytes[index] = ([0, 43, 44, 60, 6] as [UInt8]).randomElement(using: &random) ?? 0
        if index + 1 < bytes.count { bytes[index + 1] = UInt8.random(in: 0...1, using: &random) }
      }
      let next = ([0, 43, 44, 60] as [UInt8]).randomElement(using: &random) ?? 0
      guard let headers = try? parse(next, bytes) else { continue }
      #expect(headers.payload.lowerBound >= 40 && headers.payload.upperBound == 40 + bytes.count, "seed \(seed)")
    }
  }
}
