import SockeyeSimulator
import SockeyeWire
import Testing

@testable import SockeyeTCP

@Suite("SYN cookies (RFC 4987 section 3.6)")
struct SYNCookieTests {
  static let secret = HostSecret(seed: 3)
  static let configuration = ConnectionConfiguration.plain.with {
    $0.timestamps = true
    $0.selectiveAcknowledgment = true
    $0.windowScale = 5
  }
  static let path = NetworkPath(version: .v4)
  static let now = SegmentScript.start
  let cookies = SYNCookies(secret)
  let tuple = FourTuple(localAddress: (0, 1), remoteAddress: (0, 2), ports: SegmentScript.ports)

  func answer(_ options: TCPOptions) -> TCPHeader {
    let syn = TCPHeader(
      sourcePort: SegmentScript.ports.remote,
      destinationPort: SegmentScript.ports.local,
      sequenceNumber: SegmentScript.peerInitial,
      flags: .syn,
      options: options
    )
    return cookies.answer(to: syn, tuple: tuple, configuration: Self.configuration, path: Self.path, now: Self.now)
  }

  /// The peer's ACK of that answer.
  func acknowledgment(of answer: TCPHeader) -> TCPHeader {
    var ack = TCPHeader(
      sourcePort: answer.destinationPort,
      destinationPort: answer.sourcePort,
      sequenceNumber: answer.acknowledgmentNumber,
      acknowledgmentNumber: answer.sequenceNumber &+ 1,
      flags: .ack,
      window: 500
    )
    if let timestamp = answer.options.timestamp {
      ack.options.timestamp = TCPOptions.Timestamp(value: 2_000, echo: timestamp.value)
    }
    return ack
  }

  @Test("The ACK that brings a cookie back makes the connection that the SYN asked for")
  func roundTrip() throws {
    let answer = answer(.modern)
    #expect(answer.flags == [.syn, .ack])
    #expect(answer.acknowledgmentNumber == SegmentScript.peerInitial &+ 1)
    let ack = acknowledgment(of: answer)
    let syn = try #require(cookies.check(ack, tuple: tuple, now: Self.now + .seconds(1)))
    let script = SegmentScript(
      Connection(
        remembered: syn,
        configuration: Self.configuration,
        path: Self.path,
        tuple: tuple,
        keys: ConnectionKeys(Self.secret),
        now: Self.now
      )
    )
    _ = script.connection.receive(ack, payloadLength: 0, arrival: Self.now)
    script.isIn(.established)
    script.hears(.established)
    #expect(script.connection.options == [.timestamps, .selectiveAcknowledgment, .windowScale])
    let metrics = script.connection.metrics(now: Self.now)
    #expect(metrics.sendSegmentSize == 1_448)
    #expect(metrics.sendWindow == 500 << 7)
    script.connection.send(100, now: Self.now)
    let plan = try #require(script.next())
    #expect(plan.header.sequenceNumber == answer.sequenceNumber &+ 1)
    let clock = try #require(plan.header.options.timestamp)
    #expect(clock.value.wrappingDistance(from: answer.options.timestamp?.value ?? 0) >= 0, "the clock does not go back")
  }

  @Test("Without timestamps there is nowhere to remember window scale and SACK, so they are not offered")
  func withoutTimestamps() throws {
    var options = TCPOptions.modern
    options.timestamp = nil
    options.maximumSegmentSize = 1_359
    let answer = answer(options)
    #expect(answer.options.windowScale == nil && !answer.options.sackPermitted)
    let syn = try #require(cookies.check(acknowledgment(of: answer), tuple: tuple, now: Self.now))
    #expect(syn.options.maximumSegmentSize == 1_300, "the greatest of those that a cookie can tell")
    #expect(syn.options.windowScale == nil && !syn.options.sackPermitted)
  }

  @Test("A cookie is good for a minute at least and two at most, and never again")
  func age() {
    let ack = acknowledgment(of: answer(.modern))
    #expect(cookies.check(ack, tuple: tuple, now: Self.now + .seconds(60)) != nil)
    for minutes: Int64 in [2, 3, 4, 10, 16, 32, 1 << 20] {
      #expect(cookies.check(ack, tuple: tuple, now: Self.now + .seconds(60 * minutes)) == nil, "\(minutes) minutes")
    }
  }

  @Test("MUST-16: no size that a cookie brings back is above what the peer takes, however little that is")
  func segmentSize() throws {
    for size in [48, 63, 200, 535, 536, 1000, 1219, 1399, 1459, 1460, 8999] as [UInt16] {
      let syn = try #require(cookies.check(acknowledgment(of: answer(.mss(size))), tuple: tuple, now: Self.now))
      let kept = try #require(syn.options.maximumSegmentSize)
      #expect(kept <= size && kept > size / 3, "\(size): \(kept)")
    }
  }

  @Test("A cookie with any bit wrong, of another peer or under another key, is none")
  func forgery() {
    let ack = acknowledgment(of: answer(.modern))
    for bit in 0..<32 {
      var forged = ack
      forged.acknowledgmentNumber = ((ack.acknowledgmentNumber &- 1) ^ (1 << UInt32(bit))) &+ 1
      #expect(cookies.check(forged, tuple: tuple, now: Self.now) == nil, "bit \(bit)")
    }
    var elsewhere = ack
    elsewhere.sequenceNumber &+= 1
    #expect(cookies.check(elsewhere, tuple: tuple, now: Self.now) == nil)
    let other = FourTuple(localAddress: (0, 1), remoteAddress: (0, 3), ports: SegmentScript.ports)
    #expect(cookies.check(ack, tuple: other, now: Self.now) == nil)
    #expect(SYNCookies(HostSecret(seed: 4)).check(ack, tuple: tuple, now: Self.now) == nil)
    for flags: TCPFlags in [.syn, [.syn, .ack], [.rst, .ack], .fin] {
      var wrong = ack
      wrong.flags = flags
      #expect(cookies.check(wrong, tuple: tuple, now: Self.now) == nil)
    }
  }

  @Test("Any ACK at all is judged without harm")
  func anything() {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<2_000 {
      var ack = TCPHeader(
        sourcePort: 1,
        destinationPort: 2,
        sequenceNumber: .random(in: 0 ... .max, using: &generator),
        flags: .ack
      )
      ack.acknowledgmentNumber = .random(in: 0 ... .max, using: &generator)
      ack.options.timestamp = TCPOptions.Timestamp(
        value: .random(in: 0 ... .max, using: &generator),
        echo: .random(in: 0 ... .max, using: &generator)
      )
      _ = cookies.check(ack, tuple: tuple, now: Instant(nanoseconds: .random(in: 0 ... .max, using: &generator)))
    }
  }
}

@Suite("SipHash-2-4")
struct SipHashTests {
  @Test("The hashes of 0, 8 and 16 bytes are those that its authors publish")
  func vectors() {
    let key = SecretKey(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    var hash = SipHash(key)
    #expect(SipHash(key).finalize() == 0x726F_DB47_DD0E_0E31)
    hash.combine(0x0706_0504_0302_0100)
    let eight = hash
    #expect(eight.finalize() == 0x93F5_F579_9A93_2462)
    hash.combine(0x0F0E_0D0C_0B0A_0908)
    #expect(hash.finalize() == 0x3F2A_CC7F_57C2_9BDB)
  }
}
