import SockeyeTCP
import SockeyeWire
import Testing

/// What two stacks have done to each other, and these two must not.
@Suite("Two connections, facing each other")
struct MutualTests {
  static let small = ConnectionConfiguration.plain.with {
    $0.receiveBuffer = 4_000
    $0.initialReceiveWindow = 4_000
    $0.autotune = false
  }

  @Test("Two closed windows are probed ever less often, and do not keep each other awake")
  func closedWindows() {
    let pair = ConnectionPair(client: Self.small, server: Self.small)
    pair.client.send(100_000, now: pair.now)
    pair.server.send(100_000, now: pair.now)
    #expect(pair.exchange())
    pair.pass(.seconds(10))
    let before = pair.segments
    pair.pass(.seconds(3_600))
    // A probe and its answer each way, doubling to once in two minutes: 30 an hour, and those of the first minutes.
    #expect(pair.segments - before <= 4 * (30 + 10), "\(pair.segments - before)")
    #expect(pair.client.state == .established && pair.server.state == .established)
    for _ in 0..<200 {
      pair.client.read(4_000, now: pair.now)
      pair.server.read(4_000, now: pair.now)
      pair.pass(.seconds(1))
    }
    #expect(pair.client.metrics(now: pair.now).bytesReceived == 100_000)
    #expect(pair.server.metrics(now: pair.now).bytesReceived == 100_000)
  }

  @Test("MUST-38, MUST-39: a reader of a few bytes at a time does not make the segments small")
  func slowReader() {
    let pair = ConnectionPair(client: Self.small, server: Self.small)
    pair.client.send(100_000, now: pair.now)
    for _ in 0..<20_000 where pair.server.metrics(now: pair.now).bytesReceived < 100_000 {
      pair.pass(.milliseconds(1))
      pair.server.read(10, now: pair.now)
    }
    #expect(pair.server.metrics(now: pair.now).bytesReceived == 100_000)
    #expect(pair.dataSegments <= 100_000 / 1_000, "\(pair.dataSegments) segments for 100,000 bytes")
  }

  @Test("SHLD-7: a writer of a few bytes at a time does not make the segments small either")
  func slowWriter() {
    let pair = ConnectionPair(client: .plain, server: .plain)
    for _ in 0..<10_000 {
      pair.client.send(1, now: pair.now)
      pair.client.send(1, now: pair.now)
      pair.exchange()
      pair.pass(.microseconds(100))
    }
    pair.pass(.seconds(1))
    #expect(pair.server.readableCount == 20_000)
    // One small segment in each delayed acknowledgment of 40 ms.
    #expect(pair.dataSegments <= 60, "\(pair.dataSegments)")
  }

  @Test("Two sides that have lost their place tell each other a few times a second, not for ever")
  func echoes() {
    let first = ConnectionPair(client: .plain, server: .plain)
    let second = ConnectionPair(client: .plain, server: .plain)
    second.client.send(1_000, now: second.now)
    second.server.send(3_000, now: second.now)
    second.exchange()
    // The client of the one faces the server of the other.
    var segments = 0
    first.client.send(1, now: first.now)
    for _ in 0..<10_000 {
      var plan = SegmentPlan()
      var isSilent = true
      while first.client.nextSegment(now: first.now, into: &plan) {
        isSilent = false
        segments += 1
        _ = second.server.receive(plan.header, payloadLength: plan.payload.count, arrival: first.now)
      }
      while second.server.nextSegment(now: first.now, into: &plan) {
        isSilent = false
        segments += 1
        _ = first.client.receive(plan.header, payloadLength: plan.payload.count, arrival: first.now)
      }
      if isSilent { break }
    }
    #expect(segments <= 50, "\(segments)")
  }
}
