import Testing

@testable import SockeyeTCP

@Suite("What a lying acknowledgment costs: records are counted, not nanoseconds")
struct RecoveryWorkTests {
  private static let count = 80_000
  /// Visits that one acknowledgment may make: by selection, and by the search for losses.
  private static let most = LossRecovery.greatestVisitCount

  /// 80,000 records outstanding, sent a microsecond apart, on a path that is known to reorder.
  private func sender(recentAcknowledgment: Bool = true) -> ScriptedSender {
    var sender = ScriptedSender { $0.recentAcknowledgment = recentAcknowledgment }
    sender.recovery.recentAcknowledgment.hasSeenReordering = true
    for index in 0..<Self.count {
      if sender.recovery.needsRoom { sender.recovery.makeRoom() }
      let start = ScriptedSender.offset(index)
      sender.recovery.sent(start..<start + 1_000, at: ScriptedSender.time(100) + .microseconds(Int64(index)))
    }
    return sender
  }

  @Test("The last segment selected, again and again", arguments: [true, false])
  func lastSegment(recentAcknowledgment: Bool) {
    var sender = self.sender(recentAcknowledgment: recentAcknowledgment)
    for index in 0..<50 {
      sender.acknowledge(0, [Self.count - 1 - index..<Self.count], at: 1_000)
      #expect(sender.outcome.visits <= Self.most)
    }
  }

  @Test("Two halves in turn, so that the last acknowledgment never tells what the one before it said")
  func halvesInTurn() {
    var sender = self.sender()
    for index in 0..<50 {
      let start = index.isMultiple(of: 2) ? 1 : Self.count / 2
      sender.acknowledge(0, [start..<start + Self.count / 2 - 2], at: 1_000 + Int64(index))
      #expect(sender.outcome.visits <= Self.most)
    }
    #expect(sender.recovery.scoreboard.checkInvariants() == nil)
    #expect(sender.recovery.scoreboard.deliveredBytes == UInt64(Self.count - 4) * 1_000)
  }

  @Test(
    "Every second segment selected, then all the rest lost: what is settled is not visited again",
    arguments: [true, false]
  )
  func everySecond(recentAcknowledgment: Bool) {
    var sender = self.sender(recentAcknowledgment: recentAcknowledgment)
    for index in stride(from: 1, to: 20_000, by: 8) {
      let blocks = (0..<4).map { index + 2 * $0..<index + 2 * $0 + 1 }
      sender.acknowledge(0, blocks, at: 1_000)
      #expect(sender.outcome.visits <= Self.most)
    }
    sender.acknowledge(0, [Self.count - 4..<Self.count], at: 3_000)
    // What one acknowledgment didn't come to, the timer does, or the acknowledgment after it.
    for index in 1...40 where recentAcknowledgment { sender.expire(at: 3_000 + Int64(index)) }
    let lost = sender.recovery.scoreboard.lostBytes
    #expect(lost >= (recentAcknowledgment ? 69_000_000 : 60_000_000))
    sender.acknowledge(0, [Self.count - 5..<Self.count], at: 3_100)
    #expect(sender.outcome.visits <= Self.most)
    if recentAcknowledgment { #expect(sender.recovery.scoreboard.openHint > ScriptedSender.offset(70_000)) }
    #expect(sender.recovery.scoreboard.checkInvariants() == nil)
  }

  @Test("A flight beyond what one acknowledgment may visit is taken for lost all the same, by the timer at the latest")
  func foundInTheEnd() {
    var sender = self.sender()
    sender.acknowledge(0, [Self.count - 1..<Self.count], at: 250)
    var expiries = 0
    while sender.recovery.scoreboard.lostBytes < UInt64(Self.count - 1) * 1_000, expiries < 20 {
      expiries += 1
      _ = sender.recovery.deadlineReached(at: sender.recovery.nextDeadline)
    }
    #expect(sender.recovery.scoreboard.lostBytes == UInt64(Self.count - 1) * 1_000)
    #expect(sender.recovery.metrics.timeouts == 0)
  }

  @Test("Retransmissions that fill the flight and are not due don't make the timer run without progress")
  func restlessTimer() {
    var sender = self.sender()
    sender.recovery.window.set(CongestionWindow.greatest)
    sender.acknowledge(0, [Self.count - 1..<Self.count], at: 250)
    for index in 0..<200 { sender.expire(at: 251 + Int64(index)) }
    sender.recovery.window.set(CongestionWindow.greatest)
    sender.supplied = Self.count
    // All is sent again at once, and for the next half of a round trip nothing can be said of it.
    sender.send(at: 460)
    var expiries = 0
    while sender.recovery.nextDeadline <= ScriptedSender.time(510), expiries < 1_000 {
      expiries += 1
      _ = sender.recovery.deadlineReached(at: sender.recovery.nextDeadline)
    }
    #expect(expiries <= 100)
  }
}
