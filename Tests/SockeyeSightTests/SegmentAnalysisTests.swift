import SockeyeTCP
import SockeyeWire
import Testing

@testable import SockeyeSight

@Suite("What is remarkable about segments")
struct SegmentAnalysisTests {
  private struct Script {
    var analysis = SegmentAnalysis()
    var numbering = Numbering()
    var number: UInt64 = 0

    /// An open connection: numbers start at 1 on both sides, and a round trip takes 10 ms.
    init() {
      _ = passes(.first, 0, [.syn], 0, length: 0, at: 0)
      _ = passes(.second, 0, [.syn, .ack], 1, length: 0, at: 10)
      _ = passes(.first, 1, [.ack], 1, length: 0, at: 10)
    }

    mutating func passes(
      _ end: End,
      _ sequence: UInt32,
      _ flags: TCPFlags,
      _ acknowledgment: UInt32,
      length: Int,
      at milliseconds: Int64,
      window: UInt16 = 1_000
    ) -> [Finding] {
      number += 1
      let header = TCPHeader(
        sourcePort: 1,
        destinationPort: 2,
        sequenceNumber: sequence &+ 0xFFFF_FF00,
        acknowledgmentNumber: acknowledgment &+ 0xFFFF_FF00,
        flags: flags,
        window: window
      )
      let segment = numbering.segment(header, payloadLength: length, from: end, number: number)
      return analysis.findings(segment, from: end, at: .zero + .milliseconds(milliseconds))
    }
  }

  @Test("data sent again is a retransmission; what was never seen is out of order for less than a round trip")
  func repeated() {
    var script = Script()
    #expect(script.passes(.first, 1, [.ack], 1, length: 100, at: 20).isEmpty)
    #expect(script.passes(.first, 201, [.ack], 1, length: 100, at: 20) == [.previousSegmentMissing])
    #expect(script.passes(.first, 101, [.ack], 1, length: 100, at: 22) == [.outOfOrder])
    // Seen before: however soon it comes, it was sent again.
    #expect(script.passes(.first, 101, [.ack], 1, length: 100, at: 23) == [.retransmission])
    #expect(script.passes(.first, 201, [.ack], 1, length: 100, at: 300) == [.retransmission])
    #expect(script.passes(.second, 1, [.ack], 301, length: 0, at: 310).isEmpty)
    #expect(script.passes(.first, 201, [.ack], 1, length: 100, at: 320) == [.spuriousRetransmission])
  }

  @Test("duplicate acknowledgments are counted, and what they ask for is a fast retransmission (RFC 5681)")
  func duplicates() {
    var script = Script()
    for start in [UInt32(1), 101, 201, 301] { _ = script.passes(.first, start, [.ack], 1, length: 100, at: 20) }
    #expect(script.passes(.second, 1, [.ack], 101, length: 0, at: 30).isEmpty)
    #expect(script.passes(.second, 1, [.ack], 101, length: 0, at: 31) == [.duplicateAcknowledgment(count: 1)])
    #expect(script.passes(.second, 1, [.ack], 101, length: 0, at: 32) == [.duplicateAcknowledgment(count: 2)])
    #expect(script.passes(.first, 101, [.ack], 1, length: 100, at: 33) == [.fastRetransmission])
  }

  @Test("duplicate acknowledgments don't make a segment that was overtaken one that was sent again")
  func overtakenNearReceiver() {
    var script = Script()
    _ = script.passes(.first, 1, [.ack], 1, length: 100, at: 20)
    for start in [UInt32(201), 301, 401] { _ = script.passes(.first, start, [.ack], 1, length: 100, at: 20) }
    for time in [Int64(20), 21, 22] { _ = script.passes(.second, 1, [.ack], 101, length: 0, at: time) }
    // The gap opened 4 ms ago, and a round trip takes 10.
    #expect(script.passes(.first, 101, [.ack], 1, length: 100, at: 24) == [.outOfOrder])
    for start in [UInt32(601), 701] { _ = script.passes(.first, start, [.ack], 1, length: 100, at: 30) }
    for time in [Int64(30), 31, 32] { _ = script.passes(.second, 1, [.ack], 501, length: 0, at: time) }
    #expect(script.passes(.first, 501, [.ack], 1, length: 100, at: 41) == [.fastRetransmission])
  }

  @Test("gaps are split by what fills a part of them, and the oldest is forgotten where there are too many")
  func gaps() {
    var gaps = SequenceGaps()
    gaps.open(100..<200, at: .zero)
    gaps.fill(120..<150)
    #expect(gaps.opening(of: 100..<120) == .zero && gaps.opening(of: 150..<200) == .zero)
    #expect(gaps.opening(of: 110..<130) == nil && gaps.opening(of: 120..<150) == nil)
    for place in 1...64 { gaps.open(StreamOffset(place * 1_000)..<StreamOffset(place * 1_000 + 1), at: .zero) }
    #expect(gaps.opening(of: 100..<120) == nil && gaps.opening(of: 64_000..<64_001) == .zero)
  }

  @Test("a closed window, its probe, the answer, and the window's opening are told apart")
  func windows() {
    var script = Script()
    #expect(script.passes(.first, 1, [.ack], 1, length: 1_000, at: 20) == [.windowFull])
    #expect(script.passes(.second, 1, [.ack], 1_001, length: 0, at: 30, window: 0) == [.zeroWindow])
    #expect(script.passes(.first, 1_001, [.ack], 1, length: 1, at: 300) == [.zeroWindowProbe])
    #expect(script.passes(.second, 1, [.ack], 1_001, length: 0, at: 310, window: 0) == [.zeroWindowProbeAnswer])
    #expect(script.passes(.second, 1, [.ack], 1_001, length: 0, at: 400, window: 900) == [.windowUpdate])
  }

  @Test("a keep-alive and its answer; what was not seen and is acknowledged; a reset")
  func others() {
    var script = Script()
    #expect(script.passes(.first, 0, [.ack], 1, length: 0, at: 9_000) == [.keepAlive])
    #expect(script.passes(.second, 1, [.ack], 1, length: 0, at: 9_010) == [.keepAliveAnswer])
    #expect(script.passes(.second, 1, [.ack], 5_000, length: 0, at: 9_020) == [.acknowledgesUnseen])
    #expect(script.passes(.second, 1, [.rst], 0, length: 0, at: 9_030) == [.reset])
  }
}
