import SockeyeSimulator
import SockeyeTCP
import SockeyeWire
import Testing

/// Segments that no sound peer sends: none may trap, none may make the connection say what isn't so.
@Suite("Hostile segments")
struct HostileSegmentTests {
  /// The states that a connection can be in, each with something to send and something to read where it may.
  static let stages = [
    "synSent", "synReceived", "simultaneous", "fastOpen", "established", "zeroWindow", "gaps", "finWait1", "finWait2",
    "closeWait", "closing", "lastAck", "timeWait",
  ]

  static func script(in stage: String) -> SegmentScript {
    let configuration = ConnectionConfiguration()
    switch stage {
    case "synSent":
      let script = SegmentScript(configuration.with { $0.fastOpen = true })
      script.connection.open(cookie: FastOpenCookie(1), now: script.now)
      script.writes(500)
      script.drain()
      return script
    case "synReceived":
      let script = SegmentScript(accepting: .modern, configuration)
      script.drain()
      return script
    case "simultaneous":
      let script = SegmentScript(configuration)
      script.connection.open(now: script.now)
      script.drain()
      script.receives(.syn, seq: 0, options: .modern)
      script.drain()
      return script
    case "fastOpen":
      let script = SegmentScript(accepting: .modern, payloadLength: 100, fastOpen: .accept, configuration)
      script.writes(5_000)
      script.drain()
      return script
    default:
      let script = SegmentScript.established(configuration, options: .modern)
      advance(script, to: stage)
      return script
    }
  }

  private static func advance(_ script: SegmentScript, to stage: String) {
    script.writes(20_000)
    script.drain()
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    switch stage {
    case "zeroWindow": script.receives(.ack, seq: 101, ack: 20_001, window: 0)
    case "gaps": for seq: UInt32 in [1_000, 3_000, 5_000] { script.receives(.ack, seq: seq, ack: 1, length: 500) }
    case "finWait1", "finWait2", "closing", "timeWait": script.connection.close(now: script.now)
    case "closeWait", "lastAck": script.receives([.ack, .fin], seq: 101, ack: 1)
    default: break
    }
    if stage == "lastAck" { script.connection.close(now: script.now) }
    script.drain()
    if stage == "closing" { script.receives([.ack, .fin], seq: 101, ack: 1) }
    if stage == "finWait2" || stage == "timeWait" {
      for _ in 0..<20 {
        script.receives(.ack, seq: 101, ack: UInt32(script.lastPlan.payload.upperBound) + 1)
        script.pass(.milliseconds(10))
        script.drain()
      }
      script.receives(.ack, seq: 101, ack: 20_002)
      if stage == "timeWait" { script.receives([.ack, .fin], seq: 101, ack: 20_002) }
    }
    script.drain()
  }

  /// Any header, with fields near what matters and at their extremes.
  static func header(_ generator: inout SeededGenerator, acknowledged: UInt32) -> TCPHeader {
    let near: [UInt32] = [
      0, 1, 2, 100, 101, 102, 1_000, 65_536, 0x4000_0000, 0x7FFF_FFFF, 0x8000_0000, .max, .max - 100,
    ]
    var header = TCPHeader(
      sourcePort: SegmentScript.ports.remote,
      destinationPort: SegmentScript.ports.local,
      sequenceNumber: SegmentScript.peerInitial &+ generator.pick(near),
      acknowledgmentNumber: SegmentScript.ourInitial &+ generator.pick(near + [acknowledged, acknowledged &+ 1]),
      flags: TCPFlags(rawValue: UInt16.random(in: 0...0x1FF, using: &generator)),
      window: generator.pick([0, 1, 100, 65_535]),
      urgentPointer: generator.pick([0, 1, 65_535])
    )
    if Bool.random(using: &generator) {
      header.options.timestamp = TCPOptions.Timestamp(
        value: generator.pick([1_000, 1_001, 0, .max, 0x8000_0000]),
        echo: generator.pick([0, 1, .max, 5_000])
      )
    }
    if Int.random(in: 0..<3, using: &generator) == 0 {
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        header.options.sackBlocks.append(
          SACKBlock(
            left: SegmentScript.ourInitial &+ generator.pick(near),
            right: SegmentScript.ourInitial &+ generator.pick(near + [acknowledged])
          )
        )
      }
    }
    if Int.random(in: 0..<4, using: &generator) == 0 {
      header.options.maximumSegmentSize = generator.pick([0, 1, 536, .max])
      header.options.windowScale = generator.pick([0, 14, 255])
      header.options.sackPermitted = true
      header.options.fastOpen = .request
      header.options.accurateECN = TCPOptions.AccurateECN(
        order: .ect1First,
        ect0Bytes: .max,
        ceBytes: generator.pick([0, 1, .max]),
        ect1Bytes: 0
      )
    }
    return header
  }

  @Test(
    "Any fields, in any state, at any time: nothing traps, and no more is sent or read than there is",
    arguments: stages
  )
  func anything(stage: String) {
    for seed in 0..<150 as Range<UInt64> {
      let script = Self.script(in: stage)
      var generator = SeededGenerator(seed: seed)
      var received: UInt64 = stage == "gaps" ? 5_499 : 200
      for _ in 0..<30 {
        let header = Self.header(&generator, acknowledged: UInt32(20_001))
        let length = generator.pick([0, 0, 1, 100, 1_460, 65_535])
        let reception = script.connection.receive(
          header,
          payloadLength: length,
          segmentCount: generator.pick([1, 1, 2, 45]),
          codepoint: ECNCodepoint(bits: UInt8.random(in: 0...3, using: &generator)),
          arrival: script.now
        )
        #expect(reception.kept.count <= length && reception.payloadOffset + reception.kept.count <= length)
        received = max(received, reception.kept.upperBound)
        #expect(script.connection.readableCount <= received)
        if Int.random(in: 0..<4, using: &generator) == 0 {
          script.pass(generator.pick([.milliseconds(1), .seconds(1)]))
        }
        for plan in script.drain() {
          #expect(plan.payload.upperBound <= 20_000, "\(stage), seed \(seed)\n\(script.story)")
          #expect(plan.header.options.length <= TCPOptions.maximumLength)
        }
        for event in script.events() {
          if case .acknowledged(let end) = event { #expect(end <= 20_000, "\(stage), seed \(seed)\n\(script.story)") }
        }
        _ = script.connection.metrics(now: script.now)
      }
    }
  }

  @Test("A segment from the connection's own address and port, a land attack, is only challenged", arguments: stages)
  func land(stage: String) {
    let script = Self.script(in: stage)
    let before = script.connection.state
    guard before.isSynchronized else { return }
    var header = TCPHeader(
      sourcePort: SegmentScript.ports.local,
      destinationPort: SegmentScript.ports.local,
      sequenceNumber: SegmentScript.ourInitial,
      flags: .syn,
      window: 65_535
    )
    header.options = .modern
    var answers = 0
    for _ in 0..<1_000 {
      _ = script.connection.receive(header, payloadLength: 0, arrival: script.now)
      answers += script.drain().count
    }
    #expect(answers <= 10)
    #expect(script.connection.state == before)
  }

  @Test("Optimistic acknowledgments, of data that was sent and cannot have arrived, end in what was sent")
  func optimistic() {
    let script = SegmentScript.established()
    script.writes(1_000_000)
    var acknowledged: UInt32 = 1
    for _ in 0..<100 {
      let sent = script.drain().map { UInt32($0.payload.upperBound) + 1 }.max() ?? acknowledged
      // Everything at once, and then a segment more than was sent.
      script.receives(.ack, seq: 1, ack: sent)
      script.receives(.ack, seq: 1, ack: sent + 1_460)
      acknowledged = max(acknowledged, sent)
      #expect(script.connection.metrics(now: script.now).bytesAcknowledged == UInt64(acknowledged) - 1)
      script.pass(.milliseconds(1))
    }
    script.isIn(.established)
  }

  @Test("A peer that divides one acknowledgment into many gets no larger window for it (RFC 5681 section 3.1)")
  func dividedAcknowledgments() {
    func window(_ steps: UInt32) -> Int {
      let script = SegmentScript.established(.plain.with { $0.congestionControl = .newReno })
      script.writes(100_000)
      script.drain()
      for step in 1...steps { script.receives(.ack, seq: 1, ack: 1 + step * (1_460 / steps)) }
      return script.connection.metrics(now: script.now).congestionWindow
    }
    #expect(window(20) <= window(1))
  }

  @Test("Ranges ahead of gaps are bounded, each a byte long or not, and the memory with them")
  func manyRanges() {
    let script = SegmentScript.established()
    for index: UInt32 in 0..<20_000 { script.receives(.ack, seq: 3 + 2 * index, ack: 1, length: 1) }
    let metrics = script.connection.metrics(now: script.now)
    #expect(metrics.outOfOrderSegmentsReceived == 256)
    #expect(metrics.segmentsDroppedForRangeBudget > 0)
  }
}
