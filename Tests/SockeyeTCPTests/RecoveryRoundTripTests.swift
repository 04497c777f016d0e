import SockeyeWire
import Testing

@testable import SockeyeTCP

@Suite("Round-trip time and retransmission timeout (RFC 6298, RFC 7323)")
struct RecoveryRoundTripTests {
  private func estimator(least: Int64 = 200) -> RoundTripEstimator {
    RoundTripEstimator(
      initialTimeout: .seconds(1),
      leastTimeout: .milliseconds(least),
      greatestTimeout: .seconds(120)
    )
  }

  @Test("Before anything is measured the timeout is the initial one (section 2.1)")
  func initial() {
    #expect(estimator().timeout == .seconds(1))
  }

  @Test("The first measurement R gives SRTT = R, RTTVAR = R / 2 (section 2.2)")
  func first() {
    var estimate = estimator()
    estimate.measured(.milliseconds(400), expectedSamples: 1, at: .zero)
    #expect(estimate.smoothed == .milliseconds(400))
    #expect(estimate.variation == .milliseconds(200))
    #expect(estimate.timeout == .milliseconds(1_200))
  }

  @Test("The next ones weigh 1/8 and 1/4 (section 2.3)")
  func following() {
    var estimate = estimator()
    estimate.measured(.milliseconds(400), expectedSamples: 1, at: .zero)
    estimate.measured(.milliseconds(800), expectedSamples: 1, at: .zero)
    #expect(estimate.variation == .milliseconds(250))
    #expect(estimate.smoothed == .milliseconds(450))
  }

  @Test("With N measurements in a round trip each weighs an N-th (RFC 7323 appendix G)")
  func weights() {
    var estimate = estimator()
    estimate.measured(.milliseconds(400), expectedSamples: 1, at: .zero)
    estimate.measured(.milliseconds(800), expectedSamples: 10, at: .zero)
    #expect(estimate.smoothed == .milliseconds(405))
    #expect(estimate.variation == .milliseconds(205))
  }

  @Test("The minimum of 200 ms is a margin over SRTT, so a steady path has no spurious timeouts")
  func margin() {
    var estimate = estimator()
    for _ in 0..<100 { estimate.measured(.milliseconds(300), expectedSamples: 1, at: .zero) }
    #expect(estimate.timeout == .milliseconds(500))
  }

  @Test("Each timeout doubles, up to the greatest (section 5.5), and a measurement ends that")
  func backOff() {
    var estimate = estimator()
    estimate.measured(.milliseconds(100), expectedSamples: 1, at: .zero)
    let base = estimate.timeout
    estimate.backOff()
    estimate.backOff()
    #expect(estimate.timeout == base * 4)
    for _ in 0..<300 { estimate.backOff() }
    #expect(estimate.timeout == .seconds(120))
    estimate.measured(.milliseconds(100), expectedSamples: 1, at: .zero)
    #expect(estimate.timeout < .seconds(1))
  }

  @Test("Measurements that are negative, or enormous, do no harm")
  func extremes() {
    var estimate = estimator()
    estimate.measured(.zero - .seconds(1), expectedSamples: 1, at: .zero)
    #expect(!estimate.hasMeasured)
    estimate.measured(.longest, expectedSamples: 0, at: .zero)
    estimate.measured(.longest, expectedSamples: .max, at: .never)
    estimate.measured(.nanoseconds(1), expectedSamples: 1, at: Instant(nanoseconds: .min))
    for _ in 0..<300 { estimate.backOff() }
    #expect(estimate.timeout == .seconds(120))
  }

  @Test("The minimum forgets what is older than five minutes")
  func windowedMinimum() {
    var minimum = WindowedMinimum()
    #expect(minimum.value == .zero)
    minimum.add(.milliseconds(10), at: .zero + .seconds(1))
    minimum.add(.milliseconds(30), at: .zero + .seconds(100))
    #expect(minimum.value == .milliseconds(10))
    minimum.add(.milliseconds(30), at: .zero + .seconds(200))
    #expect(minimum.value == .milliseconds(10))
    minimum.add(.milliseconds(30), at: .zero + .seconds(400))
    minimum.add(.milliseconds(30), at: .zero + .seconds(600))
    #expect(minimum.value == .milliseconds(30))
  }

  @Test("MUST-18: what was sent twice is not measured (Karn's algorithm)")
  func karn() {
    var sender = ScriptedSender()
    sender.supplied = 1
    sender.send(at: 100)
    let before = sender.recovery.roundTrip.smoothed
    sender.expire(at: 400)
    sender.send(at: 400)
    sender.expire(at: 700)
    sender.send(at: 700)
    sender.acknowledge(1, at: 705)
    #expect(sender.recovery.roundTrip.smoothed == before)
    #expect(sender.recovery.roundTrip.backoff > 0)
  }

  @Test("With timestamps what was sent twice is measured by the echo (RFC 7323 section 4)")
  func timestamps() {
    var sender = ScriptedSender(timestamps: true)
    sender.supplied = 1
    sender.send(at: 100)
    sender.expire(at: sender.deadline)
    sender.send(at: 500)
    sender.expire(at: sender.deadline)
    sender.send(at: 1_500)
    sender.acknowledge(1, at: 1_600, echo: 1_500)
    #expect(sender.recovery.roundTrip.smoothed == .milliseconds(100))
    #expect(sender.recovery.roundTrip.backoff == 0)
  }

  @Test("A SYN that timed out leaves a timeout of three seconds and a window of one segment (RFC 6298 section 5.7)")
  func slowHandshake() {
    var recovery = LossRecovery(configuration: ConnectionConfiguration(), segmentSize: 1_000, now: .zero)
    recovery.makeRoom()
    recovery.sent(0..<1, at: .zero)
    #expect(recovery.nextDeadline == .zero + .seconds(1))
    #expect(recovery.deadlineReached(at: .zero + .seconds(1)) == .timedOut)
    let limits = TransmissionLimits(windowEnd: 1, dataEnd: 1)
    #expect(recovery.nextTransmission(at: .zero + .seconds(1), limits: limits) == .retransmission(0..<1))
    recovery.sent(0..<1, at: .zero + .seconds(1))
    #expect(recovery.nextDeadline == .zero + .seconds(3))
    _ = recovery.acknowledged(Acknowledgment(cumulative: 1), at: .zero + .milliseconds(1_500))
    recovery.established(
      selective: true,
      timestamps: false,
      segmentSize: 1_000,
      algorithm: .cubic,
      now: .zero + .milliseconds(1_500)
    )
    #expect(recovery.retransmissionTimeout == .seconds(3))
    #expect(recovery.window.bytes == 1_000)
  }

  @Test(
    "An echo older than the last transmission of what is acknowledged is no round trip (RFC 7323 section 4.1, MUST-18)",
    arguments: [false, true]
  )
  func lostAcknowledgments(reports: Bool) {
    // A segment at a time, and every second one's acknowledgment gets lost: what answers its retransmission echoes the first
    // transmission, because a receiver takes no timestamp of a duplicate.
    var sender = ScriptedSender(selective: reports, timestamps: true) { $0.tailLossProbe = false }
    var time: Int64 = 100
    for segment in 0..<40 {
      sender.supplied = segment + 1
      let first = time
      sender.send(at: first)
      if segment.isMultiple(of: 2) {
        time = sender.deadline
        sender.expire(at: time)
        sender.send(at: time)
      }
      time += 100
      let isDuplicate = reports && segment.isMultiple(of: 2)
      sender.acknowledge(segment + 1, isDuplicate ? [segment..<segment + 1] : [], at: time, echo: first)
      #expect(sender.recovery.roundTrip.smoothed == .milliseconds(100), "segment \(segment)")
    }
    #expect(sender.recovery.retransmissionTimeout <= .milliseconds(300))
  }

  @Test("A spurious timeout teaches no round trip: the acknowledgment may be of a retransmission, and only others lost")
  func ambiguousSpuriousTimeout() {
    var sender = ScriptedSender(timestamps: true) { $0.tailLossProbe = false }
    sender.supplied = 10
    sender.send(at: 100)
    sender.expire(at: 400)
    sender.send(at: 400)
    #expect(sender.acknowledge(1, at: 500, echo: 100).contains(.reductionUndone))
    #expect(sender.recovery.roundTrip.smoothed == .milliseconds(100))
    #expect(sender.recovery.roundTrip.backoff == 1)
  }

  @Test("What a retransmission's acknowledgment tells selectively may have arrived long ago, and is no measurement")
  func staleSelectiveAcknowledgment() {
    var sender = ScriptedSender { $0.tailLossProbe = false }
    sender.supplied = 3
    sender.send(at: 100)
    sender.expire(at: sender.deadline)
    sender.send(at: 400)
    // The third segment had arrived at once, but not what said so.
    sender.acknowledge(1, [2..<3], at: 500)
    #expect(sender.recovery.roundTrip.smoothed == .milliseconds(100))
    #expect(sender.recovery.roundTrip.backoff == 1)
  }

  @Test("MUST-18: the byte of a zero-window probe that was sent again and again is not measured")
  func windowProbes() {
    let script = SegmentScript.established(window: 0, roundTrip: .milliseconds(100))
    script.writes(1)
    script.isSilent()
    for _ in 0..<2 {
      script.pass(script.connection.nextDeadline - script.now)
      script.sends([.ack, .psh], seq: 1, ack: 1, length: 1)
    }
    // The answer to the first comes when the second has just gone.
    script.pass(.milliseconds(1))
    script.receives(.ack, seq: 1, ack: 2)
    let metrics = script.connection.metrics(now: script.now)
    #expect(metrics.bytesAcknowledged == 1)
    #expect(metrics.smoothedRoundTripTime == .milliseconds(100))
    #expect(metrics.minimumRoundTripTime == .milliseconds(100))
  }

  @Test(
    "RFC 6298's G: on a clock that doesn't move within a round trip the round trip is one tick, not unmeasured",
    arguments: [false, true]
  )
  func coarseClock(timestamps: Bool) {
    var sender = ScriptedSender(roundTrip: 0, timestamps: timestamps)
    sender.supplied = 10
    sender.send(at: 0)
    sender.acknowledge(10, at: 0, echo: timestamps ? 0 : nil)
    #expect(sender.recovery.smoothedRoundTripTime == .microseconds(1))
    #expect(sender.recovery.metrics.minimumRoundTripTime == .microseconds(1))
    #expect(sender.recovery.retransmissionTimeout < .milliseconds(201))
    sender.supplied = 11
    sender.send(at: 10)
    #expect(sender.deadline <= 10 + 201)
    // A back-off ends with the next measurement, as on any clock.
    sender.expire(at: sender.deadline)
    sender.expire(at: sender.deadline)
    sender.send(at: 1_000)
    sender.acknowledge(11, at: 1_000, echo: timestamps ? 1_000 : nil)
    sender.supplied = 12
    sender.send(at: 1_000)
    sender.acknowledge(12, at: 1_000)
    #expect(sender.recovery.metrics.backoff == 0)
  }
}
