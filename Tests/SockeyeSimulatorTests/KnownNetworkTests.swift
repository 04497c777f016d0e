import SockeyeSimulator
import SockeyeTCP
import Testing

/// What `Documentation/Scenarios.md` shows in full, in short forms that fail when it gets worse.
@Suite("Known networks")
struct KnownNetworkTests {
  /// A bottleneck of a rate in Mb/s, a round trip in ms and a drop-tail queue in bytes.
  private func bottleneck(rate: UInt64, roundTrip: Int64, queue: Int) -> Impairments {
    var link = Impairments()
    link.bitsPerSecond = rate * 1_000_000
    link.delay = .microseconds(roundTrip * 500)
    link.queueBytes = queue
    return link
  }

  private func flow(
    _ algorithm: CongestionControlAlgorithm,
    over forward: Impairments,
    back: Impairments? = nil,
    bytes: UInt64 = .max / 4
  ) -> Simulation {
    var simulation = Simulation(seed: 1)
    simulation.checksGauges = false
    var sender = EndpointConfiguration()
    sender.opensAt = .zero
    sender.application = .sending(bytes)
    sender.connection.congestionControl = algorithm
    sender.link = simulation.addLink(forward)
    var receiver = EndpointConfiguration()
    var quiet = forward
    quiet.loss = .none
    quiet.reordering = 0
    receiver.link = simulation.addLink(back ?? quiet)
    simulation.addConnection(sender, receiver)
    return simulation
  }

  private func time(_ milliseconds: Int64) -> Instant { .zero + .milliseconds(milliseconds) }

  @Test("2 MiB over 200 Mb/s, 100 ms and a queue of 64 KiB: 1.4 MB/s at least, and no timeout")
  func shortTransfer() throws {
    var simulation = flow(.cubic, over: bottleneck(rate: 200, roundTrip: 100, queue: 65_536), bytes: 2 << 20)
    let violation = simulation.run(until: time(10_000))
    #expect(violation == nil)
    let closed = simulation.peerClosedAt(1)
    let end = try #require(closed)
    #expect(Double(2 << 20) / (Double(end.nanoseconds) / 1e9) >= 1.4e6)
    #expect(simulation.metrics(at: 0).timeouts == 0)
  }

  @Test("Without random loss CUBIC has 0.95 of the bottleneck, headers apart")
  func fullBottleneck() {
    var simulation = flow(.cubic, over: bottleneck(rate: 20, roundTrip: 40, queue: 100_000))
    let violation = simulation.run(until: time(15_000))
    #expect(violation == nil)
    let capacity = 20e6 / 8 * 15 * 1_448 / 1_500
    #expect(Double(simulation.bytesRead(at: 1)) >= 0.95 * capacity)
  }

  @Test("Segments that are only late are hardly ever sent again", arguments: CongestionControlAlgorithm.builtIn)
  func reordering(algorithm: CongestionControlAlgorithm) {
    var forward = bottleneck(rate: 20, roundTrip: 40, queue: 1_000_000)
    forward.reordering = 0.05
    forward.reorderingDelay = .milliseconds(5)
    var simulation = flow(algorithm, over: forward, bytes: 4 << 20)
    let violation = simulation.run(until: time(10_000))
    #expect(violation == nil)
    let metrics = simulation.metrics(at: 0)
    // The first few teach it; what the queue dropped must be sent again.
    let drops = simulation.counters(ofLink: 0).drops
    #expect(metrics.segmentsRetransmitted <= drops + 6, "\(metrics.segmentsRetransmitted), \(drops)")
    #expect(simulation.bytesRead(at: 1) == 4 << 20)
  }

  @Test(
    "A segment at a time, and a quarter of the acknowledgments lost: the timeout stays near it",
    arguments: [false, true]
  )
  func lostAcknowledgments(selective: Bool) {
    var simulation = Simulation(seed: 1)
    var (there, back) = (Impairments(), Impairments())
    there.delay = .milliseconds(20)
    back.delay = .milliseconds(20)
    back.loss = .independent(0.25)
    var sender = EndpointConfiguration()
    sender.opensAt = .zero
    sender.application = .sending(100_000)
    // Less than a segment may be outstanding.
    sender.connection.sendBuffer = 1_000
    sender.connection.selectiveAcknowledgment = selective
    sender.connection.tailLossProbe = false
    sender.link = simulation.addLink(there)
    var receiver = EndpointConfiguration()
    receiver.link = simulation.addLink(back)
    simulation.addConnection(sender, receiver)
    let violation = simulation.run(until: time(120_000))
    #expect(violation == nil)
    #expect(simulation.bytesRead(at: 1) == 100_000)
    #expect(simulation.metrics(at: 0).smoothedRoundTripTime < .milliseconds(200))
  }

  @Test("After an outage of five seconds the flow is back at once", arguments: CongestionControlAlgorithm.builtIn)
  func outage(algorithm: CongestionControlAlgorithm) {
    var forward = bottleneck(rate: 20, roundTrip: 40, queue: 100_000)
    forward.outages = [time(4_000)..<time(9_000)]
    var simulation = flow(algorithm, over: forward)
    simulation.run(until: time(9_000))
    let before = simulation.bytesRead(at: 1)
    var now = time(9_000)
    while simulation.bytesRead(at: 1) == before, now < time(16_000) {
      now += .milliseconds(10)
      simulation.run(until: now)
    }
    // What doubling timeouts leave: no later than the outage lasted.
    #expect(now < time(14_100))
    simulation.run(until: now + .seconds(2))
    #expect(Double(simulation.bytesRead(at: 1) - before) >= 0.5 * 2 * 20e6 / 8)
  }
}
