import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Coalesced segments")
struct CoalescingTests {
  /// A stretch of the peer's stream, as the network delivers it: so many segments at once.
  struct Arrival {
    var seq: UInt32
    var lengths: [Int]
    var total: Int { lengths.reduce(0, +) }
  }

  /// Full segments, the last perhaps shorter, some out of order, some twice.
  static func arrivals(_ generator: inout SeededGenerator) -> [Arrival] {
    var arrivals: [Arrival] = []
    var seq: UInt32 = 1_001
    for _ in 0..<12 {
      var lengths = [Int](repeating: 1_000, count: Int.random(in: 1...8, using: &generator))
      if Bool.random(using: &generator) { lengths[lengths.count - 1] = Int.random(in: 1...1_000, using: &generator) }
      arrivals.append(Arrival(seq: seq, lengths: lengths))
      seq += UInt32(lengths.reduce(0, +))
    }
    for _ in 0..<3 {
      arrivals.swapAt(
        .random(in: arrivals.indices, using: &generator),
        .random(in: arrivals.indices, using: &generator)
      )
    }
    arrivals.append(generator.pick(arrivals))
    return arrivals
  }

  @Test("What arrives coalesced is received as if it had come apart", arguments: 0..<50)
  func equivalence(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let configuration = ConnectionConfiguration.plain.with {
      $0.selectiveAcknowledgment = true
      $0.quickAcknowledgments = UInt8(seed % 20)
    }
    var options = TCPOptions.mss(1_460)
    options.sackPermitted = true
    let whole = SegmentScript.established(configuration, options: options)
    let apart = SegmentScript.established(configuration, options: options)
    // What a full segment is, nobody can tell from a sum alone: the first one has come by itself.
    for script in [whole, apart] {
      script.receives(.ack, seq: 1, ack: 1, length: 1_000)
      script.pass(.milliseconds(50))
      script.drain()
    }
    for arrival in Self.arrivals(&generator) {
      let kept = whole.receives(.ack, seq: arrival.seq, ack: 1, length: arrival.total, count: arrival.lengths.count)
        .kept
      var keptApart = 0
      var seq = arrival.seq
      for length in arrival.lengths {
        keptApart += apart.receives(.ack, seq: seq, ack: 1, length: length).kept.count
        seq += UInt32(length)
      }
      #expect(kept.count == keptApart, "seed \(seed)\n\(whole.story)")
      #expect(whole.events() == apart.events(), "seed \(seed)")
      whole.pass(.milliseconds(1))
      apart.pass(.milliseconds(1))
      #expect(
        whole.drain().map(\.header) == apart.drain().map(\.header),
        "seed \(seed)\n\(whole.story)\n\(apart.story)"
      )
    }
    let metrics = whole.connection.metrics(now: whole.now)
    let other = apart.connection.metrics(now: apart.now)
    #expect(metrics.bytesReceived == other.bytesReceived)
    #expect(metrics.segmentsReceived == other.segmentsReceived)
    #expect(metrics.receiveSegmentSize == other.receiveSegmentSize)
  }
}
