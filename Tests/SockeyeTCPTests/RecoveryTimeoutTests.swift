import Testing

@testable import SockeyeTCP

@Suite("Retransmission timeouts (RFC 6298, RFC 5682, RFC 4015)")
struct RecoveryTimeoutTests {
  /// A sender without tail loss probes, so that the timer is all there is.
  private func sender(timestamps: Bool = false, selective: Bool = true, supplied: Int = 10) -> ScriptedSender {
    var sender = ScriptedSender(selective: selective, timestamps: timestamps) { $0.tailLossProbe = false }
    sender.supplied = supplied
    sender.send(at: 100)
    return sender
  }

  @Test("MUST-19: a timeout sends the oldest segment again, with one segment of window, and doubles")
  func timeout() {
    var sender = self.sender()
    #expect(sender.log == (0..<10).map { $0..<$0 + 1 })
    // SRTT 100 ms, RTTVAR 50 ms: 300 ms from 100 ms.
    #expect(sender.deadline == 400)
    #expect(sender.expire(at: 400) == .timedOut)
    #expect(sender.recovery.consecutiveTimeouts == 1)
    #expect(sender.window == 1)
    #expect(sender.send(at: 400) == [0..<1])
    #expect(sender.deadline == 1_000)
    #expect(sender.recovery.window.slowStartThreshold == 5_000)
  }

  @Test("A further timeout of the same segment leaves the threshold alone (RFC 5681 equation 4)")
  func secondTimeout() {
    var sender = self.sender()
    sender.expire(at: 400)
    sender.send(at: 400)
    sender.expire(at: 1_000)
    #expect(sender.recovery.window.slowStartThreshold == 5_000)
    #expect(sender.recovery.consecutiveTimeouts == 2)
    #expect(sender.send(at: 1_000) == [0..<1])
    #expect(sender.deadline == 2_200)
  }

  @Test("After a real timeout everything is sent again, in slow start")
  func goBack() {
    var sender = self.sender()
    sender.expire(at: 400)
    sender.send(at: 400)
    // Only the retransmission has arrived, and there is nothing new to send: all the rest was lost.
    sender.acknowledge(1, at: 500)
    #expect(sender.window == 2)
    #expect(sender.send(at: 500) == [1..<2, 2..<3])
    sender.acknowledge(3, at: 600)
    #expect(sender.window == 4)
    #expect(sender.send(at: 600).count == 4)
    #expect(sender.recovery.consecutiveTimeouts == 0)
  }

  @Test("F-RTO: the acknowledgment of something sent once only shows a timeout to be spurious (RFC 5682)")
  func forwardRecovery() {
    var sender = self.sender(supplied: 100)
    sender.expire(at: 400)
    #expect(sender.send(at: 400) == [0..<1])
    let events = sender.acknowledge(2, at: 420)
    #expect(events.contains(.reductionUndone))
    #expect(sender.window >= 10)
    #expect(sender.recovery.window.slowStartThreshold == CongestionWindow.unknown)
    #expect(sender.recovery.scoreboard.lostBytes == 0)
    // Nothing else is sent again.
    #expect(sender.send(at: 420).allSatisfy { $0.lowerBound >= 10 })
  }

  @Test("F-RTO: after an advance new data is sent, and duplicates after that show that the loss was real")
  func forwardRecoveryDisproved() {
    var sender = self.sender(supplied: 100)
    sender.expire(at: 400)
    sender.send(at: 400)
    sender.acknowledge(1, at: 500)
    #expect(sender.send(at: 500) == [10..<11, 11..<12])
    sender.acknowledge(1, [10..<11], at: 600)
    #expect(sender.recovery.timeoutTest == .off)
    #expect(sender.send(at: 600).first == 1..<2)
  }

  @Test("F-RTO: without new data the retransmissions go on at once (RFC 5682 step 2b)")
  func forwardRecoveryWithoutData() {
    var sender = self.sender()
    sender.expire(at: 400)
    sender.send(at: 400)
    sender.acknowledge(1, at: 500)
    #expect(sender.send(at: 500) == [1..<2, 2..<3])
  }

  @Test("Eifel: an echo older than the retransmission shows a timeout to be spurious (RFC 3522, RFC 4015)")
  func eifel() {
    var sender = ScriptedSender(timestamps: true) {
      $0.tailLossProbe = false
      $0.forwardRetransmissionTimeoutRecovery = false
    }
    sender.supplied = 10
    sender.send(at: 100)
    sender.expire(at: 400)
    sender.send(at: 400)
    #expect(sender.acknowledge(1, at: 450, echo: 100).contains(.reductionUndone))
    #expect(sender.window >= 10)
    // The timer stays patient until it has learnt: from what was sent once, which is late as well.
    #expect(sender.recovery.roundTrip.backoff == 1)
    sender.acknowledge(2, at: 451, echo: 100)
    #expect(sender.recovery.roundTrip.backoff == 0)
    #expect(sender.recovery.retransmissionTimeout > .milliseconds(340))
  }

  @Test("Lost acknowledgments are no spurious timeout: a duplicate was reported (RFC 3522 section 3.2 step 5)")
  func lostAcknowledgments() {
    for tests in [true, false] {
      var sender = ScriptedSender(timestamps: true) {
        $0.tailLossProbe = false
        $0.forwardRetransmissionTimeoutRecovery = tests
      }
      sender.supplied = 30
      sender.send(at: 100)
      sender.expire(at: 400)
      sender.send(at: 400)
      sender.expire(at: 1_000)
      sender.send(at: 1_000)
      sender.expire(at: 2_200)
      sender.send(at: 2_200)
      // Three segments had arrived long ago; the link was down for their acknowledgments and for the rest.
      #expect(!sender.acknowledge(3, [0..<1], at: 2_300, echo: 100).contains(.reductionUndone))
      #expect(sender.recovery.state == .loss)
      // And their age is no round-trip time.
      #expect(sender.recovery.roundTrip.smoothed < .milliseconds(150))
    }
  }

  @Test("Eifel: an echo in the same tick as the retransmission proves nothing")
  func eifelSameTick() {
    var sender = ScriptedSender(timestamps: true) {
      $0.tailLossProbe = false
      $0.forwardRetransmissionTimeoutRecovery = false
    }
    sender.supplied = 10
    sender.send(at: 100)
    sender.expire(at: 400)
    sender.send(at: 400)
    #expect(!sender.acknowledge(1, at: 450, echo: 400).contains(.reductionUndone))
  }

  @Test("D-SACKs for all that was sent again undo a timeout (RFC 2883)")
  func duplicateReports() {
    var sender = ScriptedSender {
      $0.tailLossProbe = false
      $0.forwardRetransmissionTimeoutRecovery = false
    }
    sender.supplied = 2
    sender.send(at: 100)
    sender.expire(at: 400)
    sender.send(at: 400)
    sender.acknowledge(2, at: 410)
    #expect(sender.acknowledge(2, [0..<1], at: 420).contains(.reductionUndone))
    #expect(sender.window >= 10)
  }

  @Test("A window of a segment grows again after the timeout; nothing is counted twice")
  func pipeAfterTimeout() {
    var sender = self.sender()
    sender.expire(at: 400)
    #expect(sender.inFlight == 0)
    sender.send(at: 400)
    #expect(sender.inFlight == 1)
    sender.acknowledge(10, at: 500)
    #expect(sender.inFlight == 0)
    #expect(sender.recovery.nextDeadline == .never)
  }

  @Test("Data that the peer reported and then discarded is sent again (RFC 2018 section 8)")
  func reneging() {
    var sender = self.sender()
    sender.acknowledge(0, [1..<10], at: 200)
    #expect(sender.send(at: 200) == [0..<1])
    // The peer acknowledges segment 0 alone: it has thrown away the rest.
    sender.acknowledge(1, at: 300)
    #expect(sender.recovery.isReneged == true)
    let deadline = sender.deadline
    #expect(deadline <= 400)
    #expect(sender.expire(at: deadline) == .timedOut)
    var sent: Set<Int> = []
    var time = deadline
    var next = 1
    for _ in 0..<10 where next < 10 {
      for range in sender.send(at: time) { sent.formUnion(range) }
      while sent.contains(next) { next += 1 }
      time += 100
      sender.acknowledge(next, at: time)
    }
    #expect(sent == Set(1..<10))
    #expect(sender.recovery.unacknowledged == ScriptedSender.offset(10))
  }

  @Test("A window that shrank holds back all but the oldest segment")
  func shrunkenWindow() {
    var sender = self.sender()
    sender.admitted = 0
    sender.expire(at: 400)
    #expect(sender.send(at: 400) == [0..<1])
    sender.acknowledge(1, at: 500)
    sender.admitted = 1
    #expect(sender.send(at: 500) == [1..<2])
  }

  @Test("With nothing outstanding no deadline is left")
  func quiet() {
    var sender = self.sender()
    sender.acknowledge(10, at: 200)
    #expect(sender.recovery.nextDeadline == .never)
    #expect(sender.recovery.stalledSince == .never)
    #expect(sender.expire(at: 10_000) == .none)
  }
}
