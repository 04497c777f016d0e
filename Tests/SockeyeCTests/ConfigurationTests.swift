import SockeyeC
import Testing

/// That each key of the configuration does what `sockeye.h` promises, seen from outside: on the wire, by the clock, or by
/// what calls answer.
@Suite("The configuration's keys")
struct ConfigurationTests {
  // MARK: What a SYN says

  private func syn(_ configuration: String) throws -> WireSegment {
    let pair = try #require(Pair(configuration))
    var first: WireSegment?
    pair.tap = { _, packet in first = first ?? WireSegment(packet, at: pair.now) }
    _ = sockeyeConnect(pair.a, socket(pair.a, 2, 1, 0), address(2, 80))
    pair.run(for: 1000)
    return try #require(first)
  }

  @Test("mtu, initial_receive_window, sack, timestamps, window_scale and ecn are what the SYN says")
  func announcements() throws {
    #expect(try syn("mtu=1280").option(2) == [0x04, 0xD8])
    #expect(try syn("mtu=9000").option(2) == [0x23, 0x00])
    #expect(try syn("").window == 65_535)
    #expect(try syn("initial_receive_window=12345").window == 12_345)
    #expect(try syn("sack=1").option(4) != nil)
    #expect(try syn("sack=0").option(4) == nil)
    #expect(try syn("timestamps=1").option(8) != nil)
    #expect(try syn("timestamps=0").option(8) == nil)
    #expect(try syn("window_scale=5").option(3) == [5])
    #expect(try syn("window_scale=-1").option(3) == nil)
    #expect(try syn("ecn=0").flags == 0x02)
    #expect(try syn("ecn=1").flags == 0xC2)
  }

  @Test("seed decides the initial sequence number, and the same seed decides the same")
  func seed() throws {
    func number(_ seed: UInt64) throws -> UInt32 {
      let host = try #require(hostNew("ip4=10.0.0.1/24,seed=\(seed)", 0))
      defer { hostFree(host) }
      _ = sockeyeConnect(host, socket(host, 2, 1, 0), address(2, 80))
      var buffer = [UInt8](repeating: 0, count: 1500)
      let length = output(host, &buffer, buffer.count, nil)
      return WireSegment(Array(buffer[..<max(0, length)]), at: 0)?.sequenceNumber ?? 0
    }
    #expect(try number(1) == number(1))
    #expect(try number(1) != number(2))
  }

  // MARK: Addresses and routes

  @Test(
    "ip4 and ip6 are the host's addresses, as often as they are given; gateway4 and gateway6 lead beyond their links"
  )
  func addresses() throws {
    let pair = try #require(Pair("ip4=10.0.1.7/24"))
    let socket = socket(pair.a, 2, 2, 0)
    #expect(sockeyeBind(pair.a, socket, [2, 0, 0, 9, 10, 0, 2, 7] + [UInt8](repeating: 0, count: 8)) == -99)
    #expect(sockeyeBind(pair.a, socket, [2, 0, 0, 9, 10, 0, 1, 7] + [UInt8](repeating: 0, count: 8)) == 0)
    let far4: [UInt8] = [2, 0, 0, 80, 203, 0, 113, 1] + [UInt8](repeating: 0, count: 8)
    let far6: [UInt8] = [10, 0, 0, 80, 0, 0, 0, 0, 0x20, 0x01] + [UInt8](repeating: 0, count: 18)
    for (configuration, expected4, expected6) in [
      ("", -101, -101), ("gateway4=10.0.0.9", -115, -101), ("gateway6=fd00::9", -101, -115),
    ] as [(String, Int32, Int32)] {
      let pair = try #require(Pair(configuration))
      #expect(sockeyeConnect(pair.a, SockeyeC.socket(pair.a, 2, 1, 0), far4) == expected4)
      #expect(sockeyeConnect(pair.a, SockeyeC.socket(pair.a, 10, 1, 0), far6) == expected6)
    }
  }

  @Test("icmp_rate bounds the errors of a second")
  func errorRate() throws {
    for (rate, expected) in [(0, 0), (3, 3)] {
      let pair = try #require(Pair("icmp_rate=\(rate)"))
      var errors = 0
      pair.tap = { toB, packet in if !toB, packet[9] == 1 { errors += 1 } }
      let socket = socket(pair.a, 2, 2, 0)
      for _ in 0..<20 { _ = sockeyeSend(pair.a, socket, [1], to: address(2, 9)) }
      pair.run(for: 100_000)
      #expect(errors == expected)
    }
  }

  // MARK: How much

  @Test("send_buffer is what a call takes at most, receive_buffer what waits to be read; autotune lets it grow")
  func buffers() throws {
    let pair = try #require(Pair("send_buffer=5000,receive_buffer=20000,initial_receive_window=20000,autotune=0"))
    let (client, server, _) = try #require(connected(pair))
    let data = [UInt8](repeating: 1, count: 100_000)
    #expect(sockeyeSend(pair.a, client, data) == 5000)
    pair.run(for: 5_000_000) {
      _ = sockeyeSend(pair.a, client, data)
      return false
    }
    var waiting: Int32 = 0
    #expect(ioctl(pair.b, server, 0x541B, &waiting) == 0)
    #expect((18_000...20_000).contains(waiting), "\(waiting)")

    func bufferAfterTransfer(_ autotune: Int) throws -> UInt32 {
      let pair = try #require(
        Pair("receive_buffer=20000,initial_receive_window=20000,send_buffer=4000000,autotune=\(autotune)")
      )
      let (client, server, _) = try #require(connected(pair))
      pair.run(for: 300_000) {
        _ = sockeyeSend(pair.a, client, data)
        while sockeyeReceive(pair.b, server).0 > 0 {}
        return false
      }
      return info(pair.b, server, at: 64)
    }
    let (fixed, grown) = (try bufferAfterTransfer(0), try bufferAfterTransfer(1))
    #expect(fixed <= 20_000 && grown > 20_000, "\(fixed), \(grown)")
  }

  /// A word of `struct tcp_info`.
  private func info(_ host: Pair.Host, _ s: Int32, at offset: Int) -> UInt32 {
    var bytes = [UInt8](repeating: 0, count: 256)
    var length: UInt32 = 256
    guard getsockopt(host, s, 6, 11, &bytes, &length) == 0 else { return 0 }
    return (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }

  @Test(
    "initial_congestion_window is how many segments are sent before any is acknowledged",
    arguments: [1, 4, 10, 20]
  )
  func initialWindow(count: Int) throws {
    let pair = try #require(Pair("initial_congestion_window=\(count)"))
    let (client, _, _) = try #require(connected(pair))
    let wire = WireRecord(of: pair)
    _ = sockeyeSend(pair.a, client, [UInt8](repeating: 1, count: 60_000))
    pair.run(for: 15_000)
    #expect(wire.data.count == count)
  }

  @Test("offload=1 sends packets beyond the MTU, offload=0 none")
  func offload() throws {
    for (configuration, isLarge) in [("offload=0", false), ("offload=1", true)] {
      let pair = try #require(Pair(configuration))
      let (client, _, _) = try #require(connected(pair))
      let wire = WireRecord(of: pair)
      _ = sockeyeSend(pair.a, client, [UInt8](repeating: 1, count: 60_000))
      pair.run(for: 1_000_000)
      #expect(wire.data.contains { $0.count > 1460 } == isLarge)
    }
  }

  @Test("congestion names the algorithm that a socket starts from", arguments: ["newreno", "cubic", "bbr"])
  func congestion(name: String) throws {
    let pair = try #require(Pair("congestion=\(name)"))
    let (client, _, _) = try #require(connected(pair))
    var text = [UInt8](repeating: 0, count: 16)
    var length: UInt32 = 16
    #expect(getsockopt(pair.a, client, 6, 13, &text, &length) == 0)
    #expect(String(decoding: text.prefix { $0 != 0 }, as: UTF8.self) == name)
  }

  // MARK: When

  @Test("syn_rto_ms, max_rto_ms and syn_retries say when a SYN goes again, and how often")
  func synTimes() throws {
    let pair = try #require(Pair("syn_rto_ms=300,max_rto_ms=1000,syn_retries=4"))
    pair.loss = 1000
    let wire = WireRecord(of: pair)
    let start = pair.now
    let client = socket(pair.a, 2, 1, 0)
    _ = sockeyeConnect(pair.a, client, address(2, 80))
    #expect(pair.run { poll(pair.a, client) & 8 != 0 })
    #expect(wire.segments.map { ($0.time - start) / 1000 } == [0, 300, 900, 1900, 2900])
    #expect(sockeyeReceive(pair.a, client).0 == -110)
  }

  @Test("min_rto_ms is when what was lost goes again at the earliest; data_retries is how often")
  func retransmissionTimes() throws {
    for (least, retries) in [(200, 3), (700, 5)] {
      let pair = try #require(Pair("min_rto_ms=\(least),max_rto_ms=2000,data_retries=\(retries),tail_loss_probe=0"))
      pair.delay = 1000
      let (client, _, _) = try #require(connected(pair))
      pair.run(for: 1_000_000)
      let wire = WireRecord(of: pair)
      pair.loss = 1000
      _ = sockeyeSend(pair.a, client, [1, 2, 3])
      let start = pair.now
      #expect(pair.run { poll(pair.a, client) & 8 != 0 })
      #expect(wire.data.count == 1 + retries)
      let first = (wire.data[1].time - start) / 1000
      #expect((UInt64(least)...UInt64(least) + 20).contains(first), "\(first) ms")
      #expect(sockeyeReceive(pair.a, client).0 == -110)
    }
  }

  @Test("delayed_ack_ms is how long a lone segment waits to be acknowledged, quick_ack how many at the start don't")
  func acknowledgments() throws {
    for (configuration, expected) in [
      ("quick_ack=0,delayed_ack_ms=40", 40_000), ("quick_ack=0,delayed_ack_ms=150", 150_000),
      ("quick_ack=5,delayed_ack_ms=150", 0), ("quick_ack=0,delayed_ack_ms=0", 0),
    ] as [(String, UInt64)] {
      let pair = try #require(Pair(configuration))
      let (client, _, _) = try #require(connected(pair))
      pair.run(for: 50_000)
      let wire = WireRecord(of: pair)
      _ = sockeyeSend(pair.a, client, [1])
      pair.run(for: 400_000)
      let sent = try #require(wire.data.first)
      let answer = try #require(wire.segments.first { !$0.toB })
      // A timer that is due at once runs a microsecond later.
      let waited = answer.time - sent.time - pair.delay
      #expect((expected...expected + 1).contains(waited), "\(configuration): \(waited)")
    }
  }

  @Test(
    "msl_ms, twice, is how long a connection that closed first waits; fin_wait2_ms how long for a peer that doesn't"
  )
  func waits() throws {
    for lifetime in [1000, 7000] as [UInt64] {
      let pair = try #require(Pair("msl_ms=\(lifetime),fin_wait2_ms=3000"))
      let (client, server, _) = try #require(connected(pair))
      _ = close(pair.a, client)
      pair.run(for: 100_000)
      _ = close(pair.b, server)
      var arrival: UInt64 = 0
      pair.tap = { toB, _ in if !toB { arrival = pair.now + pair.delay } }
      pair.run(for: 100_000)
      #expect(nextDeadline(pair.a) == arrival + 2 * lifetime * 1000)
    }
    let pair = try #require(Pair("fin_wait2_ms=3000"))
    let (client, server, _) = try #require(connected(pair))
    _ = close(pair.a, client)
    pair.run(for: 2_900_000)
    #expect(sockeyeSend(pair.b, server, [1]) == 1)
    // The application that would read it has gone.
    #expect(pair.run { poll(pair.b, server) & 8 != 0 })
  }

  // MARK: Which answers

  @Test("syn_cookies says whether a listener remembers a SYN")
  func cookies() throws {
    for (use, remembers) in [("never", 20), ("auto", 20), ("always", 0)] {
      let pair = try #require(Pair("syn_cookies=\(use)"))
      let listener = socket(pair.b, 2, 1, 0)
      _ = sockeyeBind(pair.b, listener, address(2, 80))
      _ = listen(pair.b, listener, 20)
      // The answers get lost, or the first host would refuse what it knows nothing of.
      pair.loss = 1000
      var answers = 0
      var seen: Set<UInt16> = []
      pair.tap = { toB, packet in
        guard !toB, let segment = WireSegment(packet, at: pair.now), segment.flags == 0x12 else { return }
        answers += 1
        seen.insert(segment.destinationPort)
      }
      for port in 0..<100 as Range<UInt16> { pair.inject(WireSegment.syn(from: 1000 + port), into: pair.b) }
      pair.run(for: 500_000)
      #expect(seen.count == (use == "never" ? 20 : 100), "\(use)")
      answers = 0
      // What a listener remembers, it answers again after a second.
      pair.run(for: 1_000_000)
      #expect(answers == remembers, "\(use)")
    }
  }

  @Test("rfc5961=1 challenges a reset that is in the window but off the mark; with 0 it is believed")
  func resets() throws {
    for (configuration, survives) in [("rfc5961=1", true), ("rfc5961=0", false)] {
      let pair = try #require(Pair(configuration))
      let wire = WireRecord(of: pair)
      let (client, server, _) = try #require(connected(pair))
      pair.run(for: 100_000)
      let last = try #require(wire.segments.last { $0.toB })
      pair.inject(last.with(flags: 0x04, sequenceNumber: last.sequenceNumber &+ 100), into: pair.b)
      pair.run(for: 100_000)
      #expect((poll(pair.b, server) & 8 == 0) == survives)
      #expect(wire.segments.contains { !$0.toB && $0.flags == 0x10 && $0.time > last.time + pair.delay } == survives)
      _ = client
    }
  }

  // MARK: How what is lost comes back

  /// Sends `count` bytes over a pair whose wire loses those data segments, counted from zero and repetitions included, that
  /// `isLost` picks, and returns what went over the wire.
  private func transfer(_ configuration: String, count: Int, isLost: @escaping (Int) -> Bool) throws -> WireRecord {
    let pair = try #require(Pair(configuration))
    let (client, server, _) = try #require(connected(pair))
    pair.run(for: 1_000_000)
    let wire = WireRecord(of: pair)
    pair.drops = { [unowned wire] toB, packet in
      guard toB, (WireSegment(packet, at: 0)?.count ?? 0) > 0 else { return false }
      return isLost(wire.data.count - 1)
    }
    _ = sockeyeSend(pair.a, client, [UInt8](repeating: 1, count: count))
    var received = 0
    let isWhole = pair.run(for: 30_000_000) {
      let length = sockeyeReceive(pair.b, server).0
      if length > 0 { received += length }
      return received == count
    }
    #expect(isWhole, "\(configuration): \(received) of \(count)")
    return wire
  }

  /// When each segment that was sent before was sent again, in microseconds after the first was.
  private func repetitions(_ wire: WireRecord) -> [UInt64] {
    var seen: Set<UInt32> = []
    let start = wire.data.first?.time ?? 0
    return wire.data.filter { !seen.insert($0.sequenceNumber).inserted }.map { $0.time - start }
  }

  @Test("tail_loss_probe=1 sends the last segment again after two round trips, where 0 waits for the timer")
  func tailLossProbe() throws {
    let probed = try transfer("tail_loss_probe=1,min_rto_ms=1000", count: 1000) { $0 == 0 }
    let waited = try transfer("tail_loss_probe=0,min_rto_ms=1000", count: 1000) { $0 == 0 }
    let (first, second) = (try #require(repetitions(probed).first), try #require(repetitions(waited).first))
    #expect(first < 300_000 && second >= 1_000_000, "\(first), \(second)")
  }

  @Test("rack=1 notices that what was sent again is lost again; without it that waits for the timer")
  func rack() throws {
    func thirdTime(_ configuration: String) throws -> UInt64 {
      var lost: UInt32?
      var losses = 0
      let pair = try #require(Pair(configuration + ",min_rto_ms=2000,tail_loss_probe=0,initial_congestion_window=40"))
      let (client, server, _) = try #require(connected(pair))
      pair.run(for: 1_000_000)
      var times: [UInt64] = []
      pair.drops = { toB, packet in
        guard toB, let segment = WireSegment(packet, at: pair.now), segment.count > 0 else { return false }
        if lost == nil { lost = segment.sequenceNumber }
        guard segment.sequenceNumber == lost else { return false }
        times.append(pair.now)
        losses += 1
        return losses <= 2
      }
      let data = [UInt8](repeating: 1, count: 400_000)
      var sent = 0
      pair.run(for: 20_000_000) {
        while sent < data.count {
          let taken = sockeyeSend(pair.a, client, Array(data[sent...]))
          guard taken > 0 else { break }
          sent += taken
        }
        while sockeyeReceive(pair.b, server).0 > 0 {}
        return times.count == 3
      }
      return times.count == 3 ? times[2] - times[0] : .max
    }
    let (early, late) = (try thirdTime("rack=1"), try thirdTime("rack=0"))
    #expect(early < 500_000 && late >= 1_000_000, "\(early), \(late)")
  }

  @Test("frto=1 finds that a timeout was spurious and sends nothing else again; without it more goes again")
  func frto() throws {
    func repetitionCount(_ configuration: String) throws -> Int {
      let pair = try #require(Pair(configuration + ",timestamps=0,sack=0,tail_loss_probe=0"))
      let (client, server, _) = try #require(connected(pair))
      pair.run(for: 1_000_000)
      let wire = WireRecord(of: pair)
      // The path takes so much longer from now on that the timer runs out once before the first acknowledgment.
      pair.delay = 150_000
      // Piece by piece, so that the acknowledgments come one by one.
      for _ in 0..<40 {
        _ = sockeyeSend(pair.a, client, [UInt8](repeating: 1, count: 1460))
        pair.run(for: 1000)
      }
      pair.run(for: 10_000_000) {
        while sockeyeReceive(pair.b, server).0 > 0 {}
        return false
      }
      return repetitions(wire).count
    }
    let (with, without) = (try repetitionCount("frto=1"), try repetitionCount("frto=0"))
    #expect(with < without, "\(with), \(without)")
  }

  @Test("prr=1 lets the window down over a round trip of recovery; with 0 it is silent first")
  func prr() throws {
    /// The longest silence before what was lost goes again, when two segments a millisecond are acknowledged.
    func silence(_ configuration: String) throws -> UInt64 {
      let pair = try #require(Pair(configuration + ",initial_congestion_window=40,congestion=newreno"))
      let (client, server, _) = try #require(connected(pair))
      pair.run(for: 1_000_000)
      let wire = WireRecord(of: pair)
      pair.drops = { [unowned wire] toB, packet in toB && wire.data.count == 1 }
      let data = [UInt8](repeating: 1, count: 2896)
      for _ in 0..<80 {
        _ = sockeyeSend(pair.a, client, data)
        pair.run(for: 1000) {
          while sockeyeReceive(pair.b, server).0 > 0 {}
          return false
        }
      }
      let again = try #require(repetitions(wire).first) + wire.data[0].time
      let times = wire.data.map(\.time).filter { $0 <= again }
      return zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? 0
    }
    let (with, without) = (try silence("prr=1"), try silence("prr=0"))
    #expect(with <= 2000 && without >= 5000, "\(with), \(without)")
  }
}
