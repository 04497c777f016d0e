import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Sending data (RFC 9293 section 3.7.4 and 3.9.1.2)")
struct SendingTests {
  @Test("SHLD-7: Nagle: while a small segment is unacknowledged the next one waits; a full one does not")
  func nagle() {
    let script = SegmentScript.established()
    script.writes(100)
    script.sends([.ack, .psh], seq: 1, length: 100)
    script.writes(100)
    script.isSilent()
    script.writes(1_400)
    script.sends(.ack, seq: 101, length: 1_460)
    script.isSilent()
    script.receives(.ack, seq: 1, ack: 1_561)
    script.sends([.ack, .psh], seq: 1_561, length: 40)
  }

  @Test("MUST-17: an application can turn Nagle off")
  func noDelay() {
    let script = SegmentScript.established()
    script.connection.setNagle(false)
    for index: UInt32 in 0..<5 {
      script.writes(10)
      script.sends([.ack, .psh], seq: 1 + index * 10, length: 10)
    }
  }

  @Test("SHLD-28: data goes out in the largest segments that the peer takes")
  func fullSegments() {
    let script = SegmentScript.established()
    script.writes(14_600)
    #expect(script.drain().map(\.payload.count) == Array(repeating: 1_460, count: 10))
  }

  @Test("One plan covers as many full segments as offload allows, and cuts into what would have been sent without")
  func plansForOffload() {
    let single = SegmentScript.established()
    single.writes(10_000)
    let apart = single.drain()
    let offload = SegmentScript.established()
    offload.maximumSegments = 64
    offload.writes(10_000)
    let together = offload.drain()
    #expect(together.count == 1)
    let cut = together.flatMap { plan in
      (0..<plan.segmentCount).map { (plan.header(ofSegment: $0), plan.payload(ofSegment: $0)) }
    }
    #expect(cut.map(\.1) == apart.map(\.payload))
    #expect(cut.map(\.0) == apart.map(\.header))
  }

  @Test("A plan never exceeds what an IP packet can hold")
  func longestPlan() {
    let script = SegmentScript.established(
      .plain.with {
        $0.windowScale = 7
        $0.initialCongestionWindow = 1_000
      },
      options: .mss(1_460).with { $0.windowScale = 7 }
    )
    script.receives(.ack, seq: 1, ack: 1)
    script.maximumSegments = 1_000
    script.writes(1_000_000)
    for plan in script.drain() { #expect(plan.payload.count <= 65_535 - 120) }
  }

  @Test("MUST-61, SHLD-27, MAY-15, MAY-16: PSH marks the end of what was queued, once for several writes")
  func push() {
    let script = SegmentScript.established()
    script.connection.setCork(true)
    script.writes(1_000)
    script.writes(1_000)
    script.writes(920)
    let plans = script.drain()
    #expect(plans.map { $0.header.flags.contains(.psh) } == [false, true])
  }

  @Test("MUST-60: data that is not pushed is held back for a fifth of a second at most")
  func unpushed() {
    let script = SegmentScript.established()
    script.writes(100, push: false)
    script.isSilent()
    let wait = script.passUntilSent()
    #expect(wait == .milliseconds(200))
    #expect(script.lastPlan.payload == 0..<100)
    #expect(script.lastPlan.header.flags.contains(.psh))
  }

  @Test("Data that is not pushed goes with the next acknowledgment, so that the pipe doesn't run dry; a cork stays")
  func unpushedGoesWithAcknowledgment() {
    for isCorked in [false, true] {
      let script = SegmentScript.established()
      script.connection.setCork(isCorked)
      script.writes(1_600, push: false)
      script.sends(.ack, seq: 1, length: 1_460)
      script.isSilent()
      script.receives(.ack, seq: 1, ack: 1_461)
      if isCorked { script.isSilent() } else { script.sends([.ack, .psh], seq: 1_461, length: 140) }
    }
  }

  @Test("Turning Nagle's rule off sends what is held back, once, though the cork stays")
  func nagleOffFlushes() {
    let script = SegmentScript.established()
    script.connection.setCork(true)
    script.writes(100)
    script.isSilent()
    script.connection.setNagle(false)
    script.sends([.ack, .psh], seq: 1, length: 100)
    script.writes(100)
    script.isSilent()
  }

  @Test("A cork holds back what does not fill a segment, until it is drawn or a fifth of a second has passed")
  func cork() {
    let script = SegmentScript.established()
    script.connection.setCork(true)
    script.writes(100)
    script.isSilent()
    script.writes(1_500)
    script.sends(.ack, seq: 1, length: 1_460)
    script.isSilent()
    script.connection.setCork(false)
    script.sends([.ack, .psh], seq: 1_461, length: 140)
    script.connection.setCork(true)
    script.receives(.ack, seq: 1, ack: 1_601)
    script.writes(10)
    #expect(script.passUntilSent() == .milliseconds(200))
  }

  @Test(
    "It is told for how long the sender was busy, and for how long the peer's window or the send buffer held it back"
  )
  func limits() {
    func told(_ script: SegmentScript) -> [Int64] {
      let metrics = script.connection.metrics(now: script.now)
      return [metrics.busy, metrics.limitedByReceiveWindow, metrics.limitedBySendBuffer].map {
        ($0.microseconds + 500) / 1_000
      }
    }
    let script = SegmentScript.established(.plain.with { $0.sendBuffer = 4_000 }, window: 2_000)
    script.pass(.seconds(1))
    #expect(told(script) == [0, 0, 0], "the application has nothing to send")
    script.writes(1_000)
    script.drain()
    script.pass(.milliseconds(100))
    #expect(told(script) == [100, 0, 0])
    script.receives(.ack, seq: 1, ack: 1_001, window: 0)
    script.writes(4_000)
    script.isSilent()
    script.pass(.milliseconds(150))
    #expect(told(script) == [250, 150, 0])
    script.receives(.ack, seq: 1, ack: 1_001)
    script.drain()
    script.pass(.milliseconds(50))
    #expect(told(script) == [300, 150, 50], "the buffer is full, and all of it is under way")
    script.receives(.ack, seq: 1, ack: 5_001)
    script.pass(.seconds(1))
    #expect(told(script) == [300, 150, 50])
  }

  @Test("What the application may queue is bounded by the send buffer and freed by acknowledgments")
  func sendBuffer() {
    let script = SegmentScript.established(.plain.with { $0.sendBuffer = 2_000 })
    #expect(script.connection.send(5_000, now: script.now) == 2_000)
    #expect(script.connection.sendCapacity == 0)
    script.drain()
    script.receives(.ack, seq: 1, ack: 1_001)
    #expect(script.connection.sendCapacity == 1_000)
    #expect(script.connection.send(-5, now: script.now) == 0)
  }

  @Test("MUST-30, MUST-31, MUST-62: urgent data of any length: every segment before its end points just behind it")
  func urgentOut() {
    let script = SegmentScript.established(.plain.with { $0.initialCongestionWindow = 60 })
    script.writes(70_000)
    script.connection.markUrgent()
    script.receives(.ack, seq: 1, ack: 1)
    for plan in script.drain() {
      #expect(plan.header.flags.contains(.urg))
      let remaining = 70_000 - plan.payload.lowerBound
      #expect(plan.header.urgentPointer == UInt16(clamping: remaining))
    }
  }

  @Test("SHLD-13: nothing is urgent unless the application insists")
  func notUrgent() {
    let script = SegmentScript.established()
    script.writes(5_000)
    for plan in script.drain() { #expect(!plan.header.flags.contains(.urg) && plan.header.urgentPointer == 0) }
  }

  @Test("MUST-32, MUST-33: the application hears of urgent data once, and can ask how much of it is to be read")
  func urgentIn() {
    let script = SegmentScript.established()
    script.receives([.ack, .urg], seq: 1, ack: 1, length: 10, urgent: 30)
    script.hears(.urgent(upTo: 30))
    #expect(script.connection.urgentCount == 30)
    script.receives([.ack, .urg], seq: 11, ack: 1, length: 10, urgent: 25)
    #expect(!script.events().contains(.urgent(upTo: 35)))
    #expect(script.connection.urgentCount == 35)
    script.connection.read(20, now: script.now)
    #expect(script.connection.urgentCount == 15)
    script.receives(.ack, seq: 21, ack: 1, length: 20)
    script.connection.read(20, now: script.now)
    #expect(script.connection.urgentCount == 0)
    // A new sequence of urgent data is told again.
    script.receives([.ack, .urg], seq: 41, ack: 1, length: 10, urgent: 10)
    script.hears(.urgent(upTo: 50))
  }
}

extension TCPOptions {
  func with(_ change: (inout TCPOptions) -> Void) -> TCPOptions {
    var changed = self
    change(&changed)
    return changed
  }
}
