import Testing

@testable import SockeyeTCP

/// What comes of it all on one bottleneck.
@Suite("Congestion control on one bottleneck")
struct CongestionPathTests {
  /// Bytes a second that a flow delivered, from its SYN on.
  private func goodput(_ flow: PathModel.Flow, until end: Instant) -> Double {
    let time = ((flow.finishedAt ?? end) - flow.start).positiveNanoseconds
    return Double(flow.deliveredBytes) * 1e9 / Double(max(time, 1))
  }

  @Test("200 Mb/s, 100 ms and a queue of 64 KiB: 2 MiB arrive at 1.4 MB/s at least, without a timeout")
  func shallowQueue() {
    let path = PathModel(.init())
    path.addFlow(bytes: 2 << 20)
    path.run(until: .zero + .seconds(20))
    let flow = path.flows[0]
    #expect(flow.finishedAt != nil)
    #expect(goodput(flow, until: path.now) >= 1_400_000, "\(goodput(flow, until: path.now)) \(path.drops)")
    #expect(flow.recovery.metrics.timeouts == 0)
  }

  @Test("CUBIC fills a path that loses nothing to 0.95 at least", arguments: [1, 44])
  func cubicWithoutLoss(maximumSegments: Int) {
    var settings = PathModel.Settings()
    settings.queue = 5_000_000
    settings.maximumSegments = maximumSegments
    let path = PathModel(settings)
    path.addFlow(bytes: 1 << 40)
    path.run(until: .zero + .seconds(20))
    let flow = path.flows[0]
    #expect(goodput(flow, until: path.now) >= 0.92 * 25_000_000, "\(goodput(flow, until: path.now)) \(path.drops)")
    #expect(flow.recovery.metrics.timeouts == 0)
  }

  @Test(
    "Random losses are repaired without a timeout",
    arguments: [CongestionControlAlgorithm.newReno, .cubic],
    [100, 1_000, 10_000, 50_000] as [UInt64]
  )
  func randomLoss(algorithm: CongestionControlAlgorithm, lossPerMillion: UInt64) {
    var settings = PathModel.Settings()
    settings.rate = 125_000_000
    settings.delay = .milliseconds(10)
    settings.queue = 2_500_000
    settings.lossPerMillion = lossPerMillion
    let path = PathModel(settings)
    path.addFlow(bytes: 3 << 20) { $0.congestionControl = algorithm }
    path.run(until: .zero + .seconds(120))
    let flow = path.flows[0]
    #expect(flow.finishedAt != nil)
  }

  @Test("Reordering does not keep the window small", arguments: [10_000, 100_000] as [UInt64])
  func reordering(perMillion: UInt64) {
    var settings = PathModel.Settings()
    settings.queue = 5_000_000
    settings.reorderedPerMillion = perMillion
    let path = PathModel(settings)
    path.addFlow(bytes: 20 << 20)
    path.run(until: .zero + .seconds(60))
    let flow = path.flows[0]
    #expect(flow.finishedAt != nil)
    #expect(flow.recovery.metrics.timeouts == 0)
  }

  @Test("After an outage of five seconds the flow goes on")
  func outage() {
    var settings = PathModel.Settings()
    settings.queue = 1_000_000
    let path = PathModel(settings)
    path.addFlow(bytes: 1 << 40)
    path.interrupt(.zero + .seconds(5)..<(.zero + .seconds(10)))
    path.run(until: .zero + .seconds(10))
    let before = path.flows[0].deliveredBytes
    path.run(until: .zero + .seconds(20))
    let after = path.flows[0].deliveredBytes - before
    #expect(after > 10_000_000)
  }

  @Test("64 flows share a bottleneck")
  func manyFlows() {
    let path = PathModel(.init())
    for index in 0..<64 { path.addFlow(bytes: 1 << 40, startingAt: .zero + .milliseconds(Int64(index) * 7)) }
    path.run(until: .zero + .seconds(10))
    let shares = path.flows.map { goodput($0, until: path.now) }
    let sum = shares.reduce(0, +)
    let squares = shares.map { $0 * $0 }.reduce(0, +)
    #expect(sum > 0.85 * 25_000_000)
    #expect(sum * sum / squares / 64 > 0.7)
  }
}
