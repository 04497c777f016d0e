import Testing

@testable import SockeyeTCP

@Suite("Recovery of super-segments: of several segments in one record only those that are missing are sent again")
struct RecoverySuperSegmentTests {
  /// Four records of four segments each, and an initial window that they fill.
  private func sender(selective: Bool, records: Int = 4) -> ScriptedSender {
    var sender = ScriptedSender(selective: selective) { $0.initialCongestionWindow = UInt16(records * 4) }
    sender.maximumSegments = 4
    sender.supplied = records * 4
    #expect(sender.send(at: 100) == (0..<records).map { $0 * 4..<$0 * 4 + 4 })
    return sender
  }

  @Test("RFC 6582: the third duplicate acknowledgment takes the first segment for lost", arguments: [1, 2, 4, 9, 40])
  func thirdDuplicate(records: Int) {
    var sender = self.sender(selective: false, records: records)
    for index in 0..<3 { sender.acknowledge(0, at: Int64(200 + index)) }
    #expect(sender.recovery.state == .recovery)
    #expect(sender.recovery.scoreboard.lostBytes == 1_000)
    #expect(sender.send(at: 202) == [0..<1])
  }

  @Test(
    "RFC 6582: a partial acknowledgment takes the first segment that it leaves for lost",
    arguments: [1, 3, 4, 5, 8]
  )
  func partial(next: Int) {
    var sender = self.sender(selective: false)
    for index in 0..<15 { sender.acknowledge(0, at: Int64(200 + index)) }
    sender.send(at: 215)
    sender.acknowledge(next, at: 300)
    #expect(sender.send(at: 300) == [next..<next + 1])
  }

  @Test("A block that begins or ends inside records divides them where segments were cut", arguments: 1..<15)
  func blockInside(start: Int) {
    var sender = self.sender(selective: true)
    sender.acknowledge(0, [start..<15], at: 200)
    #expect(sender.recovery.scoreboard.deliveredBytes == UInt64(15 - start) * 1_000)
    sender.acknowledge(0, [start..<16], at: 201)
    #expect(sender.recovery.scoreboard.deliveredBytes == UInt64(16 - start) * 1_000)
    // What lies before the block is missing, whether at once or after a quarter of a round trip.
    if sender.recovery.scoreboard.lostBytes == 0 { sender.expire(at: 226) }
    #expect(sender.recovery.scoreboard.lostBytes == UInt64(start) * 1_000)
  }
}

@Suite("Probes of the path's MTU in recovery (RFC 4821 section 7)")
struct RecoveryPathProbeTests {
  /// Four segments, a probe of 1,400 bytes and, where asked for, five segments more.
  private func sender(selective: Bool, after: Int = 5) -> ScriptedSender {
    var sender = ScriptedSender(selective: selective) { $0.initialCongestionWindow = 20 }
    sender.supplied = 4
    sender.send(at: 100)
    sender.recovery.sent(4_001..<5_401, at: ScriptedSender.time(100), isPathProbe: true)
    for index in 0..<UInt64(after) {
      sender.recovery.sent(5_401 + index * 1_000..<6_401 + index * 1_000, at: ScriptedSender.time(100))
    }
    return sender
  }

  private func acknowledge(_ sender: inout ScriptedSender, at milliseconds: Int64, _ block: Range<StreamOffset>? = nil)
  {
    var acknowledgment = Acknowledgment(cumulative: 4_001)
    if let block { acknowledgment.selective.append(from: block.lowerBound, to: block.upperBound) }
    _ = sender.recovery.acknowledged(acknowledgment, at: ScriptedSender.time(milliseconds))
  }

  @Test("A probe is one segment: duplicate acknowledgments take the whole of it for lost, and say so once")
  func duplicates() {
    var sender = self.sender(selective: false)
    acknowledge(&sender, at: 200)
    for index in 0..<3 { acknowledge(&sender, at: Int64(201 + index)) }
    #expect(sender.recovery.scoreboard.lostBytes == 1_400)
    #expect(sender.recovery.state != .recovery, "its loss is no congestion")
  }

  @Test("A block that covers a part of a probe doesn't divide it")
  func partialBlock() {
    var sender = self.sender(selective: true)
    acknowledge(&sender, at: 200, 5_001..<6_401)
    #expect(sender.recovery.scoreboard.deliveredBytes == 1_000)
    acknowledge(&sender, at: 201, 4_501..<6_401)
    #expect(sender.recovery.scoreboard.deliveredBytes == 1_000)
    acknowledge(&sender, at: 202, 4_001..<6_401)
    #expect(sender.recovery.scoreboard.deliveredBytes == 2_400)
  }

  @Test(
    "The loss of a probe is told whichever way it is found",
    arguments: ["timeout", "tail loss probe", "reordering"]
  )
  func told(way: String) {
    var sender = self.sender(selective: way != "timeout", after: way == "reordering" ? 1 : 0)
    if way == "reordering" {
      acknowledge(&sender, at: 200, 5_401..<6_401)
      #expect(sender.outcome.pathProbe == .unknown)
    } else {
      sender.acknowledge(4, at: 200)
    }
    sender.expire(at: sender.deadline + 1)
    if way != "tail loss probe" { sender.supplied = 6 }
    #expect(!sender.send(at: sender.deadline + 2).isEmpty)
    sender.acknowledge(5, at: 1_000)
    #expect(sender.outcome.pathProbe == .lost)
    sender.acknowledge(6, at: 1_001)
    #expect(sender.outcome.pathProbe == .unknown)
  }
}
