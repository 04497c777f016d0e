import SockeyeSimulator
import SockeyeTCP
import Testing

@Suite("Queues that keep their delay bounded (CoDel, RFC 8289)")
struct ControlledDelayTests {
  /// Offers packets of 1,250 bytes to a link of 10 Mbit/s, which takes a millisecond for each. Returns how long each waited
  /// that got through, and how many didn't.
  private func offer(
    every pause: Interval,
    for time: Interval,
    _ impairments: Impairments
  ) -> (waits: [Interval], drops: UInt64) {
    var impairments = impairments
    impairments.bitsPerSecond = 10_000_000
    var link = ImpairedDirection(impairments, seed: 1)
    var waits: [Interval] = []
    var now = Instant.zero
    while now < .zero + time {
      if case .delivered(let passage) = link.decide(length: 1_250, isECNCapable: false, now: now) {
        waits.append(passage.delivery - now - .milliseconds(1))
      }
      now = now + pause
    }
    return (waits, link.counters.drops)
  }

  private var controlled: Impairments {
    var impairments = Impairments()
    impairments.controlledDelay = ControlledDelay()
    return impairments
  }

  @Test("packets of which each waits less than the target are left alone")
  func idle() {
    let (waits, drops) = offer(every: .microseconds(1_100), for: .seconds(5), controlled)
    #expect(drops == 0 && waits.allSatisfy { $0 <= .milliseconds(5) })
  }

  @Test("a burst that has left the queue within an interval is left alone")
  func burst() {
    let (waits, drops) = offer(every: .microseconds(500), for: .milliseconds(50), controlled)
    #expect(drops == 0 && waits.max() ?? .zero > .milliseconds(15))
  }

  @Test("one tenth too much for long is dropped, and what gets through waits little in the end")
  func overload() {
    let pause = Interval.microseconds(909)
    let (waits, drops) = offer(every: pause, for: .seconds(60), controlled)
    let tail = offer(every: pause, for: .seconds(60), Impairments())
    #expect(tail.waits.last ?? .zero > .seconds(5), "without it the queue has grown for ever")
    let last = waits.suffix(waits.count / 4)
    #expect(!last.isEmpty && last.max() ?? .seconds(9) < .milliseconds(150))
    #expect(drops > 4_000 && drops < 8_000)
  }
}

@Suite("Distributions of jitter")
struct JitterDistributionTests {
  @Test("each stays within the jitter, and has the mean that it should have", arguments: JitterDistribution.allCases)
  func means(distribution: JitterDistribution) {
    var impairments = Impairments()
    impairments.jitter = .milliseconds(12)
    impairments.jitterDistribution = distribution
    impairments.jitterReorders = true
    var link = ImpairedDirection(impairments, seed: 7)
    var sum = 0.0
    let count = 100_000
    for _ in 0..<count {
      guard case .delivered(let passage) = link.decide(length: 100, isECNCapable: false, now: .zero) else { continue }
      let share = Double(passage.delivery.nanoseconds) / 12_000_000
      #expect(share >= 0 && share <= 1)
      sum += share
    }
    // Pareto's share, 1 / u^(1/3) - 1 with u even from an eighth to one, has the mean 2/7.
    let mean = distribution == .pareto ? 2.0 / 7 : 0.5
    #expect(abs(sum / Double(count) - mean) < 0.005)
  }
}
