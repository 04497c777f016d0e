import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Acknowledging data (RFC 9293 section 3.8.6.3, RFC 2018, RFC 2883)")
struct AcknowledgmentTests {
  @Test("SHLD-18, MUST-40: less than two full segments wait for company, for 40 ms")
  func delayed() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.isSilent()
    #expect(script.passUntilSent() == .milliseconds(40))
    #expect(script.lastPlan.header.acknowledgmentNumber == SegmentScript.peerInitial &+ 101)
    script.isSilent()
  }

  @Test("MUST-40: whatever is configured, the delay stays below half a second")
  func longestDelay() throws {
    let script = SegmentScript.established(.plain.with { $0.delayedAcknowledgment = .seconds(10) })
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    let wait = try #require(script.passUntilSent())
    #expect(wait < .milliseconds(500))
  }

  @Test("SHLD-19: every second full-sized segment is acknowledged at once")
  func everySecond() {
    let script = SegmentScript.established()
    var acknowledgments = 0
    for index: UInt32 in 0..<10 {
      script.receives(.ack, seq: 1 + index * 1_460, ack: 1, length: 1_460)
      acknowledgments += script.drain().count
    }
    #expect(acknowledgments == 5)
  }

  @Test("SHLD-19: what counts as full-sized is learnt from the peer's segments")
  func smallerSegments() {
    let script = SegmentScript.established()
    for index: UInt32 in 0..<2 { script.receives(.ack, seq: 1 + index * 1_000, ack: 1, length: 1_000) }
    script.sends(.ack, seq: 1, ack: 2_001)
  }

  @Test("A coalesced super-segment counts as the segments that it holds")
  func coalesced() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, length: 2_000, count: 2)
    script.sends(.ack, seq: 1, ack: 2_001)
    #expect(script.connection.metrics(now: script.now).receiveSegmentSize == 1_000)
    #expect(script.connection.metrics(now: script.now).dataSegmentsReceived == 2)
  }

  @Test("The application can ask for acknowledgments at once, one that is held back included, or hold them back")
  func setQuick() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, length: 10)
    script.isSilent()
    script.connection.setQuickAcknowledgments(true)
    script.sends(.ack, seq: 1, ack: 11)
    script.receives(.ack, seq: 11, ack: 1, length: 10)
    script.sends(.ack, seq: 1, ack: 21)
    script.connection.setQuickAcknowledgments(true)
    script.connection.setQuickAcknowledgments(false)
    script.receives(.ack, seq: 21, ack: 1, length: 10)
    script.isSilent()
  }

  @Test("The first segments of a connection are acknowledged at once, as many as configured")
  func quick() {
    let script = SegmentScript.established(.plain.with { $0.quickAcknowledgments = 3 })
    for index: UInt32 in 0..<3 {
      script.receives(.ack, seq: 1 + index * 10, ack: 1, length: 10)
      script.sends(.ack, seq: 1, ack: 11 + index * 10)
    }
    script.receives(.ack, seq: 31, ack: 1, length: 10)
    script.isSilent()
  }

  @Test("MUST-58, MUST-59: a batch of segments is answered by one acknowledgment")
  func aggregated() {
    let script = SegmentScript.established()
    for index: UInt32 in 0..<20 { script.receives(.ack, seq: 1 + index * 1_460, ack: 1, length: 1_460) }
    script.sends(.ack, seq: 1, ack: 29_201)
    script.isSilent()
  }

  @Test("Data that goes out carries the acknowledgment with it")
  func piggyback() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.writes(10)
    script.sends([.ack, .psh], seq: 1, ack: 101, length: 10)
    script.pass(.milliseconds(100))
    script.isSilent()
  }

  @Test("SHLD-31, MAY-13: data ahead of a gap is kept and acknowledged at once; what fills the gap delivers all")
  func outOfOrder() {
    let script = SegmentScript.established()
    #expect(script.receives(.ack, seq: 101, ack: 1, length: 100).kept == 100..<200)
    script.sends(.ack, seq: 1, ack: 1)
    #expect(script.connection.readableCount == 0)
    #expect(script.receives(.ack, seq: 1, ack: 1, length: 100).kept == 0..<100)
    script.sends(.ack, seq: 1, ack: 201)
    script.hears(.readable(upTo: 200))
  }

  @Test("Segments that straddle old and new keep only the new")
  func straddling() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    let reception = script.receives(.ack, seq: 51, ack: 1, length: 100)
    #expect(reception.kept == 100..<150)
    #expect(reception.payloadOffset == 50)
  }

  @Test("A segment that is not acceptable is answered, so that the peer finds its place; a reset is not")
  func unacceptable() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.pass(.milliseconds(50))
    script.drain()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.sends(.ack, seq: 1, ack: 101)
    script.receives(.ack, seq: 0x4000_0000, ack: 1, length: 100)
    script.sends(.ack, seq: 1, ack: 101)
    script.receives(.rst, seq: 0x4000_0000)
    script.isSilent()
    script.isIn(.established)
  }

  @Test("Empty segments off the mark are answered a few times a second only, or two sides could echo for ever")
  func noAckStorm() {
    let script = SegmentScript.established(.plain.with { $0.challengeAcknowledgmentsPerSecond = 5 })
    var answers = 0
    for _ in 0..<100 {
      script.receives(.ack, seq: 0x4000_0000, ack: 1)
      answers += script.drain().count
    }
    #expect(answers == 5)
    script.pass(.seconds(1))
    script.receives(.ack, seq: 0x4000_0000, ack: 1)
    #expect(script.drain().count == 1)
  }
}

@Suite("Selective acknowledgments as a receiver (RFC 2018, RFC 2883)")
struct SelectiveAcknowledgmentTests {
  static let selective = ConnectionConfiguration.plain.with { $0.selectiveAcknowledgment = true }
  static let offer = TCPOptions.mss(1_460).with { $0.sackPermitted = true }

  func blocks(_ plan: SegmentPlan) -> [[UInt32]] {
    plan.header.options.sackBlocks.indices.map { index in
      let block = plan.header.options.sackBlocks[index]
      return [block.left &- SegmentScript.peerInitial, block.right &- SegmentScript.peerInitial]
    }
  }

  @Test("RFC 2018 section 4: the first block holds the segment that arrived last, then the most recent others")
  func order() {
    let script = SegmentScript.established(Self.selective, options: Self.offer)
    script.receives(.ack, seq: 101, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 1)) == [[101, 201]])
    script.receives(.ack, seq: 501, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 1)) == [[501, 601], [101, 201]])
    script.receives(.ack, seq: 301, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 1)) == [[301, 401], [501, 601], [101, 201]])
    script.receives(.ack, seq: 601, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 1)) == [[501, 701], [301, 401], [101, 201]])
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 201)) == [[501, 701], [301, 401]])
  }

  @Test("Beside timestamps there is room for three blocks, without them for four")
  func room() {
    for (options, configuration, most) in [
      (Self.offer, Self.selective, 4), (.modern, Self.selective.with { $0.timestamps = true }, 3),
    ] {
      let script = SegmentScript.established(configuration, options: options)
      for index: UInt32 in 0..<6 { script.receives(.ack, seq: 101 + 200 * index, ack: 1, length: 100) }
      let plan = script.sends(.ack, seq: 1, ack: 1)
      #expect(blocks(plan).count == most)
      #expect(plan.header.length <= 60)
    }
  }

  @Test("RFC 2883: a duplicate is reported once, before the blocks, whether delivered or held")
  func duplicates() {
    let script = SegmentScript.established(Self.selective, options: Self.offer)
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.receives(.ack, seq: 301, ack: 1, length: 100)
    script.drain()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 101)) == [[1, 101], [301, 401]])
    script.receives(.ack, seq: 351, ack: 1, length: 50)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 101)) == [[351, 401], [301, 401]])
    script.receives(.ack, seq: 501, ack: 1, length: 10)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 101)) == [[501, 511], [301, 401]])
  }

  @Test("RFC 2883 section 4.2: what a segment in order brings again is reported, the first part of it")
  func partialDuplicates() {
    let script = SegmentScript.established(Self.selective, options: Self.offer)
    for start: UInt32 in [101, 301, 601] { script.receives(.ack, seq: start, ack: 1, length: 100) }
    script.drain()
    script.receives(.ack, seq: 1, ack: 1, length: 500)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 501)) == [[101, 201], [601, 701]])
    script.receives(.ack, seq: 501, ack: 1, length: 200)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 701)) == [[601, 701]])
  }

  @Test("Without the peer's permission there are no blocks")
  func notPermitted() {
    let script = SegmentScript.established(Self.selective)
    script.receives(.ack, seq: 101, ack: 1, length: 100)
    #expect(blocks(script.sends(.ack, seq: 1, ack: 1)).isEmpty)
  }

  @Test("The ranges ahead of a gap are bounded in number; one too many is dropped and told")
  func bounded() {
    let script = SegmentScript.established(Self.selective.with { $0.maximumOutOfOrderRanges = 20 }, options: Self.offer)
    var kept = 0
    for index: UInt32 in 0..<100 {
      kept += script.receives(.ack, seq: 3 + 2 * index, ack: 1, length: 1).kept.count
    }
    #expect(kept == 20)
    #expect(script.connection.metrics(now: script.now).segmentsDroppedForRangeBudget == 80)
    // What extends a range that is held is still taken.
    #expect(script.receives(.ack, seq: 4, ack: 1, length: 1).kept == 3..<4)
  }

  @Test("Full segments leave room for the blocks that they carry")
  func dataWithBlocks() {
    let script = SegmentScript.established(Self.selective, options: Self.offer)
    script.receives(.ack, seq: 101, ack: 1, length: 100)
    script.writes(3_000)
    for plan in script.drain() { #expect(plan.segmentSize + plan.header.options.length <= 1_460) }
  }
}
