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

  @Test("data sent again is a retransmission; less than a round trip after later data it is out of order")
  func repeated() {
    var script = Script()
    #expect(script.passes(.first, 1, [.ack], 1, length: 100, at: 20).isEmpty)
    #expect(script.passes(.first, 201, [.ack], 1, length: 100, at: 20) == [.previousSegmentMissing])
    #expect(script.passes(.first, 101, [.ack], 1, length: 100, at: 22) == [.outOfOrder])
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
