import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Explicit congestion notification (RFC 3168)")
struct ClassicNotificationTests {
  static let configuration = ConnectionConfiguration.plain.with { $0.explicitCongestionNotification = .classic }

  /// A connection that asked for notification and got it.
  func capable(_ configuration: ConnectionConfiguration = configuration) -> SegmentScript {
    let script = SegmentScript(configuration)
    script.connection.open(now: script.now)
    script.sends([.syn, .ece, .cwr], seq: 0)
    script.pass(.milliseconds(10))
    script.receives([.syn, .ack, .ece], seq: 0, ack: 1, options: .mss(1_460))
    script.sends(.ack, seq: 1, ack: 1)
    return script
  }

  @Test("SHLD-8: section 6.1.1: ECE and CWR on the SYN ask, ECE on the answer agrees, and new data is sent as capable")
  func negotiation() {
    let script = capable()
    #expect(script.connection.options.contains(.explicitCongestionNotification))
    #expect(script.lastPlan.codepoint == .notCapable, "pure acknowledgments are not capable (section 6.1.4)")
    script.writes(100)
    #expect(script.sends([.ack, .psh], seq: 1, length: 100).codepoint == .capable0)
    #expect(script.passUntilSent() != nil)
    #expect(script.lastPlan.isRetransmission)
    #expect(script.lastPlan.codepoint == .notCapable, "what is sent again is not capable (section 6.1.5)")
  }

  @Test("Section 6.1.1: a server agrees to what asks with both bits, unless told not to")
  func acceptance() {
    let cases: [(ExplicitCongestionNotification, TCPFlags, TCPFlags)] = [
      (.acceptOnly, [.syn, .ece, .cwr], [.syn, .ack, .ece]),
      (.acceptOnly, [.syn, .ece], [.syn, .ack]),
      (.acceptOnly, [.syn, .cwr], [.syn, .ack]),
      (.acceptOnly, .syn, [.syn, .ack]),
      (.off, [.syn, .ece, .cwr], [.syn, .ack]),
      // Accurate feedback is asked for, which falls back to what this side can do.
      (.acceptOnly, [.syn, .ae, .ece, .cwr], [.syn, .ack, .ece]),
    ]
    for (wish, syn, answer) in cases {
      let script = SegmentScript(
        accepting: .mss(1_460),
        flags: syn,
        .plain.with { $0.explicitCongestionNotification = wish }
      )
      script.sends(answer, seq: 0, ack: 1)
    }
  }

  @Test("A peer that mirrors the SYN's bits, or knows nothing of them, gets no capable segments")
  func brokenAnswers() {
    for answer: TCPFlags in [[.syn, .ack], [.syn, .ack, .ece, .cwr], [.syn, .ack, .cwr], [.syn, .ack, .ae, .ece]] {
      let script = SegmentScript(Self.configuration)
      script.connection.open(now: script.now)
      script.sends([.syn, .ece, .cwr], seq: 0)
      script.receives(answer, seq: 0, ack: 1)
      script.sends(.ack, seq: 1, ack: 1)
      script.writes(10)
      #expect(script.sends([.ack, .psh], seq: 1, length: 10).codepoint == .notCapable)
    }
  }

  @Test("A SYN that timed out twice asks for nothing: something on the way may drop those that do")
  func fallback() {
    let script = SegmentScript(Self.configuration)
    script.connection.open(now: script.now)
    var asked: [Bool] = []
    for _ in 0..<3 {
      script.passUntilSent()
      asked.append(script.lastPlan.header.flags.contains(.ece))
    }
    #expect(asked == [true, true, false])
  }

  @Test("Section 6.1.3: a mark is acknowledged at once, and echoed until the peer says CWR")
  func echo() {
    let script = capable()
    script.receives(.ack, seq: 1, ack: 1, length: 10, codepoint: .congestionExperienced)
    script.sends([.ack, .ece], seq: 1, ack: 11)
    script.receives(.ack, seq: 11, ack: 1, length: 10, codepoint: .capable0)
    script.pass(.milliseconds(50))
    script.sends([.ack, .ece], seq: 1, ack: 21)
    script.receives([.ack, .cwr], seq: 21, ack: 1, length: 10, codepoint: .capable0)
    script.pass(.milliseconds(50))
    script.sends(.ack, seq: 1, ack: 31)
    // A mark on the very segment that says CWR begins another echo.
    script.receives([.ack, .cwr], seq: 31, ack: 1, length: 10, codepoint: .congestionExperienced)
    script.sends([.ack, .ece], seq: 1, ack: 41)
    #expect(script.connection.metrics(now: script.now).congestionMarksReceived == 2)
  }

  @Test("A mark, or CWR, on a segment whose ACK is refused means nothing: it is of whoever guesses where the window is")
  func refusedAcknowledgment() {
    let script = capable()
    script.receives(.ack, seq: 1, ack: 0x4000_0000, length: 10, codepoint: .congestionExperienced)
    script.sends(.ack, seq: 1, ack: 1)
    #expect(script.connection.metrics(now: script.now).congestionMarksReceived == 0)
    script.receives(.ack, seq: 1, ack: 1, length: 10, codepoint: .congestionExperienced)
    script.sends([.ack, .ece], seq: 1, ack: 11)
    script.receives([.ack, .cwr], seq: 11, ack: 0x4000_0000, length: 10)
    script.sends([.ack, .ece], seq: 1, ack: 11)
  }

  @Test("Section 6.1.2: an echo reduces the window once in a round trip, and the next new data says CWR, once")
  func reduction() {
    let script = capable()
    script.maximumSegments = 4
    script.writes(14_600)
    script.drain()
    let before = script.connection.metrics(now: script.now).congestionWindow
    script.writes(100_000)
    script.pass(.milliseconds(10))
    script.receives([.ack, .ece], seq: 1, ack: 1_461)
    script.receives([.ack, .ece], seq: 1, ack: 2_921)
    let after = script.connection.metrics(now: script.now)
    #expect(after.slowStartThreshold < before && after.slowStartThreshold >= before / 2)
    script.receives(.ack, seq: 1, ack: 14_601)
    let sent = script.drain().filter { !$0.payload.isEmpty }
    #expect(sent.count > 1)
    #expect(sent.map { $0.header.flags.contains(.cwr) } == sent.indices.map { $0 == 0 })
    #expect(sent.first?.segmentCount == 1, "offload would repeat CWR on every segment that it cuts")
    #expect(script.connection.metrics(now: script.now).recoveries <= 1)
  }

  @Test("Marks and echoes on a connection that didn't agree on them mean nothing")
  func notNegotiated() {
    let script = SegmentScript.established()
    script.writes(5_000)
    script.drain()
    let before = script.connection.metrics(now: script.now).slowStartThreshold
    script.receives([.ack, .ece], seq: 1, ack: 1_461, codepoint: .congestionExperienced)
    script.receives(.ack, seq: 1, ack: 1_461, length: 10, codepoint: .congestionExperienced)
    script.pass(.milliseconds(50))
    #expect(!script.lastPlan.header.flags.contains(.ece))
    let metrics = script.connection.metrics(now: script.now)
    #expect(metrics.slowStartThreshold == before)
    #expect(metrics.congestionMarksReceived == 0)
  }
}

@Suite("Accurate congestion notification (RFC 9768)")
struct AccurateNotificationTests {
  static let configuration = ConnectionConfiguration.plain.with { $0.explicitCongestionNotification = .accurate }

  /// A connection that asked for accurate feedback and got it.
  func capable() -> SegmentScript {
    let script = SegmentScript(Self.configuration)
    script.connection.open(now: script.now)
    script.sends([.syn, .ae, .ece, .cwr], seq: 0)
    script.pass(.milliseconds(10))
    script.receives([.syn, .ack, .cwr], seq: 0, ack: 1, options: .mss(1_460))
    // The ACK tells which code point the SYN,ACK came with: 010, not capable.
    script.sends([.ack, .cwr], seq: 1, ack: 1)
    return script
  }

  @Test("Section 3.1.2, table 2: what the SYN,ACK says decides which feedback is in use")
  func answers() {
    let accurate: [TCPFlags] = [.cwr, [.cwr, .ece], .ae, [.ae, .cwr]]
    for answer in accurate + [.ece, [], [.ae, .cwr, .ece], [.ae, .ece]] {
      let script = SegmentScript(Self.configuration)
      script.connection.open(now: script.now)
      script.sends([.syn, .ae, .ece, .cwr], seq: 0)
      script.receives(answer.union([.syn, .ack]), seq: 0, ack: 1)
      let options = script.connection.options
      #expect(options.contains(.accurateCongestionNotification) == accurate.contains(answer))
      #expect(options.contains(.explicitCongestionNotification) == (accurate.contains(answer) || answer == .ece))
    }
  }

  @Test("Section 3.1.2, table 2, and 3.2.2.1, table 3: the code points of SYN and SYN,ACK are echoed in the handshake")
  func handshakeEcho() {
    let echoes: [(ECNCodepoint, TCPFlags)] = [
      (.notCapable, .cwr), (.capable1, [.cwr, .ece]), (.capable0, .ae), (.congestionExperienced, [.ae, .cwr]),
    ]
    for (codepoint, echo) in echoes {
      let server = SegmentScript(
        accepting: .mss(1_460),
        flags: [.syn, .ae, .ece, .cwr],
        codepoint: codepoint,
        Self.configuration
      )
      server.sends(echo.union([.syn, .ack]), seq: 0, ack: 1)
      let client = SegmentScript(Self.configuration)
      client.connection.open(now: client.now)
      client.sends([.syn, .ae, .ece, .cwr], seq: 0)
      client.receives([.syn, .ack, .cwr], seq: 0, ack: 1, codepoint: codepoint)
      client.sends(echo.union(.ack), seq: 1, ack: 1)
    }
  }

  @Test("Section 3.2.3.2: the option goes with the handshake, and not with a SYN,ACK that is sent again")
  func optionInHandshake() {
    let initial = TCPOptions.AccurateECN(order: .ect0First, ect0Bytes: 1, ceBytes: 0, ect1Bytes: 1)
    let server = SegmentScript(accepting: .mss(1_460), flags: [.syn, .ae, .ece, .cwr], Self.configuration)
    #expect(server.sends([.syn, .ack, .cwr], seq: 0, ack: 1).header.options.accurateECN == initial)
    server.passUntilSent()
    #expect(server.lastPlan.header.flags == [.syn, .ack, .cwr] && server.lastPlan.header.options.accurateECN == nil)
    server.passUntilSent()
    #expect(server.lastPlan.header.flags == [.syn, .ack], "the flags may be what is dropped")

    let client = SegmentScript(Self.configuration)
    client.connection.open(now: client.now)
    #expect(client.sends([.syn, .ae, .ece, .cwr], seq: 0).header.options.accurateECN == nil)
    client.receives([.syn, .ack, .cwr], seq: 0, ack: 1)
    #expect(client.sends([.ack, .cwr], seq: 1, ack: 1).header.options.accurateECN == initial)
  }

  @Test(
    "Section 3.2.2: packets that arrive marked are counted from five, modulo eight, in three flags; bytes in the option"
  )
  func counters() {
    let script = capable()
    var seq: UInt32 = 1
    for count in 1...9 {
      script.receives(.ack, seq: seq, ack: 1, length: 100, codepoint: .congestionExperienced)
      seq += 100
      guard let sent = script.next() else {
        Issue.record("a mark is acknowledged at once")
        return
      }
      let flags = sent.header.flags
      let field = (flags.contains(.ae) ? 4 : 0) + (flags.contains(.cwr) ? 2 : 0) + (flags.contains(.ece) ? 1 : 0)
      #expect(field == (5 + count) % 8)
      #expect(sent.header.options.accurateECN?.ceBytes == UInt32(100 * count))
      #expect(sent.header.options.accurateECN?.ect0Bytes == 1)
    }
  }

  @Test("Section 3.2.2.5: what the peer newly reports is told to the congestion controller, by packets or by bytes")
  func reports() {
    let byPackets = capable()
    byPackets.writes(14_600)
    byPackets.drain()
    byPackets.receives([.ack, .ae, .ece], seq: 1, ack: 1_461)
    #expect(byPackets.connection.metrics(now: byPackets.now).congestionMarksReported == 0)
    byPackets.receives([.ack, .ae, .cwr, .ece], seq: 1, ack: 4_381)
    #expect(byPackets.connection.metrics(now: byPackets.now).congestionMarksReported == 2 * 1_460)

    let byBytes = capable()
    byBytes.writes(14_600)
    byBytes.drain()
    var options = TCPOptions()
    options.accurateECN = TCPOptions.AccurateECN(order: .ect0First, ect0Bytes: 1, ceBytes: 1_000, ect1Bytes: 1)
    byBytes.receives([.ack, .ae, .cwr], seq: 1, ack: 1_461, options: options)
    #expect(byBytes.connection.metrics(now: byBytes.now).congestionMarksReported == 1_000)
    // A counter that goes backwards belongs to a segment that was overtaken.
    options.accurateECN = TCPOptions.AccurateECN(order: .ect0First, ect0Bytes: 1, ceBytes: 500, ect1Bytes: 1)
    byBytes.receives([.ack, .ae, .cwr], seq: 1, ack: 2_921, options: options)
    #expect(byBytes.connection.metrics(now: byBytes.now).congestionMarksReported == 1_000)
  }

  @Test("Section 3.2.2.1, table 4: a handshake ACK whose counter is zero was tampered with: nothing is sent as capable")
  func zeroedCounter() {
    for (ack, codepoint): (TCPFlags, ECNCodepoint) in [(.ack, .notCapable), ([.ack, .cwr], .capable0)] {
      let script = SegmentScript(accepting: .mss(1_460), flags: [.syn, .ae, .ece, .cwr], Self.configuration)
      script.sends([.syn, .ack, .cwr], seq: 0, ack: 1)
      script.receives(ack, seq: 1, ack: 1)
      script.writes(10)
      script.drain()
      #expect(script.lastPlan.codepoint == codepoint)
    }
  }
}
