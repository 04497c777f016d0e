import Testing

@testable import SockeyeTCP

@Suite("Fast recovery (RFC 8985, RFC 6675, RFC 6582, RFC 6937)")
struct RecoveryFastTests {
  private func sender(
    selective: Bool = true,
    timestamps: Bool = false,
    supplied: Int = 1_000,
    configure: (inout ConnectionConfiguration) -> Void = { _ in }
  ) -> ScriptedSender {
    var sender = ScriptedSender(selective: selective, timestamps: timestamps, configure: configure)
    sender.supplied = supplied
    sender.send(at: 100)
    return sender
  }

  @Test("RACK: three segments delivered beyond a hole mark it lost at once")
  func urgent() {
    var sender = self.sender()
    sender.acknowledge(0, [1..<2], at: 200)
    #expect(sender.recovery.state == .disorder)
    sender.acknowledge(0, [1..<3], at: 201)
    #expect(sender.acknowledge(0, [1..<4], at: 202).contains(.recoveryStarted))
    #expect(sender.send(at: 202).first == 0..<1)
    #expect(sender.outcome.newlyLost == 1_000)
  }

  @Test("RACK: one segment delivered beyond a hole marks it lost a quarter of a round trip later")
  func reorderingTimer() {
    var sender = self.sender(supplied: 10)
    sender.acknowledge(0, [9..<10], at: 200)
    // Sent at 100, round trip 100 ms, and a quarter of 100 ms more.
    #expect(sender.deadline == 225)
    #expect(sender.send(at: 224).isEmpty)
    #expect(sender.expire(at: 225) == .transmit)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.send(at: 225).first == 0..<1)
  }

  @Test("RACK: a segment that overtook is not a loss where its rival arrives in time")
  func reorderingTolerated() {
    var sender = self.sender()
    sender.acknowledge(0, [1..<2], at: 200)
    sender.acknowledge(2, at: 210)
    #expect(sender.recovery.state == .open)
    #expect(sender.recovery.recentAcknowledgment.hasSeenReordering == true)
    #expect(sender.recovery.metrics.reorderingDegree == 2)
    // From now on three segments beyond a hole are no proof any more.
    sender.send(at: 210)
    sender.acknowledge(2, [3..<8], at: 211)
    #expect(sender.recovery.state == .disorder)
  }

  @Test("RACK: the loss of a retransmission is found without a timeout")
  func lostRetransmission() {
    var sender = self.sender(supplied: 100)
    sender.acknowledge(0, [1..<5], at: 200)
    #expect(sender.send(at: 200).first == 0..<1)
    // Segments sent at 200, after the retransmission, arrive; the retransmission doesn't.
    sender.acknowledge(0, [1..<10], at: 205)
    let later = sender.send(at: 205)
    #expect(later.allSatisfy { $0.lowerBound >= 10 })
    #expect(!later.isEmpty)
    sender.acknowledge(0, [1..<12], at: 306)
    #expect(sender.send(at: 306).contains(0..<1))
    #expect(sender.recovery.metrics.timeouts == 0)
  }

  @Test("RACK measures from the arrival it is told, not from when it is processed")
  func arrivalTime() {
    var recent = RecentAcknowledgment()
    recent.delivered(
      sentAt: .zero + .milliseconds(100),
      end: 10,
      wasRetransmitted: false,
      echoedTime: nil,
      leastRoundTripTime: .zero,
      arrival: .zero + .milliseconds(150)
    )
    #expect(recent.roundTripTime == .milliseconds(50))
  }

  @Test("RACK: an acknowledgment of the original says nothing about its retransmission")
  func originalOfRetransmission() {
    var recent = RecentAcknowledgment()
    let sentAt = Instant.zero + .milliseconds(100)
    recent.delivered(
      sentAt: sentAt,
      end: 10,
      wasRetransmitted: true,
      echoedTime: .zero,
      leastRoundTripTime: .milliseconds(1),
      arrival: .zero + .milliseconds(150)
    )
    #expect(recent.end == 0)
    recent.delivered(
      sentAt: sentAt,
      end: 10,
      wasRetransmitted: true,
      echoedTime: nil,
      leastRoundTripTime: .milliseconds(60),
      arrival: .zero + .milliseconds(150)
    )
    #expect(recent.end == 0)
    recent.delivered(
      sentAt: sentAt,
      end: 10,
      wasRetransmitted: true,
      echoedTime: sentAt,
      leastRoundTripTime: .milliseconds(50),
      arrival: .zero + .milliseconds(150)
    )
    #expect(recent.end == 10)
  }

  @Test("RACK: each round trip with D-SACKs widens the reordering window by a quarter, for 16 recoveries")
  func reorderingWindow() {
    var recent = RecentAcknowledgment()
    var estimate = RoundTripEstimator(
      initialTimeout: .seconds(1),
      leastTimeout: .milliseconds(200),
      greatestTimeout: .seconds(120)
    )
    estimate.measured(.milliseconds(100), expectedSamples: 1, at: .zero)
    func window(_ isUrgent: Bool = false) -> Interval {
      recent.reorderingWindow(isUrgent: isUrgent, estimate: estimate, granularity: .microseconds(1))
    }
    #expect(window() == .milliseconds(25))
    #expect(window(true) == .zero)
    recent.hasSeenReordering = true
    #expect(window(true) == .milliseconds(25))
    recent.duplicateReported(next: 100)
    recent.duplicateReported(next: 120)
    #expect(window() == .milliseconds(50))
    recent.acknowledged(through: 100)
    recent.duplicateReported(next: 200)
    #expect(window() == .milliseconds(75))
    recent.acknowledged(through: 200)
    for index in 0..<5 {
      recent.duplicateReported(next: 300 + UInt64(index))
      recent.acknowledged(through: 400)
    }
    #expect(window() == .milliseconds(100), "not beyond SRTT")
    for _ in 0..<15 { recent.recovered() }
    #expect(window() == .milliseconds(100))
    recent.recovered()
    #expect(window() == .milliseconds(25))
  }

  @Test("RFC 6675: without RACK three segments beyond a hole mark it lost, two don't")
  func byCount() {
    var sender = self.sender { $0.recentAcknowledgment = false }
    sender.acknowledge(0, [1..<3], at: 200)
    #expect(sender.recovery.state == .disorder)
    sender.acknowledge(0, [1..<4], at: 201)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.send(at: 201).first == 0..<1)
  }

  @Test("RFC 6675: three separate ranges beyond a hole mark it lost, however small")
  func byRanges() {
    var sender = self.sender { $0.recentAcknowledgment = false }
    sender.acknowledge(0, [2..<3], at: 200)
    sender.acknowledge(0, [4..<5, 2..<3], at: 201)
    #expect(sender.recovery.state == .disorder)
    sender.acknowledge(0, [6..<7, 4..<5, 2..<3], at: 202)
    #expect(sender.recovery.state == .recovery)
  }

  @Test("RFC 6675 NextSeg rule 3: with no new data a hole that isn't known to be lost is sent again")
  func nextSegmentRuleThree() {
    var sender = self.sender(supplied: 10) { $0.recentAcknowledgment = false }
    sender.acknowledge(0, [1..<5, 6..<7], at: 200)
    #expect(sender.recovery.state == .recovery)
    let sent = sender.send(at: 200)
    #expect(sent.first == 0..<1)
    for index in 0..<3 { sender.acknowledge(0, [1..<5, 6..<(8 + index)], at: 201 + Int64(index)) }
    #expect(sender.send(at: 205).contains(5..<6))
  }

  @Test("RFC 6582: without SACK the third duplicate acknowledgment starts recovery")
  func withoutSelective() {
    var sender = self.sender(selective: false)
    sender.acknowledge(0, at: 200)
    // Limited transmit (RFC 3042): one new segment for each of the first two.
    #expect(sender.send(at: 200) == [10..<11])
    sender.acknowledge(0, at: 201)
    #expect(sender.send(at: 201) == [11..<12])
    #expect(sender.acknowledge(0, at: 202).contains(.recoveryStarted))
    #expect(sender.send(at: 202).first == 0..<1)
  }

  @Test("RFC 6582: a partial acknowledgment sends the next hole again; the full one ends recovery")
  func partialAcknowledgment() {
    var sender = self.sender(selective: false, supplied: 10)
    // Segments 0 and 4 are lost, the other eight arrive.
    for index in 0..<8 { sender.acknowledge(0, at: Int64(200 + index)) }
    #expect(sender.send(at: 208) == [0..<1])
    sender.acknowledge(4, at: 300)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.send(at: 300).first == 4..<5)
    #expect(sender.acknowledge(10, at: 400).contains(.recoveryFinished))
    #expect(sender.recovery.state == .open)
    #expect(sender.recovery.window.slowStartThreshold == 5_000)
    #expect(sender.window == 5 || sender.window == 6)
  }

  @Test("A duplicate acknowledgment has no data and the same advertised window, and data is outstanding")
  func whatIsDuplicate() {
    var sender = self.sender(selective: false)
    sender.acknowledge(0, at: 200) { $0.changesWindow = true }
    sender.acknowledge(0, at: 201) { $0.occupiesSequenceSpace = true }
    #expect(sender.recovery.duplicateAcknowledgments == 0)
    sender.acknowledge(0, at: 202)
    #expect(sender.recovery.duplicateAcknowledgments == 1)
    sender.acknowledge(10, at: 203)
    for index in 0..<5 { sender.acknowledge(10, at: Int64(204 + index)) }
    #expect(sender.recovery.duplicateAcknowledgments == 0)
    #expect(sender.recovery.state == .open)
  }

  @Test("A flood of duplicate acknowledgments cannot make more arrive than was sent")
  func duplicateFlood() {
    var sender = self.sender(selective: false, supplied: 10)
    for index in 0..<1_000 {
      sender.acknowledge(0, at: 200 + Int64(index) / 10)
      sender.send(at: 200 + Int64(index) / 10)
    }
    #expect(sender.recovery.duplicateAcknowledgments <= 9)
    #expect(sender.window <= 10)
  }

  @Test("PRR: the window comes down in proportion to what is delivered (RFC 6937)")
  func proportional() {
    var reduction = ProportionalRateReduction()
    reduction.begin(flight: 100_000)
    // 70 % of 100 segments: seven for every ten delivered, while above the threshold.
    var sent: UInt64 = 0
    var inFlight: UInt64 = 99_000
    for step in 0..<40 {
      inFlight -= 1_000
      let window = reduction.window(
        newlyDelivered: 1_000,
        inFlight: inFlight,
        threshold: 50_000,
        segmentSize: 1_000,
        isSafe: true
      )
      while inFlight + 1_000 <= window {
        inFlight += 1_000
        sent += 1_000
        reduction.sent(1_000)
      }
      let expected = UInt64(step + 1) * 500
      #expect(sent + 1_500 >= expected && sent <= expected + 1_500, "step \(step): \(sent)")
    }
  }

  @Test("PRR: below the threshold no more is sent than was delivered, unless that is safe")
  func reductionBounds() {
    var reduction = ProportionalRateReduction()
    reduction.begin(flight: 100_000)
    reduction.sent(1_000)
    // Delivered 4000, sent 1000: 3000 may follow conservatively; one segment more in slow start.
    var copy = reduction
    #expect(
      reduction.window(newlyDelivered: 4_000, inFlight: 10_000, threshold: 50_000, segmentSize: 1_000, isSafe: false)
        == 14_000
    )
    #expect(
      copy.window(newlyDelivered: 4_000, inFlight: 10_000, threshold: 50_000, segmentSize: 1_000, isSafe: true)
        == 15_000
    )
    // Never beyond the threshold.
    #expect(
      copy.window(newlyDelivered: 90_000, inFlight: 45_000, threshold: 50_000, segmentSize: 1_000, isSafe: true)
        == 50_000
    )
  }

  @Test("PRR: the first retransmission leaves whatever the bounds say, without a burst or a silence after it")
  func smoothRecovery() {
    var sender = self.sender(supplied: 1_000)
    // Grow to 40 segments, lose one, and let the acknowledgments come in one by one.
    for round in 0..<2 {
      let next = 10 * (1 << (round + 1)) - 10
      sender.acknowledge(next, at: 200 + Int64(round) * 100)
      sender.send(at: 200 + Int64(round) * 100)
    }
    let start = Int((sender.recovery.unacknowledged - 1) / 1_000)
    #expect(sender.window == 40)
    var greatestBurst = 0
    var sent = 0
    for step in 1..<40 {
      sender.acknowledge(start, [start + 1..<start + 1 + step], at: 400 + Int64(step))
      let burst = sender.send(at: 400 + Int64(step)).count
      greatestBurst = max(greatestBurst, burst)
      sent += burst
    }
    #expect(greatestBurst <= 3)
    #expect(sent >= 17 && sent <= 24)
    sender.acknowledge(start + 40, at: 510)
    sender.send(at: 510)
    #expect(sender.recovery.window.bytes == 20_000 || sender.recovery.state == .recovery)
  }

  @Test("Without PRR the window is the threshold at once")
  func withoutReduction() {
    var sender = self.sender { $0.proportionalRateReduction = false }
    sender.acknowledge(0, [1..<5], at: 200)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.window == 5)
  }

  @Test("A recovery reduces once: losses of the same flight don't reduce again")
  func onceInARoundTrip() {
    var sender = self.sender(supplied: 10)
    sender.acknowledge(0, [1..<4], at: 200)
    let threshold = sender.recovery.window.slowStartThreshold
    sender.send(at: 200)
    sender.acknowledge(0, [5..<9, 1..<4], at: 210)
    sender.send(at: 210)
    #expect(sender.recovery.window.slowStartThreshold == threshold)
    #expect(sender.recovery.metrics.recoveries == 1)
  }

  @Test("D-SACKs for everything sent again undo a recovery (RFC 2883, RFC 8985)")
  func undoByDuplicates() {
    var sender = self.sender()
    sender.acknowledge(0, [1..<4], at: 200)
    sender.send(at: 200)
    #expect(sender.window < 10)
    sender.acknowledge(4, at: 210)
    let events = sender.acknowledge(4, [0..<1], at: 220)
    #expect(events.contains(.reductionUndone))
    #expect(events.contains(.duplicateReported))
    #expect(sender.window >= 10)
    #expect(sender.recovery.window.slowStartThreshold == CongestionWindow.unknown)
  }

  @Test("D-SACKs for more than was sent again are not believed")
  func lyingDuplicates() {
    var sender = self.sender()
    #expect(!sender.acknowledge(5, [0..<1], at: 200).contains(.duplicateReported))
    sender.send(at: 200)
    sender.acknowledge(5, [6..<10], at: 201)
    sender.send(at: 201)
    #expect(sender.recovery.state == .recovery)
    sender.acknowledge(5, [0..<4, 6..<10], at: 202)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.recovery.metrics.duplicatesReported == 0)
  }

  @Test("Eifel: an echo from before the retransmission undoes a recovery (RFC 3522)")
  func undoByEcho() {
    var sender = self.sender(timestamps: true)
    sender.acknowledge(0, [1..<4], at: 200, echo: 100)
    sender.send(at: 200)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.acknowledge(4, at: 203, echo: 100).contains(.reductionUndone))
    #expect(sender.window >= 10)
    #expect(sender.recovery.state == .open)
  }

  @Test("Eifel: one segment that was late doesn't undo a recovery while others that were sent again are under way")
  func undoWaitsForRetransmissions() {
    var sender = self.sender(timestamps: true)
    sender.acknowledge(0, [1..<4, 5..<9], at: 200, echo: 100)
    #expect(sender.send(at: 200).contains(0..<1))
    sender.acknowledge(0, [1..<4, 5..<10], at: 201, echo: 100)
    sender.send(at: 201)
    #expect(sender.recovery.scoreboard.retransmittedBytes == 2_000)
    #expect(!sender.acknowledge(4, [5..<10], at: 203, echo: 100).contains(.reductionUndone))
    #expect(sender.recovery.state == .recovery)
  }

  @Test("RACK: a recovery that was undone shows that the path reorders, though what was late had been sent again")
  func undoShowsReordering() {
    var sender = self.sender(timestamps: true)
    sender.acknowledge(0, [1..<4], at: 200, echo: 100)
    sender.send(at: 200)
    #expect(!sender.recovery.recentAcknowledgment.hasSeenReordering)
    sender.acknowledge(4, at: 203, echo: 100)
    #expect(sender.recovery.recentAcknowledgment.hasSeenReordering)
  }

  @Test("SACK blocks that lie are ignored: beyond what was sent, below what is acknowledged, reversed")
  func lyingBlocks() {
    var sender = self.sender(supplied: 10)
    sender.acknowledge(0, [8..<500], at: 200)
    #expect(sender.recovery.scoreboard.deliveredBytes == 0)
    sender.acknowledge(5, [2..<4], at: 201)
    #expect(sender.recovery.scoreboard.deliveredBytes == 0)
    sender.acknowledge(5, at: 202) { $0.selective.append(from: 9_000, to: 8_000) }
    #expect(sender.recovery.scoreboard.deliveredBytes == 0)
    sender.acknowledge(5, [3..<7], at: 203)
    #expect(sender.recovery.scoreboard.deliveredBytes == 2_000)
  }

  @Test("A peer that acknowledges odd bytes cannot shatter a super-segment into more records than segments")
  func oddBytes() {
    var sender = ScriptedSender { $0.initialCongestionWindow = 64 }
    sender.maximumSegments = 64
    sender.supplied = 64
    #expect(sender.send(at: 100) == [0..<64])
    for index in stride(from: UInt64(3), to: 60_000, by: 7) {
      sender.acknowledge(0, at: 200) {
        $0.selective.append(from: 1 + index * 1, to: 1 + index + 1_500)
        $0.selective.append(from: 1 + index / 2, to: 1 + index / 2 + 1_003)
      }
    }
    #expect(sender.recovery.scoreboard.ring.count <= 64)
  }

  @Test("A super-segment is split where segments were cut, and only what is missing is sent again")
  func superSegment() {
    var sender = self.sender(supplied: 10) { $0.initialCongestionWindow = 1 }
    _ = consume sender
    sender = ScriptedSender()
    sender.maximumSegments = 64
    sender.supplied = 10
    #expect(sender.send(at: 100) == [0..<10])
    sender.acknowledge(2, [4..<6, 8..<10], at: 200)
    #expect(sender.recovery.scoreboard.deliveredBytes == 4_000)
    sender.expire(at: sender.deadline)
    let sent = sender.send(at: 230).flatMap { Array($0) }
    #expect(Set(sent).isSubset(of: [2, 3, 6, 7]))
    #expect(sent.first == 2)
  }

  @Test("The loss of a path MTU probe is reported and costs no window (RFC 4821 section 7.5)")
  func pathProbe() {
    var sender = ScriptedSender()
    sender.recovery.sent(1..<1_501, at: ScriptedSender.time(100), isPathProbe: true)
    sender.recovery.sent(1_501..<5_501, at: ScriptedSender.time(100))
    let window = sender.window
    sender.acknowledge(0, at: 200) { $0.selective.append(from: 1_501, to: 5_501) }
    #expect(sender.outcome.pathProbe == .lost)
    #expect(sender.window >= window)
    #expect(sender.recovery.metrics.recoveries == 0)
    sender.supplied = 5
    #expect(sender.send(at: 200).first == 0..<1)
  }
}
