import SockeyeWire
import Testing

@testable import SockeyeTCP

@Suite("Segment sizes and options (RFC 9293 section 3.7.1, RFC 6691)")
struct OptionTests {
  @Test(
    "MUST-14, SHLD-5, MAY-3, MUST-67: a SYN announces what can be received, less the bare headers"
  )
  func announced() {
    let cases: [(NetworkPath.Version, UInt16, UInt16)] = [
      (.v4, 1_500, 1_460), (.v6, 1_500, 1_440), (.v4, 576, 536), (.v6, 1_280, 1_220), (.v4, 65_535, 65_495),
      (.v4, 20, 48),
    ]
    for (version, unit, size) in cases {
      var path = NetworkPath(version: version, maximumTransmissionUnit: unit)
      path.networkOptionsLength = 8
      let opening = SegmentScript(.plain.with { $0.timestamps = true }, path: path)
      opening.connection.open(now: opening.now)
      #expect(opening.sends(.syn, seq: 0).header.options.maximumSegmentSize == size)
      let accepting = SegmentScript(path: path)
      accepting.connection.open(now: accepting.now)
      #expect(accepting.sends(.syn, seq: 0).header.options.maximumSegmentSize == size)
    }
    let answer = SegmentScript(accepting: .mss(1_000))
    #expect(answer.sends([.syn, .ack], seq: 0, ack: 1).header.options.maximumSegmentSize == 1_460)
  }

  @Test("MUST-15: a peer that announces nothing takes 536 bytes over IPv4, 1220 over IPv6")
  func defaults() {
    for (version, size): (NetworkPath.Version, Int) in [(.v4, 536), (.v6, 1_220)] {
      let script = SegmentScript.established(options: TCPOptions(), path: NetworkPath(version: version))
      script.writes(10_000)
      #expect(script.drain().first?.payload.count == size)
    }
  }

  @Test("MUST-16: the effective size is the least of what the peer and the path take, less options")
  func effective() {
    var options = TCPOptions.mss(9_000)
    options.timestamp = TCPOptions.Timestamp(value: 1, echo: 0)
    var path = NetworkPath(version: .v4, maximumTransmissionUnit: 1_500)
    path.networkOptionsLength = 8
    let script = SegmentScript.established(.plain.with { $0.timestamps = true }, options: options, path: path)
    script.writes(10_000)
    #expect(script.drain().first?.payload.count == 1_460 - 12 - 8)
    let small = SegmentScript.established(options: .mss(600))
    small.writes(10_000)
    #expect(small.drain().first?.payload.count == 600)
    let limited = SegmentScript.established(.plain.with { $0.maximumSegmentSize = 700 })
    limited.writes(10_000)
    #expect(limited.drain().first?.payload.count == 700)
  }

  @Test("A peer that asks for segments of a byte or of none gets Linux's least")
  func tinySegments() {
    for size: UInt16 in [0, 1, 47] {
      let script = SegmentScript.established(options: .mss(size))
      script.writes(1_000)
      #expect(script.drain().first?.payload.count == 48)
    }
  }

  @Test("MUST-65: the MSS is sent on a SYN and on nothing else, and means nothing elsewhere")
  func onlyOnSyn() {
    let script = SegmentScript.established()
    script.writes(3_000)
    for plan in script.drain() { #expect(plan.header.options.maximumSegmentSize == nil) }
    script.receives(.ack, seq: 1, ack: 3_001, options: .mss(100))
    script.writes(3_000)
    #expect(script.next()?.payload.count == 1_460)
  }

  @Test("MUST-4, MUST-5: options of any segment are taken in; those of a SYN on another segment change nothing")
  func lateOptions() {
    let script = SegmentScript.established()
    var options = TCPOptions()
    options.windowScale = 14
    options.sackPermitted = true
    script.receives(.ack, seq: 1, ack: 1, window: 1_000, options: options)
    #expect(script.connection.metrics(now: script.now).sendWindow == 1_000)
    #expect(script.connection.options == [])
  }

  @Test("An option is in use only where both sides have sent it")
  func negotiation() {
    let all = ConnectionConfiguration.plain.with {
      $0.timestamps = true
      $0.selectiveAcknowledgment = true
      $0.windowScale = 7
    }
    let both = SegmentScript.established(all, options: .modern)
    #expect(both.connection.options == [.timestamps, .selectiveAcknowledgment, .windowScale])
    #expect(SegmentScript.established(all).connection.options == [])
    #expect(SegmentScript.established(.plain, options: .modern).connection.options == [])
    let plainAnswer = SegmentScript(accepting: .mss(1_460), all)
    let answer = plainAnswer.sends([.syn, .ack], seq: 0, ack: 1).header.options
    #expect(answer.timestamp == nil && !answer.sackPermitted && answer.windowScale == nil)
    let modernAnswer = SegmentScript(accepting: .modern, all)
    let full = modernAnswer.sends([.syn, .ack], seq: 0, ack: 1).header.options
    #expect(full.timestamp?.echo == 1_000 && full.sackPermitted && full.windowScale == 7)
  }
}

@Suite("Timestamps (RFC 7323)")
struct TimestampTests {
  static let configuration = ConnectionConfiguration.plain.with { $0.timestamps = true }

  @Test("Section 3.2: every segment carries a timestamp that goes on by milliseconds, and echoes the peer's")
  func everySegment() {
    let script = SegmentScript.established(Self.configuration, options: .modern)
    let first = script.lastTimestamp
    script.pass(.milliseconds(250))
    script.writes(100)
    let plan = script.sends([.ack, .psh], seq: 1, length: 100)
    #expect(plan.header.options.timestamp == TCPOptions.Timestamp(value: first &+ 250, echo: 1_000))
    script.connection.abort(now: script.now)
    #expect(script.sends([.rst, .ack], seq: 101).header.options.timestamp != nil)
  }

  @Test("Section 5.3, R1: a segment with an older timestamp is dropped and answered (PAWS); a reset is not tested so")
  func paws() {
    let script = SegmentScript.established(Self.configuration, options: .modern)
    script.peerTimestamp = 2_000
    script.receives(.ack, seq: 1, ack: 1, length: 10)
    script.pass(.milliseconds(50))
    script.drain()
    script.peerTimestamp = 1_999
    #expect(script.receives(.ack, seq: 11, ack: 1, length: 10).kept.isEmpty)
    script.sends(.ack, seq: 1, ack: 11)
    #expect(script.connection.metrics(now: script.now).segmentsDroppedAsOld == 1)
    script.peerTimestamp = 2_000
    #expect(!script.receives(.ack, seq: 11, ack: 1, length: 10).kept.isEmpty)
    script.receives(.rst, seq: 21)
    script.hears(.failed(.reset))
  }

  @Test(
    "RFC 2883: an original that arrives behind its retransmission is old by its timestamp, and reported as duplicate"
  )
  func delayedOriginal() {
    let configuration = Self.configuration.with { $0.selectiveAcknowledgment = true }
    let script = SegmentScript.established(configuration, options: .modern)
    script.peerTimestamp = 1_050
    script.receives(.ack, seq: 11, ack: 1, length: 10)
    script.peerTimestamp = 1_100
    script.receives(.ack, seq: 1, ack: 1, length: 10)
    script.drain()
    script.peerTimestamp = 1_040
    #expect(script.receives(.ack, seq: 1, ack: 1, length: 10).kept.isEmpty)
    let blocks = script.sends(.ack, seq: 1, ack: 21).header.options.sackBlocks
    #expect(blocks.count == 1 && blocks[0].left &+ 10 == blocks[0].right)
    #expect(script.connection.metrics(now: script.now).duplicateSegmentsReceived == 1)
  }

  @Test("Section 5.3: an original that was held up behind the repair of a loss before it is taken, for it fills a gap")
  func heldUpOriginal() {
    let configuration = Self.configuration.with { $0.selectiveAcknowledgment = true }
    let script = SegmentScript.established(configuration, options: .modern)
    script.peerTimestamp = 1_050
    // Of five segments the first was lost and the third is held up.
    script.receives(.ack, seq: 11, ack: 1, length: 10)
    script.receives(.ack, seq: 31, ack: 1, length: 20)
    script.peerTimestamp = 1_100
    script.receives(.ack, seq: 1, ack: 1, length: 10)
    script.drain()
    script.peerTimestamp = 1_050
    #expect(!script.receives(.ack, seq: 21, ack: 1, length: 10).kept.isEmpty)
    script.peerTimestamp = 1_101
    // The newer timestamp is still the one that is remembered.
    let answer = script.sends(.ack, seq: 1, ack: 51)
    #expect(answer.header.options.timestamp?.echo == 1_100)
    #expect(script.connection.metrics(now: script.now).segmentsDroppedAsOld == 0)
  }

  @Test(
    "Section 5.3: what was held up is taken neither beyond what has arrived, nor with a timestamp from before the SYN"
  )
  func heldUpTooLong() {
    let configuration = Self.configuration.with { $0.selectiveAcknowledgment = true }
    let script = SegmentScript.established(configuration, options: .modern)
    script.peerTimestamp = 1_050
    script.receives(.ack, seq: 11, ack: 1, length: 10)
    script.receives(.ack, seq: 31, ack: 1, length: 20)
    script.peerTimestamp = 1_100
    script.receives(.ack, seq: 1, ack: 1, length: 10)
    script.drain()
    script.peerTimestamp = 1_050
    #expect(script.receives(.ack, seq: 45, ack: 1, length: 10).kept.isEmpty)
    #expect(script.receives([.fin, .ack], seq: 21, ack: 1, length: 10).kept.isEmpty)
    script.peerTimestamp = 999
    #expect(script.receives(.ack, seq: 21, ack: 1, length: 10).kept.isEmpty)
    #expect(script.connection.metrics(now: script.now).segmentsDroppedAsOld == 3)
  }

  @Test("A timestamp vouches for half a gigabyte of data, and for no more than the clock can tell apart")
  func marks() {
    var clock = TimestampClock(offset: 0)
    var now = Instant.zero
    clock.update(100, next: 1, at: now)
    clock.update(200, next: 1 + (1 << 29) - 1, at: now)
    #expect(clock.isOfThisTrip(100))
    #expect(!clock.isOfThisTrip(99))
    clock.update(300, next: 1 + (1 << 29), at: now)
    #expect(clock.isOfThisTrip(300))
    #expect(!clock.isOfThisTrip(299))
    // A clock that goes on while hardly anything is sent.
    #expect(!clock.isOfThisTrip(300 + (1 << 31)))
    // After 24 days whatever comes is believed, and begins anew.
    now += .seconds(25 * 86_400)
    clock.update(7, next: 3 + (1 << 29), at: now)
    #expect(clock.isOfThisTrip(7))
    #expect(!clock.isOfThisTrip(6))
  }

  @Test("Section 5.2: timestamps wrap, and are compared by distance")
  func wrapping() {
    var options = TCPOptions.modern
    options.timestamp?.value = 0xFFFF_FFF0
    let script = SegmentScript.established(Self.configuration, options: options)
    script.peerTimestamp = 5
    #expect(!script.receives(.ack, seq: 1, ack: 1, length: 10).kept.isEmpty)
    script.peerTimestamp = 0xFFFF_FFFE
    #expect(script.receives(.ack, seq: 11, ack: 1, length: 10).kept.isEmpty)
  }

  @Test("Section 5.5: after 24 idle days the remembered timestamp proves nothing")
  func stale() {
    let script = SegmentScript.established(Self.configuration, options: .modern)
    script.pass(.seconds(25 * 86_400))
    script.peerTimestamp = 10
    #expect(!script.receives(.ack, seq: 1, ack: 1, length: 10).kept.isEmpty)
  }

  @Test("Section 4.3: the timestamp that is echoed comes from the segment that advances the acknowledgment")
  func echoRule() {
    let script = SegmentScript.established(Self.configuration, options: .modern)
    script.peerTimestamp = 1_100
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.peerTimestamp = 1_200
    script.receives(.ack, seq: 101, ack: 1, length: 100)
    script.pass(.milliseconds(50))
    #expect(script.sends(.ack, seq: 1, ack: 201).header.options.timestamp?.echo == 1_100)
    // Ahead of a gap: not echoed.
    script.peerTimestamp = 1_300
    script.receives(.ack, seq: 301, ack: 1, length: 100)
    #expect(script.sends(.ack, seq: 1, ack: 201).header.options.timestamp?.echo == 1_100)
  }

  @Test("A timestamp is not taken from a segment whose ACK field is refused: it would make all that follows old")
  func refusedAcknowledgment() {
    let script = SegmentScript.established(Self.configuration, options: .modern)
    script.peerTimestamp = 0x4000_0000
    script.receives([.ack, .fin], seq: 1, ack: 9_999)
    #expect(script.sends(.ack, seq: 1, ack: 1).header.options.timestamp?.echo == 1_000)
    script.peerTimestamp = 1_001
    #expect(!script.receives(.ack, seq: 1, ack: 1, length: 10).kept.isEmpty)
  }

  @Test("Section 3.2: once agreed upon, a segment without a timestamp is dropped")
  func missing() {
    let script = SegmentScript.established(Self.configuration, options: .modern)
    script.peerTimestamp = nil
    #expect(script.receives(.ack, seq: 1, ack: 1, length: 10).kept.isEmpty)
    script.isIn(.established)
  }

  @Test("The round trip is measured from the echo")
  func roundTrip() {
    let script = SegmentScript.established(Self.configuration, options: .modern, roundTrip: .milliseconds(80))
    let measured = script.connection.metrics(now: script.now).smoothedRoundTripTime
    #expect(measured >= .milliseconds(79) && measured <= .milliseconds(81))
  }
}

@Suite("Blind attacks (RFC 5961)")
struct BlindAttackTests {
  @Test("Section 3.2: a reset exactly at RCV.NXT resets; one inside the window is challenged; one outside is dropped")
  func reset() {
    let script = SegmentScript.established()
    script.receives(.rst, seq: 100)
    script.sends(.ack, seq: 1, ack: 1)
    script.receives(.rst, seq: 0x4000_0000)
    script.isSilent()
    script.isIn(.established)
    script.receives(.rst, seq: 1)
    script.hears(.failed(.reset))
    #expect(script.connection.metrics(now: script.now).challengeAcknowledgmentsSent == 1)
  }

  @Test("Section 4.2: a SYN in a synchronized state is challenged, wherever it lies")
  func syn() {
    for seq: UInt32 in [1, 100, 0x4000_0000, 0] {
      let script = SegmentScript.established()
      script.receives(.syn, seq: seq)
      script.sends(.ack, seq: 1, ack: 1)
      script.isIn(.established)
    }
  }

  @Test("MAY-12: section 5.2: data whose ACK is too old or of what was never sent is discarded and answered")
  func injection() {
    let script = SegmentScript.established(window: 1_000)
    script.writes(500)
    script.drain()
    script.receives(.ack, seq: 1, ack: 501)
    for ack in [UInt32(502), 0x4000_0000, 501 &- 70_000] {
      #expect(script.receives(.ack, seq: 1, ack: ack, length: 100).kept.isEmpty)
      script.sends(.ack, seq: 501, ack: 1)
    }
    // Within the greatest window of SND.UNA it is an old duplicate whose data counts.
    #expect(script.receives(.ack, seq: 1, ack: 400, length: 100).kept == 0..<100)
  }

  @Test("Section 7: challenges come out of a budget that belongs to the connection alone")
  func budget() {
    let script = SegmentScript.established(.plain.with { $0.challengeAcknowledgmentsPerSecond = 3 })
    var challenges = 0
    for _ in 0..<50 {
      script.receives(.rst, seq: 100)
      challenges += script.drain().count
    }
    #expect(challenges == 3)
    script.pass(.seconds(1))
    script.receives(.rst, seq: 100)
    #expect(script.drain().count == 1)
  }

  @Test("With rfc5961=0: RFC 793's answers: any reset in the window resets, and so does a SYN")
  func withoutProtection() {
    let configuration = ConnectionConfiguration.plain.with { $0.challengesBlindAttacks = false }
    let reset = SegmentScript.established(configuration)
    reset.receives(.rst, seq: 100)
    reset.hears(.failed(.reset))
    let syn = SegmentScript.established(configuration)
    syn.receives(.syn, seq: 100)
    syn.sends([.rst, .ack], seq: 1)
    syn.isIn(.closed)
    let outside = SegmentScript.established(configuration)
    outside.receives(.rst, seq: 0x4000_0000)
    outside.isIn(.established)
    let old = SegmentScript.established(configuration, window: 1_000)
    #expect(old.receives(.ack, seq: 1, ack: 1 &- 70_000, length: 100).kept == 0..<100)
  }
}
