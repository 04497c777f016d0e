import SockeyeC
import Testing

@Suite("The C interface")
struct InterfaceTests {
  @Test("A connection opens, carries bytes both ways, half-closes and ends", arguments: [false, true])
  func conversation(isIPv6: Bool) throws {
    let pair = try #require(Pair())
    let (client, server, listener) = try #require(connected(pair, isIPv6: isIPv6))
    #expect(sockeyeConnect(pair.a, client, address(2, 80, isIPv6: isIPv6)) == 0)
    #expect(sockeyeConnect(pair.a, client, address(2, 80, isIPv6: isIPv6)) == -106)
    #expect(accept(pair.b, listener, nil, nil) == -11)
    #expect(poll(pair.a, client) == 4)
    #expect(sockeyeReceive(pair.a, client).0 == -11)

    #expect(sockeyeSend(pair.a, client, Array("hello".utf8)) == 5)
    var waiting: Int32 = 0
    #expect(ioctl(pair.a, client, 0x5411, &waiting) == 0 && waiting == 5)
    #expect(pair.run { poll(pair.b, server) & 1 != 0 })
    #expect(ioctl(pair.b, server, 0x541B, &waiting) == 0 && waiting == 5)
    #expect(sockeyeReceive(pair.b, server, 3, flags: 2) == (3, Array("hel".utf8)))
    #expect(sockeyeReceive(pair.b, server) == (5, Array("hello".utf8)))

    #expect(shutdown(pair.a, client, 1) == 0)
    #expect(sockeyeSend(pair.a, client, [1]) == -32)
    #expect(pair.run { poll(pair.b, server) & 0x2000 != 0 })
    #expect(sockeyeReceive(pair.b, server).0 == 0)
    #expect(sockeyeSend(pair.b, server, Array("bye".utf8)) == 3)
    #expect(close(pair.b, server) == 0)
    #expect(pair.run { poll(pair.a, client) & 0x2000 != 0 })
    #expect(sockeyeReceive(pair.a, client) == (3, Array("bye".utf8)))
    #expect(sockeyeReceive(pair.a, client).0 == 0)
    #expect(poll(pair.a, client) & 0x10 != 0)
    #expect(close(pair.a, client) == 0)
    #expect(close(pair.a, client) == -9)
    pair.run(for: 200_000_000)
  }

  @Test("The peer's address is told, in the form of the socket's family")
  func acceptedAddress() throws {
    let pair = try #require(Pair())
    let dual = socket(pair.b, 10, 1, 6)
    #expect(sockeyeBind(pair.b, dual, [10, 0, 0, 80] + [UInt8](repeating: 0, count: 24)) == 0)
    #expect(listen(pair.b, dual, 1) == 0)
    let client = socket(pair.a, 2, 1, 0)
    _ = sockeyeConnect(pair.a, client, address(2, 80))
    pair.run { poll(pair.b, dual) & 1 != 0 }
    var name = [UInt8](repeating: 0xEE, count: 28)
    var length: UInt32 = 28
    #expect(accept(pair.b, dual, &name, &length) >= 0)
    #expect(length == 28)
    #expect(Array(name[8..<24]) == [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF, 10, 0, 0, 1])
  }

  @Test("A port where nobody listens refuses, once")
  func refused() throws {
    let pair = try #require(Pair())
    let client = socket(pair.a, 2, 1, 0)
    #expect(sockeyeConnect(pair.a, client, address(2, 81)) == -115)
    #expect(sockeyeConnect(pair.a, client, address(2, 81)) == -114)
    #expect(pair.run { poll(pair.a, client) & 8 != 0 })
    var error: Int32 = 0
    var length: UInt32 = 4
    #expect(getsockopt(pair.a, client, 1, 4, &error, &length) == 0)
    #expect(error == 111)
    #expect(getsockopt(pair.a, client, 1, 4, &error, &length) == 0)
    #expect(error == 0)
  }

  @Test("A peer that doesn't answer times out after the retries that were asked for")
  func timeout() throws {
    let pair = try #require(Pair("syn_retries=2"))
    pair.loss = 1000
    let client = socket(pair.a, 2, 1, 0)
    _ = sockeyeConnect(pair.a, client, address(2, 81))
    #expect(pair.run { poll(pair.a, client) & 8 != 0 })
    #expect(pair.count == 3)
    #expect(sockeyeReceive(pair.a, client).0 == -110)
  }

  @Test("Datagrams keep their borders, and say when nobody takes them", arguments: [false, true])
  func datagrams(isIPv6: Bool) throws {
    let pair = try #require(Pair())
    let domain: Int32 = isIPv6 ? 10 : 2
    let server = socket(pair.b, domain, 2, 0)
    #expect(sockeyeBind(pair.b, server, address(2, 53, isIPv6: isIPv6)) == 0)
    let client = socket(pair.a, domain, 2, 17)
    for count in [0, 1, 1472, 4000, 65_507] {
      let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      #expect(sockeyeSend(pair.a, client, data, to: address(2, 53, isIPv6: isIPv6)) == count)
      #expect(pair.run { poll(pair.b, server) & 1 != 0 }, "\(count) bytes")
      let isWhole = sockeyeReceive(pair.b, server) == (count, data)
      #expect(isWhole, "\(count) bytes")
    }
    #expect(
      sockeyeSend(pair.a, client, [UInt8](repeating: 0, count: 65_536), to: address(2, 53, isIPv6: isIPv6)) == -90
    )
    #expect(sockeyeSend(pair.a, client, [1]) == -89)
    #expect(sockeyeConnect(pair.a, client, address(2, 54, isIPv6: isIPv6)) == 0)
    #expect(sockeyeSend(pair.a, client, [1, 2, 3]) == 3)
    #expect(pair.run { poll(pair.a, client) & 8 != 0 })
    #expect(sockeyeReceive(pair.a, client).0 == -111)
    #expect(sockeyeReceive(pair.a, client).0 == -11)
  }

  @Test("A datagram that doesn't fit is cut, and its length is told to those who ask")
  func truncatedDatagram() throws {
    let pair = try #require(Pair())
    let server = socket(pair.b, 2, 2, 0)
    _ = sockeyeBind(pair.b, server, address(2, 53))
    let client = socket(pair.a, 2, 2, 0)
    for _ in 0..<2 { _ = sockeyeSend(pair.a, client, [1, 2, 3, 4, 5], to: address(2, 53)) }
    pair.run { poll(pair.b, server) & 1 != 0 }
    #expect(sockeyeReceive(pair.b, server, 2, flags: 0x20) == (5, [1, 2]))
    #expect(sockeyeReceive(pair.b, server, 2) == (2, [1, 2]))
  }

  @Test("Bytes arrive whole over a bad wire, whatever the seed", arguments: 0..<60 as Range<UInt64>)
  func badWire(seed: UInt64) throws {
    let pair = try #require(Pair("", seed: seed))
    pair.loss = 20
    pair.corruption = 10
    let isIPv6 = seed.isMultiple(of: 2)
    let (client, server, _) = try #require(connected(pair, isIPv6: isIPv6))
    try transfer(pair, from: client, to: server, count: 200_000, seed: seed)
  }

  /// Sends `count` bytes and sees that they arrive.
  private func transfer(_ pair: Pair, from client: Int32, to server: Int32, count: Int, seed: UInt64) throws {
    let data = (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }
    var sent = 0
    var received: [UInt8] = []
    var isClosed = false
    let isDone = pair.run {
      while sent < count {
        let taken = sockeyeSend(pair.a, client, Array(data[sent..<min(count, sent + 30_000)]))
        guard taken > 0 else { break }
        sent += taken
      }
      if sent == count, !isClosed {
        isClosed = true
        _ = shutdown(pair.a, client, 1)
      }
      while true {
        let (length, bytes) = sockeyeReceive(pair.b, server, 20_000)
        if length == 0 { return true }
        guard length > 0 else { return false }
        received += bytes
      }
    }
    #expect(isDone, "seed \(seed): \(received.count) of \(count) at \(pair.now)")
    let isWhole = received == data
    #expect(isWhole, "seed \(seed)")
  }

  @Test(
    "Every variant of the configuration carries a transfer",
    arguments: [
      "mtu=1280", "mtu=65535", "sack=0", "timestamps=0", "window_scale=-1", "window_scale=14", "ecn=1", "rack=0",
      "tail_loss_probe=0", "prr=0", "frto=0", "rfc5961=0", "congestion=newreno", "congestion=bbr", "syn_cookies=always",
      "autotune=0", "receive_buffer=8192,autotune=0", "send_buffer=4096", "offload=1", "delayed_ack_ms=0",
      "quick_ack=0",
      "initial_receive_window=1000", "initial_congestion_window=1",
    ]
  )
  func variants(configuration: String) throws {
    let pair = try #require(Pair(configuration))
    pair.loss = 5
    let (client, server, _) = try #require(connected(pair))
    try transfer(pair, from: client, to: server, count: 100_000, seed: 0)
  }

  @Test("Every key of the configuration is known, and nothing else is")
  func configuration() {
    let all =
      "ip4=10.0.0.1/24,ip4=10.0.1.1/24,ip6=fd00::1/64,gateway4=10.0.0.254,gateway6=fd00::ff,mtu=1500,"
      + "initial_receive_window=65535,receive_buffer=131072,send_buffer=65536,autotune=1,initial_congestion_window=10,"
      + "syn_rto_ms=1000,min_rto_ms=200,max_rto_ms=120000,delayed_ack_ms=40,quick_ack=16,sack=1,timestamps=1,"
      + "window_scale=7,ecn=0,rack=1,tail_loss_probe=1,prr=1,frto=1,rfc5961=1,msl_ms=60000,fin_wait2_ms=60000,"
      + "syn_retries=6,data_retries=15,syn_cookies=auto,congestion=cubic,icmp_rate=1000,seed=42,offload=0"
    for good in ["", all] {
      let host = hostNew(good, 0)
      #expect(host != nil)
      hostFree(host)
    }
    let wrong = [
      "x=1", "ip4", "ip4=", "ip4=10.0.0.1", "ip4=10.0.0.1/33", "ip4=fd00::1/64", "ip6=10.0.0.1/24", "ip6=fd00::1/129",
      "mtu=0", "mtu=65536", "mtu=1279,ip6=fd00::1/64", "sack=2", "window_scale=15", "window_scale=-2",
      "syn_cookies=maybe",
      "congestion=vegas", "seed=-1", "seed=", "gateway4=x", "gateway6=1.2.3.4", "min_rto_ms=-1", "data_retries=256",
      "receive_buffer=99999999999999999999",
    ]
    for text in wrong { #expect(hostNew(text, 0) == nil, "\(text)") }
  }

  @Test("What makes no sense is answered by the number that Linux gives")
  func misuse() throws {
    let pair = try #require(Pair())
    #expect(socket(pair.a, 1, 1, 0) == -97)
    #expect(socket(pair.a, 2, 3, 0) == -94)
    #expect(socket(pair.a, 2, 1, 17) == -93)
    #expect(close(pair.a, 7) == -9)
    #expect(poll(pair.a, -1) == -9)
    let stream = socket(pair.a, 2, 0x80801, 0)
    #expect(stream == 0)
    #expect(sockeyeSend(pair.a, stream, [1]) == -107)
    #expect(sockeyeReceive(pair.a, stream).0 == -107)
    #expect(shutdown(pair.a, stream, 1) == -107)
    #expect(accept(pair.a, stream, nil, nil) == -22)
    #expect(sockeyeBind(pair.a, stream, address(9, 80)) == -99)
    #expect(sockeyeBind(pair.a, stream, [2, 0]) == -22)
    #expect(sockeyeBind(pair.a, stream, [9, 0, 0, 0, 0, 0, 0, 0]) == -97)
    #expect(sockeyeBind(pair.a, stream, address(1, 80)) == 0)
    let second = socket(pair.a, 2, 1, 0)
    #expect(sockeyeBind(pair.a, second, address(1, 80)) == -98)
    #expect(sockeyeConnect(pair.a, second, [2, 0, 0, 80, 203, 0, 113, 1] + [UInt8](repeating: 0, count: 8)) == -101)
    let datagram = socket(pair.a, 2, 2, 0)
    #expect(listen(pair.a, datagram, 1) == -95)
    #expect(setsockopt(pair.a, stream, 6, 999, [0, 0, 0, 0], 4) == -92)
    #expect(setsockopt(pair.a, stream, 6, 1, [1], 1) == -22)
    #expect(close(pair.a, stream) == 0)
    #expect(socket(pair.a, 2, 1, 0) == 0)
  }

  @Test("Options are read as they were written, and TCP_INFO is as long as Linux's")
  func options() throws {
    let pair = try #require(Pair())
    let (client, _, _) = try #require(connected(pair))
    for (level, option, value) in [(6, 1, 1), (6, 3, 1), (6, 4, 10), (6, 5, 3), (6, 6, 4), (6, 18, 5000), (0, 2, 9)]
      as [(Int32, Int32, Int32)]
    {
      var written = value
      #expect(setsockopt(pair.a, client, level, option, &written, 4) == 0)
      var read: Int32 = -1
      var length: UInt32 = 4
      #expect(getsockopt(pair.a, client, level, option, &read, &length) == 0)
      #expect(read == value && length == 4, "level \(level) option \(option)")
    }
    for option: Int32 in [7, 8] {
      var (written, read, length): (Int32, Int32, UInt32) = (10_000, 0, 4)
      #expect(setsockopt(pair.a, client, 1, option, &written, 4) == 0)
      #expect(getsockopt(pair.a, client, 1, option, &read, &length) == 0)
      #expect(read == 20_000, "Linux tells the double of what it was told")
    }
    let most = [UInt8](repeating: 0, count: 100_000)
    #expect(sockeyeSend(pair.a, client, most) == 20_000, "the connection that exists has the new buffer, too")
    var info = [UInt8](repeating: 0, count: 512)
    var length: UInt32 = 512
    #expect(getsockopt(pair.a, client, 6, 11, &info, &length) == 0)
    #expect(length == 232)
    #expect(info[0] == 1)
    var hops: [UInt8] = []
    pair.tap = { toB, packet in if toB { hops.append(packet[8]) } }
    _ = sockeyeSend(pair.a, client, [1])
    pair.run(for: 1_000_000)
    #expect(hops.first == 9)
  }

  @Test("SO_LINGER with no time resets, and the other end learns it")
  func linger() throws {
    let pair = try #require(Pair())
    let (client, server, _) = try #require(connected(pair))
    var linger: [Int32] = [1, 0]
    #expect(setsockopt(pair.a, client, 1, 13, &linger, 8) == 0)
    #expect(close(pair.a, client) == 0)
    #expect(pair.run { poll(pair.b, server) & 8 != 0 })
    #expect(sockeyeReceive(pair.b, server).0 == -104)
    #expect(sockeyeReceive(pair.b, server).0 == 0)
  }

  @Test("Deadlines are to the microsecond: an unanswered SYN goes again after exactly a second, then two more")
  func deadlines() throws {
    let pair = try #require(Pair())
    pair.loss = 1000
    let client = socket(pair.a, 2, 1, 0)
    _ = sockeyeConnect(pair.a, client, address(2, 81))
    var times: [UInt64] = []
    pair.tap = { _, _ in times.append(pair.now) }
    pair.run(for: 8_000_000)
    #expect(times == [1_000_000, 2_000_000, 4_000_000, 8_000_000])
  }

  @Test("While SYNs from nowhere flood a listener, a transfer keeps nine tenths of its rate, and who is there connects")
  func synFlood() throws {
    /// Virtual microseconds that 300 kB take, with so many SYNs beside each round of packets.
    func time(flood: Int) throws -> UInt64 {
      let pair = try #require(Pair())
      let (client, server, listener) = try #require(connected(pair))
      let data = [UInt8](repeating: 1, count: 30_000)
      var (received, count) = (0, 0)
      let begun = pair.now
      while received < 300_000, pair.now - begun < 60_000_000 {
        _ = sockeyeSend(pair.a, client, data)
        for _ in 0..<flood {
          count += 1
          pair.inject(WireSegment.syn(from: UInt16(1024 + count % 60_000), of: UInt8(3 + count % 200)), into: pair.b)
        }
        pair.run(for: 5_000)
        let length = sockeyeReceive(pair.b, server).0
        if length > 0 { received += length }
      }
      #expect(received >= 300_000)
      let elapsed = pair.now - begun
      let late = socket(pair.a, 2, 1, 0)
      _ = sockeyeConnect(pair.a, late, address(2, 80))
      #expect(pair.run(for: 1_000_000) { accept(pair.b, listener, nil, nil) >= 0 })
      return elapsed
    }
    let (quiet, flooded) = (try time(flood: 0), try time(flood: 200))
    #expect(Double(quiet) / Double(flooded) >= 0.9, "\(quiet), \(flooded)")
  }

  @Test("A host of one's own can be reached by its own address")
  func loop() throws {
    let pair = try #require(Pair())
    let listener = socket(pair.a, 2, 1, 0)
    _ = sockeyeBind(pair.a, listener, address(1, 80))
    _ = listen(pair.a, listener, 1)
    let client = socket(pair.a, 2, 1, 0)
    _ = sockeyeConnect(pair.a, client, address(1, 80))
    #expect(pair.run { poll(pair.a, listener) & 1 != 0 })
    let server = accept(pair.a, listener, nil, nil)
    #expect(sockeyeSend(pair.a, client, [1, 2, 3]) == 3)
    #expect(pair.run { poll(pair.a, server) & 1 != 0 })
    #expect(sockeyeReceive(pair.a, server) == (3, [1, 2, 3]))
    #expect(pair.count == 0)
  }
}

extension [UInt8] {
  /// The same bytes with another at one position.
  func with(_ byte: UInt8, at position: Int) -> [UInt8] {
    var copy = self
    copy[position] = byte
    return copy
  }
}

@Suite("A host's secret, as C gives it")
struct SecretInterfaceTests {
  /// The initial sequence number of a host's first connection, or why there is no host.
  private func make(_ configuration: String, _ secret: [UInt8]?) -> (number: UInt32?, why: String) {
    var why = [CChar](repeating: 1, count: 100)
    let text = "ip4=10.0.0.1/24" + configuration
    let host =
      secret.map { hostCreate(text, $0, $0.count, 0, &why, why.count) } ?? hostCreate(text, nil, 0, 0, &why, why.count)
    let reason = String(decoding: why.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard let host else { return (nil, reason) }
    defer { hostFree(host) }
    _ = sockeyeConnect(host, socket(host, 2, 1, 0), address(2, 80))
    var buffer = [UInt8](repeating: 0, count: 1500)
    let length = output(host, &buffer, buffer.count, nil)
    return (WireSegment(Array(buffer[..<max(0, length)]), at: 0)?.sequenceNumber, reason)
  }

  @Test("A secret decides all numbers, a seed where there is none, and the system where there is neither")
  func sources() {
    let secret = [UInt8](0..<32)
    #expect(make("", secret).number == make("", secret).number)
    #expect(make(",seed=1", secret).number == make("", secret).number)
    #expect(make("", secret).number != make("", secret + [0, 1]).number)
    #expect(make(",seed=1", nil).number == make(",seed=1", nil).number)
    #expect(make(",seed=1", nil).number != make(",seed=2", nil).number)
    #expect(make("", nil).number != make("", nil).number)
    #expect(make("", nil).why.isEmpty)
  }

  @Test("Where there is no host, there is a reason")
  func reasons() {
    #expect(make("", [UInt8](repeating: 1, count: 31)) == (nil, "a secret has at least 32 bytes, not 31"))
    #expect(make("", []) == (nil, "a secret has at least 32 bytes, not 0"))
    #expect(make(",x=1", nil) == (nil, "there is no key 'x'"))
    #expect(make(",mtu=0", nil) == (nil, "'0' is no value for 'mtu'"))
    #expect(make(",mtu", nil) == (nil, "'mtu' is not of the form key=value"))
    #expect(make(",ip6=fd00::1/64,mtu=1000", nil) == (nil, "IPv6 needs an 'mtu' of at least 1280"))
  }

  @Test("A reason that doesn't fit is cut off and ended, and none is written where there is no room")
  func room() {
    var why = [CChar](repeating: 1, count: 8)
    #expect(hostCreate("x=1", nil, 0, 0, &why, 6) == nil)
    #expect(why.map { UInt8(bitPattern: $0) } == Array("there".utf8) + [0, 1, 1])
    #expect(hostCreate("x=1", nil, 0, 0, &why, 0) == nil)
    #expect(hostCreate("x=1", nil, 0, 0, nil, 100) == nil)
  }
}
