import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Windows (RFC 9293 section 3.8.6)")
struct WindowTests {
  @Test("MUST-1: a window is unsigned: one of 65,535 admits as much")
  func unsigned() {
    let script = SegmentScript.established(.plain.with { $0.initialCongestionWindow = 100 })
    script.writes(100_000)
    let sent = script.drain().reduce(0) { $0 + $1.payload.count }
    #expect(sent > 64_000 && sent <= 65_535)
  }

  @Test("REC-1: a scaled window takes more than 16 bits")
  func scaled() {
    var options = TCPOptions.mss(1_460)
    options.windowScale = 14
    let script = SegmentScript.established(
      .plain.with {
        $0.windowScale = 7
        $0.initialCongestionWindow = 200
      },
      options: options
    )
    script.receives(.ack, seq: 1, ack: 1, window: 65_535)
    #expect(script.connection.metrics(now: script.now).sendWindow == 65_535 << 14)
    script.writes(200_000)
    #expect(script.drain().reduce(0) { $0 + $1.payload.count } == 200_000)
  }

  @Test("RFC 7323 section 2.3: a shift above 14 counts as 14")
  func hugeShift() {
    var options = TCPOptions.mss(1_460)
    options.windowScale = 255
    let script = SegmentScript.established(.plain.with { $0.windowScale = 0 }, options: options)
    script.receives(.ack, seq: 1, ack: 1, window: 65_535)
    #expect(script.connection.metrics(now: script.now).sendWindow == 65_535 << 14)
  }

  @Test("RFC 7323 section 2.2: the window of a SYN is never scaled, and without the peer's option none is")
  func synWindow() {
    var options = TCPOptions.mss(1_460)
    options.windowScale = 7
    let scaled = SegmentScript.established(.plain.with { $0.windowScale = 7 }, options: options, window: 1_000)
    #expect(scaled.connection.metrics(now: scaled.now).sendWindow == 1_000)
    let unscaled = SegmentScript.established(.plain.with { $0.windowScale = 7 }, window: 1_000)
    unscaled.receives(.ack, seq: 1, ack: 1, window: 2_000)
    #expect(unscaled.connection.metrics(now: unscaled.now).sendWindow == 2_000)
  }

  @Test("The initial window is offered exactly, and the SYN's options follow the settings")
  func initialWindow() {
    let script = SegmentScript(
      .plain.with {
        $0.initialReceiveWindow = 12_345
        $0.windowScale = 3
      }
    )
    script.connection.open(now: script.now)
    let syn = script.sends(.syn, seq: 0, window: 12_345)
    #expect(syn.header.options.windowScale == 3)
  }

  @Test("SHLD-14: the right edge never moves back, whatever is read and however the window is scaled")
  func rightEdgeStays() {
    for shift: UInt8 in [0, 5, 9] {
      var options = TCPOptions.mss(1_460)
      options.windowScale = 2
      let script = SegmentScript.established(
        .plain.with {
          $0.windowScale = shift
          $0.receiveBuffer = 40_000
          $0.initialReceiveWindow = 30_000
          $0.autotune = false
        },
        options: options
      )
      var edge: UInt32 = 0
      var seq: UInt32 = 1
      for step in 0..<200 {
        let length = 1 + (step * 97) % 1_460
        let kept = script.receives([.ack, .psh], seq: seq, ack: 1, length: length).kept
        seq += UInt32(kept.count)
        if step % 3 == 0 { script.connection.read((step * 131) % 1_500, now: script.now) }
        script.pass(.milliseconds(50))
        for plan in script.drain() {
          let acknowledged = plan.header.acknowledgmentNumber &- SegmentScript.peerInitial
          let offered = acknowledged + UInt32(plan.header.window) << UInt32(shift)
          // What is told of the edge falls short of it by less than the unit of a scaled window (RFC 7323 section 2.4).
          #expect(offered + (1 << UInt32(shift)) > edge, "shift \(shift), step \(step)\n\(script.story)")
          edge = max(edge, offered)
        }
        // What is unread plus what is offered never exceeds the buffer.
        let readable = UInt32(script.connection.readableCount)
        #expect(edge - (seq - readable) <= 40_000)
      }
    }
  }

  @Test("SHLD-15: a window that shrinks is no reason to send new data; SHLD-16: old data within it is sent again")
  func shrinkingWindow() {
    let script = SegmentScript.established(window: 10_000)
    script.writes(20_000)
    let sent = script.drain().reduce(0) { $0 + $1.payload.count }
    #expect(sent >= 8_760 && sent <= 10_000)
    // The peer takes 1,460 bytes and moves the right edge back from 10,001 to 4,461.
    script.receives(.ack, seq: 1, ack: 1_461, window: 3_000)
    script.isSilent()
    #expect(script.passUntilSent() != nil)
    #expect(script.lastPlan.isRetransmission)
    #expect(script.lastPlan.payload.lowerBound == 1_460)
    script.isIn(.established)
  }

  @Test("MUST-34, SHLD-17: data beyond a right edge that moved back does not time the connection out")
  func shrunkToZero() {
    let script = SegmentScript.established(.plain.with { $0.dataRetries = 3 }, window: 10_000)
    script.writes(10_000)
    script.drain()
    for _ in 0..<12 {
      script.receives(.ack, seq: 1, ack: 1, window: 0)
      script.passUntilSent()
    }
    script.isIn(.established)
    script.receives(.ack, seq: 1, ack: 10_001, window: 10_000)
    script.writes(100)
    script.drain()
    script.isIn(.established)
  }

  @Test(
    "MAY-8, MUST-35, MUST-36, SHLD-29, SHLD-30: a zero window is probed after an RTO, then ever less often"
  )
  func zeroWindowProbes() {
    let script = SegmentScript.established()
    script.writes(500)
    script.sends([.ack, .psh], seq: 1, length: 500)
    script.receives(.ack, seq: 1, ack: 501, window: 0)
    script.writes(1_000)
    script.isSilent()
    let timeout = script.connection.metrics(now: script.now).retransmissionTimeout
    var waits: [Interval] = []
    for _ in 0..<8 {
      guard let wait = script.passUntilSent() else { break }
      waits.append(wait)
      #expect(script.lastPlan.payload == 500..<501, "a probe carries the next byte\n\(script.story)")
      script.receives(.ack, seq: 1, ack: 501, window: 0)
    }
    #expect(waits.count == 8)
    #expect(waits.first == timeout)
    for (earlier, later) in zip(waits, waits.dropFirst()) { #expect(later == earlier * 2) }
  }

  @Test("MUST-37: a window that stays closed while probes are answered keeps the connection open")
  func zeroWindowForEver() {
    let script = SegmentScript.established(.plain.with { $0.dataRetries = 4 })
    script.receives(.ack, seq: 1, ack: 1, window: 0)
    script.writes(1_000)
    for _ in 0..<200 {
      #expect(script.passUntilSent() != nil)
      script.receives(.ack, seq: 1, ack: 1, window: 0)
    }
    script.isIn(.established)
    #expect(script.now - SegmentScript.start > .seconds(3_600))
    script.receives(.ack, seq: 1, ack: 1, window: 5_000)
    script.sends([.ack, .psh], seq: 1, length: 1_000)
  }

  @Test("A user timeout also ends the wait for a window that stays closed, answered or not (RFC 6429 section 3)")
  func zeroWindowWithTimeout() {
    let script = SegmentScript.established(.plain.with { $0.userTimeout = .seconds(30) })
    script.receives(.ack, seq: 1, ack: 1, window: 0)
    script.writes(1_000)
    let began = script.now
    while script.connection.state == .established, script.now - began < .seconds(100) {
      guard script.passUntilSent() != nil else { break }
      script.receives(.ack, seq: 1, ack: 1, window: 0)
    }
    script.hears(.failed(.userTimeout))
    #expect(script.now - began >= .seconds(30) && script.now - began < .seconds(31))
  }

  @Test("Probes of a zero window that nobody answers end the connection")
  func unansweredProbes() {
    let script = SegmentScript.established(.plain.with { $0.dataRetries = 4 })
    script.receives(.ack, seq: 1, ack: 1, window: 0)
    script.writes(1_000)
    for _ in 0..<10 { script.passUntilSent() }
    script.isIn(.closed)
    script.hears(.failed(.timedOut))
  }

  @Test("A probe whose byte is taken counts as sent; one that is not is sent again with the rest")
  func probeByte() {
    let taken = SegmentScript.established()
    taken.receives(.ack, seq: 1, ack: 1, window: 0)
    taken.writes(1_000)
    taken.passUntilSent()
    taken.receives(.ack, seq: 1, ack: 2, window: 5_000)
    taken.hears(.acknowledged(upTo: 1))
    taken.sends([.ack, .psh], seq: 2, length: 999)

    let refused = SegmentScript.established()
    refused.receives(.ack, seq: 1, ack: 1, window: 0)
    refused.writes(1_000)
    refused.passUntilSent()
    refused.receives(.ack, seq: 1, ack: 1, window: 5_000)
    refused.sends([.ack, .psh], seq: 1, length: 1_000)
  }

  @Test("A FIN that a zero window holds back is probed with, and taken")
  func probeWithFin() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 1, ack: 1, window: 0)
    script.connection.close(now: script.now)
    #expect(script.passUntilSent() != nil)
    #expect(script.lastPlan.header.flags.contains(.fin))
    script.receives(.ack, seq: 1, ack: 2, window: 0)
    script.isIn(.finWait2(expiry: .never))
  }

  @Test("MAY-7: data that is outstanding when the window closes is still sent again")
  func retransmissionBeyondWindow() {
    let script = SegmentScript.established()
    script.writes(1_000)
    script.sends([.ack, .psh], seq: 1, length: 1_000)
    script.receives(.ack, seq: 1, ack: 1, window: 0)
    #expect(script.passUntilSent() != nil)
    #expect(script.lastPlan.payload == 0..<1_000)
  }

  @Test("MUST-66: with its window closed a receiver takes ACK, URG and RST from a segment whose data it leaves")
  func zeroReceiveWindow() {
    let configuration = ConnectionConfiguration.plain.with {
      $0.receiveBuffer = 1_000
      $0.initialReceiveWindow = 1_000
      $0.autotune = false
    }
    let script = SegmentScript.established(configuration)
    script.writes(10)
    script.sends([.ack, .psh], seq: 1, length: 10)
    script.receives(.ack, seq: 1, ack: 1, length: 1_000)
    script.pass(.milliseconds(50))
    script.sends(.ack, seq: 11, ack: 1_001, window: 0)
    _ = script.events()
    #expect(script.receives([.ack, .urg], seq: 1_001, ack: 11, length: 1, urgent: 5).kept.isEmpty)
    let heard = script.events()
    #expect(heard.contains(.acknowledged(upTo: 10)))
    #expect(heard.contains(.urgent(upTo: 1_005)))
    script.sends(.ack, seq: 11, ack: 1_001, window: 0)
    script.receives(.rst, seq: 1_001)
    script.hears(.failed(.reset))
  }

  @Test("A window that opens by much is told at once, one that opens by little is not")
  func windowUpdate() {
    let script = SegmentScript.established(
      .plain.with {
        $0.receiveBuffer = 20_000
        $0.initialReceiveWindow = 20_000
        $0.autotune = false
      }
    )
    var seq: UInt32 = 1
    while seq < 20_001 {
      let length = min(1_000, 20_001 - seq)
      script.receives(.ack, seq: seq, ack: 1, length: Int(length))
      seq += length
    }
    script.drain()
    #expect(script.connection.metrics(now: script.now).receiveWindow == 0)
    // MUST-39: less than a segment and less than half of the buffer does not move the edge.
    script.connection.read(900, now: script.now)
    script.isSilent()
    script.connection.read(600, now: script.now)
    script.sends(.ack, seq: 1, ack: 20_001, window: 1_500)
    // From then on the window has to double before it is told for its own sake.
    script.connection.read(1_000, now: script.now)
    script.isSilent()
    script.connection.read(6_000, now: script.now)
    script.sends(.ack, seq: 1, ack: 20_001, window: 8_500)
  }

  @Test("MUST-39: the edge moves by a segment or half of the buffer at least")
  func receiverSillyWindow() {
    let script = SegmentScript.established(
      .plain.with {
        $0.receiveBuffer = 10_000
        $0.initialReceiveWindow = 10_000
        $0.autotune = false
      }
    )
    script.receives(.ack, seq: 1, ack: 1, length: 1_460)
    script.connection.read(100, now: script.now)
    script.receives(.ack, seq: 1_461, ack: 1, length: 1_460)
    script.sends(.ack, seq: 1, ack: 2_921, window: 10_000 - 2_920)
    script.connection.read(1_400, now: script.now)
    script.receives(.ack, seq: 2_921, ack: 1, length: 1_460)
    script.receives(.ack, seq: 4_381, ack: 1, length: 1_460)
    script.sends(.ack, seq: 1, ack: 5_841, window: 10_000 - 5_840 + 1_500)
  }

  @Test("MUST-38: a sender does not follow a window that opens by crumbs")
  func senderSillyWindow() {
    let script = SegmentScript.established(window: 1_460)
    script.writes(20_000)
    script.sends(.ack, seq: 1, length: 1_460)
    // The window opens by 100 bytes: less than a segment, less than half of the greatest window.
    script.receives(.ack, seq: 1, ack: 1_461, window: 100)
    script.isSilent()
    // Half of the greatest window will do.
    script.receives(.ack, seq: 1, ack: 1_461, window: 800)
    script.sends(.ack, seq: 1_461, length: 800)
  }

  @Test("MUST-38: the override timeout, between 0.1 and 1 second, sends what a small window admits")
  func overrideTimeout() {
    let script = SegmentScript.established(window: 1_460)
    script.writes(20_000)
    script.sends(.ack, seq: 1, length: 1_460)
    script.receives(.ack, seq: 1, ack: 1_461, window: 100)
    script.isSilent()
    let wait = script.passUntilSent()
    #expect(wait.map { $0 >= .milliseconds(100) && $0 <= .seconds(1) } == true)
    #expect(script.lastPlan.payload == 1_460..<1_560)
  }

  @Test("Old segments do not bring back an old window (SND.WL1, SND.WL2)")
  func overtakenWindow() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 101, ack: 1, length: 100, window: 30_000)
    script.receives(.ack, seq: 1, ack: 1, length: 100, window: 5_000)
    #expect(script.connection.metrics(now: script.now).sendWindow == 30_000)
  }

  @Test("Data beyond the window is cut off; what begins beyond it is not kept")
  func dataBeyondTheWindow() {
    let script = SegmentScript.established(
      .plain.with {
        $0.receiveBuffer = 1_000
        $0.initialReceiveWindow = 1_000
        $0.autotune = false
      }
    )
    let reception = script.receives(.ack, seq: 1, ack: 1, length: 1_400)
    #expect(reception.kept == 0..<1_000 && reception.payloadOffset == 0)
    #expect(script.receives(.ack, seq: 1_001, ack: 1, length: 400).kept.isEmpty)
    #expect(script.receives(.ack, seq: 5_001, ack: 1, length: 400).kept.isEmpty)
    #expect(script.connection.readableCount == 1_000)
  }

  @Test("The receive buffer grows with what the application reads in a round trip, up to its bound")
  func autotuning() {
    var options = TCPOptions.mss(1_460)
    options.windowScale = 7
    options.timestamp = TCPOptions.Timestamp(value: 1, echo: 0)
    let script = SegmentScript.established(
      .plain.with {
        $0.windowScale = ConnectionConfiguration.automaticWindowScale
        $0.timestamps = true
        $0.maximumReceiveBuffer = 1_000_000
      },
      options: options
    )
    var seq: UInt32 = 1
    for _ in 0..<60 {
      script.pass(.milliseconds(10))
      script.peerTimestamp = (script.peerTimestamp ?? 0) + 10
      for _ in 0..<80 {
        let length = script.receives(.ack, seq: seq, ack: 1, length: 1_448).kept.count
        seq += UInt32(length)
        script.connection.read(length, now: script.now)
      }
      script.drain()
    }
    let metrics = script.connection.metrics(now: script.now)
    #expect(metrics.receiveBuffer > 200_000 && metrics.receiveBuffer <= 1_000_000)
    #expect(metrics.receiverRoundTripTime > .zero)
  }
}
