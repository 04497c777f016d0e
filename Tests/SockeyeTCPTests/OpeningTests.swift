import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Opening a connection (RFC 9293 section 3.5 and 3.10.7)")
struct OpeningTests {
  @Test("Figure 6: the three-way handshake, from the side that opens")
  func activeOpen() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    let syn = script.sends(.syn, seq: 0)
    #expect(syn.header.options.maximumSegmentSize == 1_460)
    #expect(syn.header.window == 65_535)
    script.isSilent()
    script.receives([.syn, .ack], seq: 0, ack: 1)
    script.sends(.ack, seq: 1, ack: 1)
    script.isIn(.established)
    script.hears(.established)
    script.isSilent()
  }

  @Test("Figure 6: the three-way handshake, from the side that listens")
  func passiveOpen() {
    let script = SegmentScript(accepting: .mss(1_460))
    script.isIn(.synReceived(from: .passive))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.receives(.ack, seq: 1, ack: 1)
    script.isIn(.established)
    script.hears(.established)
    script.isSilent()
  }

  @Test("MUST-10: figure 7, simultaneous open: crossing SYNs become one connection")
  func simultaneousOpen() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    script.receives(.syn, seq: 0, options: .mss(1_460))
    script.isIn(.synReceived(from: .active))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.receives([.syn, .ack], seq: 0, ack: 1)
    script.isIn(.established)
    script.hears(.established)
  }

  @Test("MUST-11: a reset in SYN-RECEIVED refuses an active open, and returns a passive one to LISTEN")
  func synReceivedRemembersItsOrigin() {
    let active = SegmentScript()
    active.connection.open(now: active.now)
    active.sends(.syn, seq: 0)
    active.receives(.syn, seq: 0)
    active.receives(.rst, seq: 1)
    active.isIn(.closed)
    active.hears(.failed(.refused))

    let passive = SegmentScript(accepting: .mss(1_460))
    passive.sends([.syn, .ack], seq: 0, ack: 1)
    passive.receives(.rst, seq: 1)
    passive.isIn(.listen)
    passive.hears(.returnedToListen)
  }

  @Test("A SYN is a SYN whatever bits come with it (bits are tested, not compared)")
  func synWithOtherBits() {
    for extra: TCPFlags in [[], [.ece, .cwr], [.ae, .ece, .cwr], .psh, .urg, .fin] {
      var header = TCPHeader(sourcePort: 1, destinationPort: 2, sequenceNumber: 3, flags: .syn.union(extra))
      #expect(ListenDecision(about: header, payloadLength: 0) == .accept)
      header.flags.insert(.rst)
      #expect(ListenDecision(about: header, payloadLength: 0) == .ignore)
    }
  }

  @Test("3.10.7.2: LISTEN resets what acknowledges, and ignores what is neither SYN, ACK nor RST")
  func listen() {
    let ack = TCPHeader(
      sourcePort: 1,
      destinationPort: 2,
      sequenceNumber: 10,
      acknowledgmentNumber: 77,
      flags: [.syn, .ack]
    )
    guard case .reset(let reset) = ListenDecision(about: ack, payloadLength: 0) else {
      Issue.record("not reset")
      return
    }
    #expect(reset.sequenceNumber == 77)
    #expect(reset.flags == .rst)
    #expect(reset.sourcePort == 2 && reset.destinationPort == 1)
    let data = TCPHeader(sourcePort: 1, destinationPort: 2, sequenceNumber: 10, flags: .psh)
    #expect(ListenDecision(about: data, payloadLength: 10) == .ignore)
    for flags: TCPFlags in [.rst, [.rst, .ack], [.rst, .syn], .all] {
      let reset = TCPHeader(sourcePort: 1, destinationPort: 2, sequenceNumber: 10, flags: flags)
      #expect(ListenDecision(about: reset, payloadLength: 0) == .ignore)
    }
  }

  @Test(
    "SHLD-2: 3.10.7.1: CLOSED answers with a reset that the sender of the segment accepts; a reset's data is ignored"
  )
  func closed() {
    var header = TCPHeader(sourcePort: 1, destinationPort: 2, sequenceNumber: 0xFFFF_FFFF, flags: [.syn, .fin])
    let reset = ClosedPort.answer(to: header, payloadLength: 5)
    #expect(reset?.sequenceNumber == 0)
    #expect(reset?.acknowledgmentNumber == 6)
    #expect(reset?.flags == [.rst, .ack])
    header.flags = .ack
    header.acknowledgmentNumber = 9
    #expect(ClosedPort.answer(to: header, payloadLength: 5)?.sequenceNumber == 9)
    #expect(ClosedPort.answer(to: header, payloadLength: 5)?.flags == .rst)
    header.flags = [.rst, .ack]
    #expect(ClosedPort.answer(to: header, payloadLength: 5) == nil)
    let script = SegmentScript.established()
    script.receives(.rst, seq: 1, length: 20)
    script.hears(.failed(.reset))
  }

  @Test("3.10.7.3: SYN-SENT resets an ACK of what it has not sent, and goes on")
  func unacceptableAckInSynSent() {
    for ack: UInt32 in [0, 2, 0x8000_0000] {
      let script = SegmentScript()
      script.connection.open(now: script.now)
      script.sends(.syn, seq: 0)
      script.receives([.syn, .ack], seq: 0, ack: ack)
      script.sends(.rst, seq: ack)
      script.isIn(.synSent)
      script.receives([.rst, .ack], seq: 0, ack: ack)
      script.isSilent()
      script.isIn(.synSent)
      script.receives([.syn, .ack], seq: 0, ack: 1)
      script.isIn(.established)
    }
  }

  @Test("3.10.7.3: a reset in SYN-SENT counts only if it acknowledges the SYN")
  func resetInSynSent() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    script.receives(.rst, seq: 0)
    script.isIn(.synSent)
    script.receives([.rst, .ack], seq: 0, ack: 1)
    script.isIn(.closed)
    script.hears(.failed(.refused))
    script.isSilent()
  }

  @Test("3.10.7.3: in SYN-SENT a segment without SYN and RST is dropped")
  func strayInSynSent() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    script.receives(.ack, seq: 50, ack: 1, length: 10)
    script.isSilent()
    script.isIn(.synSent)
  }

  @Test("Data that comes with the SYN,ACK is taken once the connection is established by it")
  func dataWithSynAck() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    #expect(script.receives([.syn, .ack], seq: 0, ack: 1, length: 100).kept == 0..<100)
    script.sends(.ack, seq: 1, ack: 101)
    script.hears(.readable(upTo: 100))
  }

  @Test("Data and FIN on the handshake's ACK are taken with it")
  func dataWithTheLastAck() {
    let script = SegmentScript(accepting: .mss(1_460))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    #expect(script.receives([.ack, .fin], seq: 1, ack: 1, length: 100).kept == 0..<100)
    script.isIn(.closeWait)
    script.sends(.ack, seq: 1, ack: 102)
  }

  @Test("A SYN that comes again in SYN-RECEIVED is answered by SYN,ACK again")
  func repeatedSyn() {
    let script = SegmentScript(accepting: .mss(1_460))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.receives(.syn, seq: 0, options: .mss(1_460))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.isSilent()
  }

  @Test("3.10.7.4, fifth: an ACK in SYN-RECEIVED of what was not sent is reset")
  func badAckInSynReceived() {
    let script = SegmentScript(accepting: .mss(1_460))
    script.sends([.syn, .ack], seq: 0, ack: 1)
    script.receives(.ack, seq: 1, ack: 500)
    script.sends(.rst, seq: 500)
    script.isIn(.synReceived(from: .passive))
  }

  @Test("3.10.7.4, fifth: a segment without ACK is dropped, though its acknowledgment number be right")
  func withoutAcknowledgment() {
    let script = SegmentScript.established()
    #expect(script.receives(.psh, seq: 1, ack: 1, length: 10).kept.isEmpty)
    #expect(script.connection.readableCount == 0)
    script.isIn(.established)
  }

  @Test("Figure 9: an old duplicate SYN,ACK is reset, and the open succeeds afterwards")
  func oldDuplicateSyn() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    script.receives([.syn, .ack], seq: 90, ack: 91)
    script.sends(.rst, seq: 91)
    script.receives([.syn, .ack], seq: 0, ack: 1)
    script.sends(.ack, seq: 1, ack: 1)
    script.isIn(.established)
  }

  @Test("Data queued before the handshake follows it")
  func queuedData() {
    let script = SegmentScript()
    script.connection.open(now: script.now)
    script.writes(10)
    script.sends(.syn, seq: 0)
    script.receives([.syn, .ack], seq: 0, ack: 1)
    script.sends([.ack, .psh], seq: 1, ack: 1, length: 10)
    script.isSilent()
  }

  @Test("CLOSE in SYN-SENT deletes the connection; in SYN-RECEIVED the FIN follows the handshake")
  func closeWhileOpening() {
    let opening = SegmentScript()
    opening.connection.open(now: opening.now)
    opening.sends(.syn, seq: 0)
    opening.connection.close(now: opening.now)
    opening.isIn(.closed)

    let accepted = SegmentScript(accepting: .mss(1_460))
    accepted.sends([.syn, .ack], seq: 0, ack: 1)
    accepted.connection.close(now: accepted.now)
    accepted.receives(.ack, seq: 1, ack: 1)
    accepted.isIn(.finWait1)
    accepted.sends([.fin, .ack], seq: 1, ack: 1)
  }
}

@Suite("Initial sequence numbers and ports (RFC 6528, RFC 6056)")
struct SecretsTests {
  let keys = ConnectionKeys(HostSecret(seed: 1))

  func tuple(_ remote: UInt16) -> FourTuple {
    FourTuple(
      localAddress: (0, 0x0A00_0001),
      remoteAddress: (0, 0x0A00_0002),
      ports: PortPair(local: 40_000, remote: remote)
    )
  }

  @Test("MUST-8: the initial sequence number goes on by one every four microseconds, and wraps")
  func clock() {
    let first = ConnectionSecrets(for: tuple(80), keys: keys, now: .zero)
    let later = ConnectionSecrets(for: tuple(80), keys: keys, now: .zero + .microseconds(4_000))
    #expect(SequenceNumber(later.initialSequenceNumber) - SequenceNumber(first.initialSequenceNumber) == 1_000)
    let muchLater = ConnectionSecrets(for: tuple(80), keys: keys, now: .zero + .seconds(86_400 * 365 * 100))
    #expect(muchLater.timestampOffset == first.timestampOffset)
  }

  @Test("SHLD-1, MUST-9: without the key the numbers of two connections have nothing in common")
  func keyed() {
    let first = ConnectionSecrets(for: tuple(80), keys: keys, now: .zero)
    let neighbour = ConnectionSecrets(for: tuple(81), keys: keys, now: .zero)
    let other = ConnectionSecrets(for: tuple(80), keys: ConnectionKeys(HostSecret(seed: 2)), now: .zero)
    #expect(first.initialSequenceNumber != neighbour.initialSequenceNumber)
    #expect(first.timestampOffset != neighbour.timestampOffset)
    #expect(first.initialSequenceNumber != other.initialSequenceNumber)
  }

  @Test("RFC 6056 section 3.3.3: ports to one destination tell nothing about those to another, nor where they begin")
  func portsOfOthers() {
    func chosen(_ calls: Int, secret: UInt64 = 1) -> [UInt16?] {
      var ports = EphemeralPorts(key: SecretKey(3, 4))
      var generator = HostSecret(seed: secret).generator()
      let first = ports.choose(for: tuple(80), using: &generator) { _ in true }
      for remote in 0..<UInt16(calls) { _ = ports.choose(for: tuple(1_000 + remote), using: &generator) { _ in true } }
      return [first, ports.choose(for: tuple(80), using: &generator) { _ in true }]
    }
    #expect((0...100).allSatisfy { chosen($0) == chosen(0) })
    #expect(chosen(0)[0] != chosen(0, secret: 2)[0])
  }

  @Test("Ports to one destination follow each other, skip what is in use, and run out")
  func ports() {
    var ports = EphemeralPorts(key: SecretKey(3, 4), range: 50_000...50_003)
    var generator = HostSecret(seed: 1).generator()
    var seen: Set<UInt16> = []
    for _ in 0..<4 { seen.insert(ports.choose(for: tuple(80), using: &generator) { _ in true } ?? 0) }
    #expect(seen == [50_000, 50_001, 50_002, 50_003])
    #expect(ports.choose(for: tuple(80), using: &generator) { $0 == 50_002 } == 50_002)
    #expect(ports.choose(for: tuple(80), using: &generator) { _ in false } == nil)
  }
}
