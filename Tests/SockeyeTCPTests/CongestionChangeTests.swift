import SockeyeTCP
import SockeyeWire
import Testing

@Suite("Another congestion control for a connection that is open")
struct CongestionChangeTests {
  /// Writes so many bytes more, and acknowledges up to `end` of the stream, 10 ms after each flight. Returns how far it came.
  private func transfer(_ script: SegmentScript, _ count: Int, upTo end: UInt32) -> UInt32 {
    script.writes(count)
    var acknowledged: UInt32 = 0
    for _ in 0..<2_000 where acknowledged < end {
      let sent = script.drain().map { UInt32($0.payload.upperBound) }.max()
      script.pass(.milliseconds(10))
      guard let sent else { continue }
      acknowledged = max(acknowledged, sent)
      script.receives(.ack, seq: 1, ack: 1 + acknowledged)
    }
    return acknowledged
  }

  @Test("The new one takes over the window at once, with data under way or after a pause", arguments: [false, true])
  func change(pauses: Bool) {
    let script = SegmentScript.established(.plain.with { $0.congestionControl = .newReno })
    var end: UInt32 = 50_000
    let begun = transfer(script, 50_000, upTo: end)
    #expect(begun == end)
    for algorithm in [.bbr, .cubic, .bbr, .newReno] as [CongestionControlAlgorithm] {
      if pauses {
        script.pass(.seconds(60))
      } else {
        script.writes(1_460)
        script.drain()
        end += 1_460
      }
      let window = script.connection.metrics(now: script.now).congestionWindow
      script.connection.setCongestionControl(algorithm, now: script.now)
      let metrics = script.connection.metrics(now: script.now)
      #expect(metrics.congestionWindow == window)
      let broken = script.connection.checkInvariants()
      #expect(broken == nil)
      end += 50_000
      let arrived = transfer(script, 50_000, upTo: end)
      #expect(arrived == end, "\(algorithm)")
      // BBR alone has a rate of its own where pacing isn't asked for.
      let rate = script.connection.metrics(now: script.now).pacingRate
      #expect((rate > 0) == (algorithm == .bbr), "\(algorithm)")
    }
  }

  @Test("One that is chosen while the connection opens governs it when it is open")
  func whileOpening() {
    let script = SegmentScript(.plain.with { $0.congestionControl = .newReno })
    script.connection.open(now: script.now)
    script.sends(.syn, seq: 0)
    script.connection.setCongestionControl(.bbr, now: script.now)
    script.pass(.milliseconds(10))
    script.receives([.syn, .ack], seq: 0, ack: 1, options: .mss(1_460))
    script.sends(.ack, seq: 1, ack: 1)
    script.writes(1)
    script.drain()
    #expect(script.connection.metrics(now: script.now).pacingRate > 0)
  }
}
