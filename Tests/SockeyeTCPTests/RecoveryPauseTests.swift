import Testing

@testable import SockeyeTCP

@Suite("Loss recovery at rest")
struct RecoveryPauseTests {
  private func recovery(_ algorithm: CongestionControlAlgorithm) -> LossRecoveryStorage {
    LossRecoveryStorage(
      configuration: ConnectionConfiguration().with { $0.congestionControl = algorithm },
      segmentSize: 1_000,
      seed: 1
    )
  }

  /// What can be compared: expectations don't take what can't be copied.
  private struct Facts {
    let storageSize: Int
    let needsRoom: Bool
    let unacknowledged: StreamOffset
    let next: StreamOffset
    let nextDeadline: Instant
    let stalledSince: Instant
    let metrics: LossRecoveryMetrics

    init(_ recovery: borrowing LossRecoveryStorage) {
      storageSize = recovery.storageSize
      needsRoom = recovery.needsRoom
      unacknowledged = recovery.unacknowledged
      next = recovery.next
      nextDeadline = recovery.nextDeadline
      stalledSince = recovery.stalledSince
      metrics = recovery.metrics
    }
  }

  /// Sends whatever it may and has it acknowledged 50 ms later, until `end` is; the first byte is the SYN.
  private func transfer(
    _ recovery: inout LossRecoveryStorage,
    upTo end: StreamOffset,
    now: inout Instant,
    algorithm: CongestionControlAlgorithm = .cubic
  ) {
    while recovery.unacknowledged < end {
      if recovery.needsRoom { recovery.makeRoom(at: now) }
      let limits = TransmissionLimits(windowEnd: .max, dataEnd: end)
      loop: while true {
        switch recovery.nextTransmission(at: now, limits: limits) {
        case .new(let range), .retransmission(let range), .probe(let range): recovery.sent(range, at: now)
        case .wait(let time): now = max(now, time)
        case .nothing: break loop
        }
      }
      now += .milliseconds(50)
      _ = recovery.acknowledged(Acknowledgment(cumulative: recovery.next), at: now)
      guard end == 1 else { continue }
      recovery.established(selective: true, timestamps: false, segmentSize: 1_000, algorithm: algorithm, now: now)
    }
  }

  @Test(
    "What is known of the path and what was counted outlast a pause",
    arguments: CongestionControlAlgorithm.builtIn
  )
  func outlasts(algorithm: CongestionControlAlgorithm) {
    var recovery = recovery(algorithm)
    var now = Instant.zero
    transfer(&recovery, upTo: 1, now: &now, algorithm: algorithm)
    transfer(&recovery, upTo: 2_000_001, now: &now)
    let busy = recovery.metrics
    recovery.rest()
    let rest = Facts(recovery)
    #expect(rest.storageSize == 0)
    #expect(rest.needsRoom)
    #expect(rest.unacknowledged == 2_000_001)
    #expect(rest.next == 2_000_001)
    #expect(rest.nextDeadline == .never)
    let metrics = rest.metrics
    #expect(metrics.congestionWindow == busy.congestionWindow)
    #expect(metrics.congestionWindow > 20_000)
    #expect(metrics.smoothedRoundTripTime == busy.smoothedRoundTripTime)
    #expect(metrics.minimumRoundTripTime == .milliseconds(50))
    #expect(metrics.bytesDelivered == 2_000_001)
    #expect(metrics.bytesSent == busy.bytesSent)
    #expect(metrics.deliveryRate == busy.deliveryRate)

    recovery.makeRoom(at: now)
    let again = recovery.metrics
    #expect(again.congestionWindow == busy.congestionWindow)
    #expect(again.smoothedRoundTripTime == busy.smoothedRoundTripTime)
    // BBR's bandwidth is remembered: what it paces at is within its gains of what it paced at before.
    #expect(algorithm != .bbr || again.pacingRate > busy.pacingRate / 4)
    transfer(&recovery, upTo: 4_000_001, now: &now)
    let end = recovery.metrics
    #expect(end.bytesSent == 2 * busy.bytesSent - 1)
    #expect(end.timeouts == 0)
  }

  @Test("With something in flight there is no rest")
  func busy() {
    var recovery = recovery(.cubic)
    recovery.makeRoom(at: .zero)
    recovery.sent(0..<1, at: .zero)
    recovery.rest()
    let facts = Facts(recovery)
    #expect(facts.storageSize > 0)
    #expect(facts.nextDeadline == .zero + .seconds(1))
  }

  @Test("At rest nothing is sent, due or acknowledged")
  func silent() {
    var recovery = recovery(.cubic)
    recovery.sent(0..<1, at: .zero)
    let next = recovery.nextTransmission(at: .zero, limits: TransmissionLimits(windowEnd: 1, dataEnd: 1))
    #expect(next == .nothing)
    let outcome = recovery.acknowledged(Acknowledgment(cumulative: 1), at: .zero)
    #expect(outcome.newlyAcknowledged == 0)
    recovery.segmentSizeChanged(to: 500, now: .zero)
    let facts = Facts(recovery)
    #expect(facts.next == 0)
    #expect(facts.stalledSince == .never)
    #expect(facts.metrics.congestionWindow == 10_000)
    #expect(facts.storageSize == 0)
  }

  @Test("Intervals of a configuration are kept in whole milliseconds")
  func milliseconds() {
    var configuration = ConnectionConfiguration()
    #expect(configuration.userTimeout == nil)
    configuration.userTimeout = .zero
    #expect(configuration.userTimeout == .milliseconds(1))
    configuration.userTimeout = .microseconds(1_001)
    #expect(configuration.userTimeout == .milliseconds(2))
    configuration.userTimeout = nil
    #expect(configuration.userTimeout == nil)
    configuration.delayedAcknowledgment = .zero
    #expect(configuration.delayedAcknowledgment == .zero)
    configuration.delayedAcknowledgment = .milliseconds(-1)
    #expect(configuration.delayedAcknowledgment == .zero)
    configuration.maximumSegmentLifetime = .longest
    #expect(configuration.maximumSegmentLifetime == .milliseconds(4_294_967_295))
  }
}
