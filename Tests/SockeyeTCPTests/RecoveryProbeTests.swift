import Testing

@testable import SockeyeTCP

@Suite("Tail loss probes (RFC 8985 section 7)")
struct RecoveryProbeTests {
  private func sender(supplied: Int, timestamps: Bool = false) -> ScriptedSender {
    var sender = ScriptedSender(timestamps: timestamps)
    sender.supplied = supplied
    sender.send(at: 100)
    return sender
  }

  @Test("After two round trips of silence the last segment is sent again, in place of the timeout")
  func lastSegment() {
    var sender = self.sender(supplied: 5)
    // 2 SRTT and 2 ms.
    #expect(sender.deadline == 302)
    #expect(sender.expire(at: 302) == .transmit)
    #expect(sender.send(at: 302) == [4..<5])
    // The timeout counts from the probe: 300 ms.
    #expect(sender.deadline == 602)
    #expect(sender.recovery.metrics.tailLossProbes == 1)
    #expect(sender.recovery.metrics.timeouts == 0)
  }

  @Test("A single segment waits for the peer's delayed acknowledgment too")
  func singleSegment() {
    let sender = self.sender(supplied: 1)
    // Not later than the timeout.
    #expect(sender.deadline == 400)
  }

  @Test("New data is sent as the probe where there is some, whatever the congestion window says")
  func newData() {
    var sender = self.sender(supplied: 100)
    #expect(sender.window == 10)
    sender.expire(at: 302)
    #expect(sender.send(at: 302) == [10..<11])
  }

  @Test("A probe whose segment had been lost repairs it, and reduces the window (section 7.4.2)")
  func repairs() {
    var sender = self.sender(supplied: 5)
    sender.expire(at: 302)
    sender.send(at: 302)
    sender.supplied = 8
    sender.send(at: 303)
    sender.acknowledge(8, at: 410)
    #expect(sender.recovery.window.slowStartThreshold != CongestionWindow.unknown)
  }

  @Test("A D-SACK for the probe says that nothing was lost")
  func needless() {
    var sender = self.sender(supplied: 5)
    sender.expire(at: 302)
    sender.send(at: 302)
    sender.acknowledge(5, [4..<5], at: 310)
    sender.supplied = 8
    sender.send(at: 311)
    sender.acknowledge(8, at: 420)
    #expect(sender.recovery.window.slowStartThreshold == CongestionWindow.unknown)
  }

  @Test("A probe reveals the loss of everything before it, and recovery follows without a timeout")
  func reveals() {
    var sender = self.sender(supplied: 5)
    sender.expire(at: 302)
    sender.send(at: 302)
    sender.acknowledge(0, [4..<5], at: 402)
    #expect(sender.recovery.state == .recovery)
    #expect(sender.send(at: 430).first == 0..<1)
    #expect(sender.recovery.metrics.timeouts == 0)
  }

  @Test("One probe at a time, and none in recovery")
  func restraint() {
    var sender = self.sender(supplied: 5)
    sender.expire(at: 302)
    sender.send(at: 302)
    #expect(sender.recovery.probeDeadline == .never)
    #expect(sender.expire(at: 602) == .timedOut)
    #expect(sender.recovery.probeDeadline == .never)
  }

  @Test("Without SACK there are no probes")
  func withoutSelective() {
    var sender = ScriptedSender(selective: false)
    sender.supplied = 5
    sender.send(at: 100)
    #expect(sender.deadline == 400)
    #expect(sender.expire(at: 400) == .timedOut)
  }
}
