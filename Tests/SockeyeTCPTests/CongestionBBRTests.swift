import Testing

@testable import SockeyeTCP

@Suite("BBR (draft-ietf-ccwg-bbr)")
struct CongestionBBRTests {
  private func run(
    _ settings: PathModel.Settings,
    seconds: Int64,
    bytes: UInt64 = 1 << 40
  ) -> (path: PathModel, rate: Double, metrics: LossRecoveryMetrics) {
    let path = PathModel(settings)
    path.addFlow(bytes: bytes) { $0.congestionControl = .bbr }
    path.run(until: .zero + .seconds(seconds))
    let flow = path.flows[0]
    let time = Double(((flow.finishedAt ?? path.now) - flow.start).nanoseconds) / 1e9
    return (path, Double(flow.deliveredBytes) / time, flow.recovery.metrics)
  }

  @Test("A path of 80 Mb/s and 40 ms is filled, with a short queue")
  func fillsThePath() {
    var settings = PathModel.Settings()
    settings.rate = 10_000_000
    settings.delay = .milliseconds(20)
    settings.queue = 2_000_000
    let (path, rate, metrics) = run(settings, seconds: 10)
    #expect(rate > 0.9 * 10_000_000)
    #expect(metrics.timeouts == 0)
    // Two bandwidth-delay products of 400 KB in startup, less after it.
    #expect(path.greatestQueue < 600_000)
  }

  @Test("A loss of 1 % hardly matters; one of 10 % is answered")
  func randomLoss() {
    var settings = PathModel.Settings()
    settings.rate = 10_000_000
    settings.delay = .milliseconds(20)
    settings.queue = 500_000
    settings.lossPerMillion = 10_000
    let (_, rate, _) = run(settings, seconds: 10)
    #expect(rate > 0.75 * 10_000_000)
    settings.lossPerMillion = 100_000
    let (_, rate10, _) = run(settings, seconds: 10)
    #expect(rate10 < rate)
  }

  @Test("A shallow queue is not flooded")
  func shallowQueue() {
    let (_, rate, metrics) = run(PathModel.Settings(), seconds: 8)
    #expect(rate > 0.7 * 25_000_000)
    #expect(Double(metrics.bytesRetransmitted) < 0.05 * Double(metrics.bytesSent))
  }

  @Test("Two flows share a bottleneck")
  func fairness() {
    var settings = PathModel.Settings()
    settings.rate = 10_000_000
    settings.delay = .milliseconds(20)
    settings.queue = 400_000
    let path = PathModel(settings)
    path.addFlow(bytes: 1 << 40) { $0.congestionControl = .bbr }
    path.addFlow(bytes: 1 << 40, startingAt: .zero + .seconds(2)) { $0.congestionControl = .bbr }
    path.run(until: .zero + .seconds(10))
    let before = path.flows.map(\.deliveredBytes)
    path.run(until: .zero + .seconds(30))
    let shares = zip(path.flows, before).map { Double($0.deliveredBytes - $1) }
    #expect((shares.min() ?? 0) > 0.25 * (shares.max() ?? 1), "\(shares)")
  }
}
