import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Closing a connection (RFC 9293 section 3.6)")
struct ClosingTests {
  @Test("MUST-13: figure 12, a normal close ends in TIME-WAIT, which lasts two maximum segment lifetimes")
  func normalClose() {
    let script = SegmentScript.established()
    script.writes(1_000)
    script.sends([.ack, .psh], seq: 1, ack: 1, length: 1_000)
    script.receives(.ack, seq: 1, ack: 1_001)
    script.hears(.acknowledged(upTo: 1_000))
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1_001, ack: 1)
    script.isIn(.finWait1)
    script.receives(.ack, seq: 1, ack: 1_002)
    script.isIn(.finWait2(expiry: .never))
    script.receives([.fin, .ack], seq: 1, ack: 1_002)
    script.sends(.ack, seq: 1_002, ack: 2)
    script.hears(.peerClosed)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
    script.pass(.seconds(119))
    #expect(!script.connection.state.isClosed)
    script.pass(.seconds(1))
    script.isIn(.closed)
  }

  @Test("Figure 12, from the other side: CLOSE-WAIT, LAST-ACK, CLOSED")
  func passiveClose() {
    let script = SegmentScript.established()
    script.receives([.fin, .ack], seq: 1, ack: 1)
    script.sends(.ack, seq: 1, ack: 2)
    script.isIn(.closeWait)
    script.hears(.peerClosed)
    script.writes(10)
    script.sends([.ack, .psh], seq: 1, ack: 2, length: 10)
    script.connection.close(now: script.now)
    script.isIn(.lastAck)
    script.sends([.fin, .ack], seq: 11, ack: 2)
    script.receives(.ack, seq: 2, ack: 12)
    script.isIn(.closed)
    script.hears(.finished)
  }

  @Test("Figure 13: both sides close at once: FIN-WAIT-1, CLOSING, TIME-WAIT")
  func simultaneousClose() {
    let script = SegmentScript.established()
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives([.fin, .ack], seq: 1, ack: 1)
    script.isIn(.closing)
    script.sends(.ack, seq: 2, ack: 2)
    script.receives(.ack, seq: 2, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
  }

  @Test("A FIN that acknowledges ours goes from FIN-WAIT-1 straight to TIME-WAIT")
  func finWithAckOfFin() {
    let script = SegmentScript.established()
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives([.fin, .ack], seq: 1, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
    script.sends(.ack, seq: 2, ack: 2)
  }

  @Test("MAY-1: after CLOSE data still arrives, up to the peer's FIN")
  func halfClose() {
    let script = SegmentScript.established()
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives(.ack, seq: 1, ack: 2)
    #expect(script.receives(.ack, seq: 1, ack: 2, length: 700).kept == 0..<700)
    script.hears(.readable(upTo: 700))
    #expect(script.connection.readableCount == 700)
    script.connection.read(700, now: script.now)
    script.receives([.fin, .ack], seq: 701, ack: 2)
    script.hears(.peerClosed)
  }

  @Test("SHLD-3: an application that has gone with data unread, or with data still coming, resets")
  func resetForLostData() {
    let unread = SegmentScript.established()
    unread.receives(.ack, seq: 1, ack: 1, length: 100)
    unread.connection.release(now: unread.now)
    unread.sends([.rst, .ack], seq: 1, ack: 101)
    unread.isIn(.closed)

    let late = SegmentScript.established()
    late.connection.release(now: late.now)
    late.sends([.fin, .ack], seq: 1, ack: 1)
    late.receives(.ack, seq: 1, ack: 2)
    #expect(late.receives(.ack, seq: 1, ack: 2, length: 100).kept.isEmpty)
    late.sends(.rst, seq: 2)
    late.isIn(.closed)
  }

  @Test(
    "SHLD-3: the reset for data that comes after close stands where the peer's RCV.NXT stood, whatever is under way"
  )
  func resetForLateData() {
    let script = SegmentScript.established()
    script.writes(3_000)
    script.drain()
    script.connection.release(now: script.now)
    script.drain()
    script.receives(.ack, seq: 1, ack: 1_001, length: 100)
    script.sends(.rst, seq: 1_001)
    script.isIn(.closed)
    script.hears(.failed(.aborted))
    script.isSilent()
  }

  @Test(
    "MUST-12: a reset in CLOSING or LAST-ACK is an error where data is not acknowledged, and none where only the FIN isn't",
    arguments: [(false, false), (false, true), (true, false), (true, true)]
  )
  func resetWhileClosing(isLastAck: Bool, isAcknowledged: Bool) {
    let script = SegmentScript.established()
    script.writes(500)
    if isLastAck { script.receives([.fin, .ack], seq: 1, ack: 1) }
    script.connection.close(now: script.now)
    script.drain()
    if isAcknowledged { script.receives(.ack, seq: isLastAck ? 2 : 1, ack: 501) }
    if !isLastAck { script.receives([.fin, .ack], seq: 1, ack: isAcknowledged ? 501 : 1) }
    script.isIn(isLastAck ? .lastAck : .closing)
    script.receives(.rst, seq: 2)
    script.isIn(.closed)
    #expect(script.events().contains(isAcknowledged ? .finished : .failed(.reset)))
    script.isSilent()
  }

  /// A connection that the application still holds, in TIME-WAIT.
  private func timeWait(options: TCPOptions = .mss(1_460)) -> SegmentScript {
    let script = SegmentScript.established(options: options)
    script.connection.close(now: script.now)
    script.drain()
    script.receives([.fin, .ack], seq: 1, ack: 2)
    script.sends(.ack, seq: 2, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
    return script
  }

  @Test("TIME-WAIT: what takes up sequence numbers is acknowledged, in the window as out of it; a FIN starts it anew")
  func timeWaitAnswers() {
    let script = timeWait()
    script.receives(.ack, seq: 2, ack: 2)
    script.isSilent()
    script.pass(.seconds(10))
    script.receives(.ack, seq: 2, ack: 2, length: 10)
    script.sends(.ack, seq: 2, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(110)))
    script.receives(.ack, seq: 1_000, ack: 2, length: 10)
    script.sends(.ack, seq: 2, ack: 2)
    script.receives([.fin, .ack], seq: 50, ack: 2)
    script.sends(.ack, seq: 2, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(110)))
    script.receives([.fin, .ack], seq: 1, ack: 2)
    script.sends(.ack, seq: 2, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
  }

  @Test("MAY-2: in TIME-WAIT a new, higher SYN may open a new connection though the application holds the old one")
  func timeWaitReuse() {
    let script = timeWait()
    func reuse(_ flags: TCPFlags, _ offset: Int64) -> UInt32? {
      var header = script.lastPlan.header
      header.flags = flags
      header.sequenceNumber = UInt32(truncatingIfNeeded: Int64(script.lastPlan.header.acknowledgmentNumber) + offset)
      return script.connection.reuse(by: header)
    }
    #expect(reuse(.syn, 1) == script.lastPlan.header.sequenceNumber)
    #expect(reuse(.syn, 1_000_000) != nil)
    #expect(reuse(.syn, -1) == nil)
    #expect(reuse([.syn, .ack], 1) == nil)
    #expect(reuse([.syn, .rst], 1) == nil)
    #expect(reuse(.ack, 1) == nil)
    let open = SegmentScript.established()
    open.receives(.ack, seq: 1, ack: 1, length: 1_000)
    open.drain()
    var syn = open.lastPlan.header
    syn.flags = .syn
    syn.sequenceNumber &+= 1_000_000
    #expect(open.connection.reuse(by: syn) == nil)
  }

  @Test("With the application gone FIN-WAIT-2 does not last for ever")
  func finWait2Expires() {
    let script = SegmentScript.established()
    script.connection.release(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives(.ack, seq: 1, ack: 2)
    script.isIn(.finWait2(expiry: script.now + .seconds(60)))
    script.pass(.seconds(60))
    script.isIn(.closed)
  }

  @Test("MUST-12: a reset ends the connection at once, and the application is told")
  func reset() {
    for state in 0..<3 {
      let script = SegmentScript.established()
      if state == 1 {
        script.connection.close(now: script.now)
        script.sends([.fin, .ack], seq: 1)
      }
      if state == 2 { script.receives([.fin, .ack], seq: 1, ack: 1) }
      script.receives(.rst, seq: state == 2 ? 2 : 1)
      script.isIn(.closed)
      script.hears(.failed(.reset))
      script.isSilent()
    }
  }

  @Test("ABORT sends a reset where the peer knows of the connection")
  func abort() {
    let script = SegmentScript.established()
    script.writes(10)
    script.connection.abort(now: script.now)
    script.sends([.rst, .ack], seq: 1, ack: 1)
    script.isIn(.closed)
    script.hears(.failed(.aborted))
    script.isSilent()

    let opening = SegmentScript()
    opening.connection.open(now: opening.now)
    opening.sends(.syn, seq: 0)
    opening.connection.abort(now: opening.now)
    opening.isSilent()
  }

  @Test("A FIN that overtakes data counts when the data has come")
  func finAheadOfData() {
    let script = SegmentScript.established()
    script.receives([.fin, .ack], seq: 101, ack: 1, length: 100)
    script.sends(.ack, seq: 1, ack: 1)
    script.isIn(.established)
    script.receives(.ack, seq: 1, ack: 1, length: 100)
    script.isIn(.closeWait)
    script.sends(.ack, seq: 1, ack: 202)
  }

  @Test("A FIN is acknowledged again when it comes again, and TIME-WAIT starts anew")
  func repeatedFin() {
    let script = SegmentScript.established()
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives([.fin, .ack], seq: 1, ack: 2)
    script.sends(.ack, seq: 2, ack: 2)
    script.pass(.seconds(50))
    script.receives([.fin, .ack], seq: 1, ack: 2)
    script.sends(.ack, seq: 2, ack: 2)
    script.isIn(.timeWait(expiry: script.now + .seconds(120)))
  }

  @Test("A FIN that lies elsewhere is somebody else's, and keeps no connection in TIME-WAIT")
  func forgedFin() {
    let script = SegmentScript.established()
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives([.fin, .ack], seq: 1, ack: 2)
    script.sends(.ack, seq: 2, ack: 2)
    let end = script.now + .seconds(120)
    script.pass(.seconds(50))
    for sequence in [0x4000_0000, 3, 0xFFFF_FF00] as [UInt32] {
      script.receives([.fin, .ack], seq: sequence, ack: 2)
      script.isIn(.timeWait(expiry: end))
    }
  }

  @Test("The FIN waits its turn behind queued data and travels with the last of it")
  func finBehindData() {
    let script = SegmentScript.established()
    script.writes(2_000)
    script.connection.close(now: script.now)
    script.sends(.ack, seq: 1, length: 1_460)
    script.sends([.ack, .psh, .fin], seq: 1_461, length: 540)
    script.receives(.ack, seq: 1, ack: 2_002)
    script.isIn(.finWait2(expiry: .never))
    #expect(script.connection.send(10, now: script.now) == 0)

    let held = SegmentScript.established()
    held.writes(100)
    held.sends([.ack, .psh], seq: 1, length: 100)
    held.writes(50)
    held.isSilent()
    held.connection.close(now: held.now)
    held.sends([.ack, .psh, .fin], seq: 101, length: 50)
  }

  @Test("A FIN that is lost is sent again")
  func lostFin() {
    let script = SegmentScript.established()
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    #expect(script.passUntilSent() != nil)
    #expect(script.lastPlan.header.flags.contains(.fin))
    #expect(script.lastPlan.isRetransmission)
  }
}

@Suite("TIME-WAIT in a few dozen bytes (RFC 9293 section 3.4.2, RFC 6191)")
struct TimeWaitTests {
  func timeWait(timestamps: Bool) -> (TimeWaitEntry, SegmentScript)? {
    let script = SegmentScript.established(
      .plain.with { $0.timestamps = timestamps },
      options: timestamps ? .modern : .mss(1_460)
    )
    script.connection.close(now: script.now)
    script.sends([.fin, .ack], seq: 1, ack: 1)
    script.receives([.fin, .ack], seq: 1, ack: 2)
    #expect(script.connection.timeWaitEntry == nil, "the ACK of the FIN is still to be sent")
    script.sends(.ack, seq: 2, ack: 2)
    guard let entry = script.connection.timeWaitEntry else {
      Issue.record("no entry")
      return nil
    }
    return (entry, script)
  }

  func header(_ flags: TCPFlags, seq: UInt32, timestamp: UInt32? = nil) -> TCPHeader {
    var header = TCPHeader(
      sourcePort: 80,
      destinationPort: 40_000,
      sequenceNumber: SegmentScript.peerInitial &+ seq,
      flags: flags
    )
    header.options.timestamp = timestamp.map { TCPOptions.Timestamp(value: $0, echo: 0) }
    return header
  }

  @Test("The entry is small")
  func size() {
    #expect(MemoryLayout<TimeWaitEntry>.size <= 64)
  }

  @Test("MUST-13: a FIN that comes again is acknowledged and restarts two maximum segment lifetimes")
  func repeatedFin() throws {
    var (entry, script) = try #require(timeWait(timestamps: false))
    let later = script.now + .seconds(100)
    guard case .acknowledge(let ack) = entry.answer(to: header([.fin, .ack], seq: 1), payloadLength: 0, now: later)
    else {
      Issue.record("not acknowledged")
      return
    }
    #expect(ack.flags == .ack)
    #expect(ack.sequenceNumber == SegmentScript.ourInitial &+ 2)
    #expect(ack.acknowledgmentNumber == SegmentScript.peerInitial &+ 2)
    #expect(entry.expiry == later + .seconds(120))
    script.pass(.zero)
  }

  @Test("MAY-2, SHLD-4: a SYN opens anew if its timestamp is later; an old one is only acknowledged")
  func reuseByTimestamp() throws {
    var (entry, script) = try #require(timeWait(timestamps: true))
    let now = script.now
    #expect(
      entry.answer(to: header(.syn, seq: 0x9000_0000, timestamp: 1_001), payloadLength: 0, now: now)
        == .reuse(above: SegmentScript.ourInitial &+ 2)
    )
    guard case .acknowledge = entry.answer(to: header(.syn, seq: 3, timestamp: 999), payloadLength: 0, now: now) else {
      Issue.record("an old SYN is not acknowledged")
      return
    }
    #expect(
      entry.answer(to: header(.syn, seq: 3, timestamp: 1_000), payloadLength: 0, now: now)
        == .reuse(above: SegmentScript.ourInitial &+ 2)
    )
    script.pass(.zero)
  }

  @Test("MAY-2: without timestamps a SYN opens anew if its sequence number lies beyond the old connection's")
  func reuseBySequenceNumber() throws {
    var (entry, script) = try #require(timeWait(timestamps: false))
    #expect(
      entry.answer(to: header(.syn, seq: 3), payloadLength: 0, now: script.now)
        == .reuse(above: SegmentScript.ourInitial &+ 2)
    )
    guard case .acknowledge = entry.answer(to: header(.syn, seq: 2), payloadLength: 0, now: script.now) else {
      Issue.record("a SYN of the old connection is not acknowledged")
      return
    }
    script.pass(.zero)
  }

  @Test("A reset drops the entry only if it is exact")
  func reset() throws {
    var (entry, script) = try #require(timeWait(timestamps: false))
    #expect(entry.answer(to: header(.rst, seq: 3), payloadLength: 0, now: script.now) == .ignore)
    #expect(entry.answer(to: header(.rst, seq: 2), payloadLength: 0, now: script.now) == .drop)
    script.pass(.zero)
  }
}
