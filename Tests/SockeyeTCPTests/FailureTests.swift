import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Connection failures (RFC 9293 section 3.8.3 and 3.9.2.2)")
struct FailureTests {
  /// Lets time pass until the connection is over, and answers how long that took and what was sent.
  func runToTheEnd(_ script: SegmentScript) -> (Interval, [SegmentPlan]) {
    let began = script.now
    var sent: [SegmentPlan] = []
    for _ in 0..<1_000 where !script.connection.state.isClosed {
      sent += script.drain()
      script.passToDeadline()
    }
    sent += script.drain()
    return (script.now - began, sent)
  }

  @Test("MUST-22, MUST-23: a SYN that nobody answers is given up after three minutes or more, not before")
  func unansweredSyn() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    let (time, sent) = runToTheEnd(script)
    #expect(time >= .seconds(180))
    #expect(sent.count == 8)
    #expect(sent.allSatisfy { $0.header.flags.contains(.syn) && $0.payload.isEmpty })
    script.hears(.failed(.timedOut))
  }

  @Test("MUST-22: a SYN,ACK that nobody answers is given up without troubling the user")
  func unansweredSynAck() {
    let script = SegmentScript(accepting: .mss(1_460), .plain.with { $0.synRetries = 3 })
    let (_, sent) = runToTheEnd(script)
    #expect(sent.count == 4)
    script.isIn(.listen)
    script.hears(.returnedToListen)
  }

  @Test("MUST-20, SHLD-9, SHLD-10, SHLD-11: R1 is told after three timeouts, R2 closes after a hundred seconds or more")
  func dataTimesOut() {
    let script = SegmentScript.established()
    script.writes(100)
    var told: Int?
    var sent = 0
    let began = script.now
    for _ in 0..<1_000 where !script.connection.state.isClosed {
      sent += script.drain().filter { !$0.payload.isEmpty }.count
      script.passToDeadline()
      if script.events().contains(.advice(.pathIsSuspect)) {
        #expect(told == nil, "told once for a row of timeouts")
        told = sent
      }
      if script.connection.failure == .timedOut { break }
    }
    #expect(told == 3)
    #expect(sent == 16, "15 retransmissions, Linux's tcp_retries2")
    #expect(script.now - began >= .seconds(100))
    // Nobody hears a reset where nobody heard the data, and a peer that comes back gets one for what it sends.
    script.isSilent()
  }

  @Test("MUST-21: the application can set R2, for the connection or as a user timeout")
  func settableR2() {
    let counted = SegmentScript.established(.plain.with { $0.dataRetries = 2 })
    counted.writes(100)
    let (_, sent) = runToTheEnd(counted)
    #expect(sent.filter { !$0.payload.isEmpty }.count == 3)

    let timed = SegmentScript.established()
    timed.connection.setUserTimeout(.seconds(5))
    timed.writes(100)
    let (time, _) = runToTheEnd(timed)
    #expect(time >= .seconds(5) && time < .seconds(6))
    timed.hears(.failed(.userTimeout))
  }

  @Test("An acknowledgment starts the count of timeouts anew")
  func progressResets() {
    let script = SegmentScript.established(.plain.with { $0.dataRetries = 3 })
    for round: UInt32 in 0..<5 {
      script.writes(100)
      script.drain()
      for _ in 0..<3 { script.passUntilSent() }
      #expect(script.events().contains(.advice(.pathIsSuspect)), "each row of timeouts is told of")
      script.receives(.ack, seq: 1, ack: 101 + 100 * round)
    }
    script.isIn(.established)
  }

  // MARK: Keep-alive

  @Test("MUST-25: keep-alive is off unless asked for")
  func keepAliveIsOff() {
    #expect(ConnectionConfiguration().keepAliveIdle == nil)
    let script = SegmentScript.established()
    script.pass(.seconds(100_000))
    script.isSilent()
    script.isIn(.established)
  }

  @Test(
    "MAY-5, MUST-24, MUST-26, MUST-27, SHLD-12: asked for, an idle connection is probed after the interval, without data"
  )
  func keepAliveProbe() {
    let script = SegmentScript.established()
    script.connection.setKeepAlive(idle: .seconds(100), interval: .seconds(10), probes: 3)
    script.pass(.seconds(60))
    script.receives(.ack, seq: 1, ack: 1, length: 10)
    script.drain()
    script.pass(.seconds(1))
    script.drain()
    #expect(script.passUntilSent() == .seconds(99))
    #expect(script.lastPlan.payload.isEmpty)
    #expect(script.lastPlan.header.sequenceNumber == SegmentScript.ourInitial)
    script.receives(.ack, seq: 11, ack: 1)
    #expect(script.passUntilSent() == .seconds(100))
  }

  @Test("MUST-28: whoever asks for keep-alive without saying more gets two hours")
  func keepAliveDefault() {
    #expect(ConnectionConfiguration.defaultKeepAliveIdle >= .seconds(7_200))
  }

  @Test("MUST-29: one probe without an answer ends nothing; as many as configured do")
  func keepAliveGivesUp() {
    let script = SegmentScript.established()
    script.connection.setKeepAlive(idle: .seconds(100), interval: .seconds(10), probes: 4)
    let (time, sent) = runToTheEnd(script)
    #expect(sent.map { $0.header.flags.contains(.rst) } == [false, false, false, false, true])
    #expect(time == .seconds(140))
    script.hears(.failed(.timedOut))
  }

  @Test("A segment whose ACK is refused is no sign of life: a connection whose peer is gone is given up all the same")
  func refusedSignOfLife() {
    let script = SegmentScript.established()
    script.connection.setKeepAlive(idle: .seconds(100), interval: .seconds(10), probes: 4)
    for _ in 0..<30 {
      script.pass(.seconds(5))
      script.receives(.ack, seq: 1, ack: 0x4000_0000)
      script.drain()
    }
    script.hears(.failed(.timedOut))
  }

  @Test("MUST-26: while data is outstanding keep-alive is silent: retransmission finds out as well")
  func keepAliveWhileBusy() {
    let script = SegmentScript.established()
    script.connection.setKeepAlive(idle: .seconds(1), interval: .seconds(1), probes: 2)
    script.writes(100)
    script.sends([.ack, .psh], seq: 1, length: 100)
    for _ in 0..<4 {
      script.passUntilSent()
      #expect(script.lastPlan.payload == 0..<100)
    }
    script.isIn(.established)
  }

  @Test("A keep-alive probe of the peer's is answered")
  func answersKeepAlive() {
    let script = SegmentScript.established()
    script.receives(.ack, seq: 0, ack: 1)
    script.sends(.ack, seq: 1, ack: 1)
  }

  // MARK: ICMP

  @Test("MUST-54, SHLD-25, MUST-56: soft errors are told and end nothing, opening or open")
  func softErrors() {
    let errors: [(NetworkError, ConnectionAdvice)] = [
      (.unreachable, .unreachable), (.timeExceeded, .timeExceeded), (.parameterProblem, .parameterProblem),
    ]
    for (error, advice) in errors {
      let opening = SegmentScript()
      opening.connection.open(now: opening.now)
      opening.sends(.syn, seq: 0)
      #expect(
        opening.reports(error, quoting: 0)
      )
      opening.hears(.advice(advice))
      opening.isIn(.synSent)

      let open = SegmentScript.established()
      open.writes(100)
      open.drain()
      open.reports(error, quoting: 1)
      open.hears(.advice(advice))
      open.isIn(.established)
    }
  }

  @Test("SHLD-26: a hard error ends a connection that is opening; one that is open is only told (RFC 5927 section 5.2)")
  func hardErrors() {
    let opening = SegmentScript()
    opening.connection.open(now: opening.now)
    opening.sends(.syn, seq: 0)
    opening.reports(.protocolUnreachable, quoting: 0)
    opening.hears(.failed(.protocolUnreachable))

    let open = SegmentScript.established()
    open.writes(100)
    open.drain()
    open.reports(.protocolUnreachable, quoting: 1)
    open.hears(.advice(.unreachable))
    open.isIn(.established)
  }

  @Test("MUST-55: source quench is silently discarded")
  func sourceQuench() {
    let script = SegmentScript.established()
    script.writes(100)
    script.drain()
    #expect(
      !script.reports(.sourceQuench, quoting: 1)
    )
    #expect(script.events().isEmpty)
  }

  @Test("RFC 5927 section 4.1: an ICMP message that quotes nothing outstanding was guessed, and is ignored")
  func guessedErrors() {
    for (error, quoted): (NetworkError, UInt32) in [
      (.unreachable, 0), (.unreachable, 101), (.packetTooBig(maximumTransmissionUnit: 600), 0x4000_0000),
      (.packetTooBig(maximumTransmissionUnit: 600), 0),
    ] {
      let script = SegmentScript.established()
      script.writes(100)
      script.drain()
      #expect(
        !script.reports(error, quoting: quoted)
      )
      #expect(script.events().isEmpty)
      #expect(script.connection.metrics(now: script.now).pathMTU == 1_500)
    }
  }

  @Test("MUST-47, SHLD-20: errors are told as events, which an application may leave lying")
  func errorsAreEvents() {
    let script = SegmentScript.established()
    script.writes(100)
    script.drain()
    for _ in 0..<1_000 {
      script.reports(.unreachable, quoting: 1)
    }
    #expect(script.events() == [.advice(.unreachable)])
  }
}

@Suite("Path MTU discovery (RFC 1191, RFC 8201, RFC 4821, RFC 8899)")
struct PathMTUTests {
  @Test("SHLD-6: a packet too big lowers the segment size, and what is outstanding is sent again smaller, at once")
  func packetTooBig() {
    let script = SegmentScript.established()
    script.writes(5_000)
    script.drain()
    #expect(
      script.reports(.packetTooBig(maximumTransmissionUnit: 1_000), quoting: 1)
    )
    let metrics = script.connection.metrics(now: script.now)
    #expect(metrics.pathMTU == 1_000)
    #expect(metrics.sendSegmentSize == 960)
    let again = script.drain()
    #expect(again.first?.payload == 0..<960)
    #expect(again.allSatisfy { $0.payload.count <= 960 })
  }

  @Test("Sizes that no router means are not believed: too small, too large, or none at all")
  func implausibleSizes() {
    for (reported, believed) in [(60, 552), (-1, 1_492), (0, 1_492), (1_500, 1_500), (70_000, 1_500)] {
      let script = SegmentScript.established()
      script.writes(5_000)
      script.drain()
      script.reports(.packetTooBig(maximumTransmissionUnit: reported), quoting: 1)
      #expect(script.connection.metrics(now: script.now).pathMTU == believed)
    }
    let sixth = SegmentScript.established(path: NetworkPath(version: .v6))
    sixth.writes(5_000)
    sixth.drain()
    sixth.reports(.packetTooBig(maximumTransmissionUnit: 100), quoting: 1)
    #expect(sixth.connection.metrics(now: sixth.now).pathMTU == 1_280)
  }

  @Test(
    "RFC 4821 section 7.7: where full segments vanish without a word, smaller ones are sent, whatever the handshake took",
    arguments: [(1_200, 0), (1_200, 4), (560, 0)]
  )
  func blackHole(largest: Int, lostSYNs: Int) {
    let script = SegmentScript(.plain.with { $0.pathMTUProbing = true })
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    for _ in 0..<lostSYNs { script.passUntilSent() }
    script.receives([.syn, .ack], seq: 0, ack: 1, options: .mss(1_460))
    script.writes(10_000)
    script.drain()
    // The peer keeps what comes out of order, and says so by acknowledging what it waits for.
    var arrived = [Bool](repeating: false, count: 10_000)
    var acknowledged = 0
    for _ in 0..<200 where acknowledged < 10_000 {
      script.passToDeadline()
      while let plan = script.next() {
        guard plan.payload.count <= largest else { continue }
        for position in plan.payload { arrived[Int(position)] = true }
        acknowledged = arrived.firstIndex(of: false) ?? 10_000
        script.receives(.ack, seq: 1, ack: UInt32(acknowledged) + 1)
      }
    }
    #expect(acknowledged == 10_000, "\(script.story)")
    #expect(script.connection.metrics(now: script.now).pathMTU < largest + 40)
  }

  /// A connection with 3,000 bytes behind it, on a path that has just said that it takes 1,000 at a time.
  private func narrowPath() -> SegmentScript {
    let script = SegmentScript.established(.plain.with { $0.pathMTUProbing = true })
    script.writes(3_000)
    script.drain()
    script.reports(.packetTooBig(maximumTransmissionUnit: 1_000), quoting: 1)
    script.drain()
    script.receives(.ack, seq: 1, ack: 3_001)
    return script
  }

  @Test("RFC 4821 section 7: probing finds the path's size from below, and a lost probe costs no window")
  func probing() {
    let script = narrowPath()
    // Ten minutes later the path takes 1,400 bytes.
    script.pass(.seconds(601))
    var next: UInt64 = 3_000
    // What the peer holds out of order: where each piece begins, and where it ends.
    var held: [UInt64: UInt64] = [:]
    var probes = 0
    for _ in 0..<600 {
      script.writes(20_000)
      let plans = script.drain()
      script.pass(.milliseconds(50))
      for plan in plans {
        if plan.isPathProbe { probes += 1 }
        guard plan.payload.count + 40 <= 1_400 else { continue }
        held[plan.payload.lowerBound] = plan.payload.upperBound
        while let end = held.removeValue(forKey: next) { next = end }
        script.receives(.ack, seq: 1, ack: UInt32(next) + 1)
      }
    }
    let metrics = script.connection.metrics(now: script.now)
    #expect(probes >= 2)
    #expect(metrics.pathMTU > 1_300 && metrics.pathMTU <= 1_400, "\(metrics.pathMTU)")
  }

  @Test("Beside a probe that is due, a retransmission covers no more segments than were asked for")
  func retransmissionBesideProbe() {
    let script = narrowPath()
    // Sent as one just before the next probe is due, and lost.
    script.pass(.milliseconds(599_900))
    script.maximumSegments = 4
    script.writes(4 * 960)
    #expect(script.drain().map(\.payload) == [3_000..<6_840])
    script.maximumSegments = 1
    script.passUntilSent()
    script.receives(.ack, seq: 1, ack: 3_961)
    #expect(script.drain().map(\.payload) == [3_960..<4_920, 4_920..<5_880])
  }
}
