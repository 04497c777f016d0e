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

  @Test("Losses without a queue are the path's own: where it loses 5 % it is filled all the same")
  func lossyPath() {
    var settings = PathModel.Settings()
    settings.rate = 4_000_000
    settings.delay = .milliseconds(20)
    settings.queue = 160_000
    settings.lossPerMillion = 50_000
    let (_, rate, metrics) = run(settings, seconds: 10)
    #expect(rate > 0.65 * 4_000_000, "\(rate)")
    #expect(Double(metrics.bytesRetransmitted) < 0.08 * Double(metrics.bytesSent))
  }

  @Test("Section 5.5.10.2: what is too much depends on the queue, and on what gets lost without one")
  func lossThresholds() {
    let window = CongestionWindow(segmentSize: 1_000, initialSegments: 10)
    var bbr = BBR(window: window, roundTripTime: .milliseconds(40), isSelective: true, seed: 1, now: .zero)
    func isTooHigh(_ perMille: UInt64) -> Bool {
      bbr.isInFlightTooHigh(lost: perMille * 1_000, inFlight: 1_000_000, window)
    }
    // Nothing is known of a queue: 2 %, as the draft has it.
    #expect(bbr.hasQueue)
    #expect(!isTooHigh(20))
    #expect(isTooHigh(21))
    bbr.recentRoundTrip = .microseconds(40_700)
    #expect(!bbr.hasQueue)
    #expect(!isTooHigh(125))
    #expect(isTooHigh(126))
    // Of few segments an eighth is too little to tell.
    #expect(!bbr.isInFlightTooHigh(lost: 6_000, inFlight: 20_000, window))
    #expect(bbr.isInFlightTooHigh(lost: 7_000, inFlight: 20_000, window))
    bbr.recentRoundTrip = .microseconds(40_900)
    #expect(bbr.hasQueue)
    bbr.randomLossShare = 65_536 / 20
    #expect(!isTooHigh(69))
    #expect(isTooHigh(70))
    let plain = BBR(window: window, roundTripTime: .milliseconds(40), isSelective: false, seed: 1, now: .zero)
    #expect(plain.isInFlightTooHigh(lost: 1, inFlight: 1_000_000, window))
  }

  @Test("A loss in a queue is congestion where no more gets lost without one; another isn't", arguments: [false, true])
  func noteLosses(hasQueue: Bool) {
    let window = CongestionWindow(segmentSize: 1_000, initialSegments: 10)
    var bbr = BBR(window: window, roundTripTime: .milliseconds(40), isSelective: true, seed: 1, now: .zero)
    bbr.recentRoundTrip = .milliseconds(hasQueue ? 50 : 40)
    let record = SentRecord(
      start: 0,
      sentAt: .zero,
      deliveredAtSend: 0,
      deliveryTimeAtSend: .zero,
      flightStart: .zero,
      lostAtSend: 0,
      length: 1_000,
      inFlightAtSend: 100_000,
      flags: []
    )
    let loss = LostTransmission(record, lost: 1_000, delivered: 0)
    bbr.handleLost(loss, window: window, at: .zero)
    #expect(bbr.lossesInRound == (hasQueue ? .congestive : .random))
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
