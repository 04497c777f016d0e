import SockeyeSimulator
import SockeyeTCP

/// Flows that share a bottleneck, and what became of them.
struct Scenario {
  /// The direction of the data, and that of the acknowledgments, which has the same rate and delay and room enough.
  var forward = Impairments()
  var back = Impairments()
  private var flows: [Flow] = []

  private struct Flow {
    let algorithm: CongestionControlAlgorithm
    let bytes: UInt64
    let start: Instant
  }

  /// What every table of flows that run for a while has, beside what tells the rows apart.
  static let columns = ["controller", "Mb/s", "share", "drops", "timeouts", "retransmitted"]

  /// A bottleneck: its rate in Mb/s, its round trip in ms, and the length of its drop-tail queue in bytes.
  init(rate: UInt64, roundTrip: Int64, queue: Int) {
    forward.bitsPerSecond = rate * 1_000_000
    forward.delay = .microseconds(roundTrip * 500)
    forward.queueBytes = queue
    back.bitsPerSecond = forward.bitsPerSecond
    back.delay = forward.delay
  }

  static func instant(_ seconds: Int64) -> Instant { .zero + .seconds(seconds) }

  /// Adds a flow. Flows start a little apart, as real ones do.
  mutating func addFlow(_ algorithm: CongestionControlAlgorithm, bytes: UInt64 = .max / 4) {
    let start = Instant.zero + .milliseconds(Int64(flows.count) * 13)
    flows.append(Flow(algorithm: algorithm, bytes: bytes, start: start))
  }

  /// Runs for so many seconds of virtual time.
  ///
  /// - Parameter resumptionAfter: when an outage ends, if it is to be measured how long data then takes to come.
  func run(until seconds: Int64, resumptionAfter: Int64? = nil) -> ScenarioResult {
    var simulation = makeSimulation()
    let end = Self.instant(seconds)
    var result = ScenarioResult(bottleneck: Double(forward.bitsPerSecond ?? 0) / 8)
    var queueSum = 0.0
    var samples = 0.0
    var beforeOutage: UInt64?
    var time = Instant.zero
    while time < end {
      time += .milliseconds(10)
      if let violation = simulation.run(until: time) {
        print("broken: \(violation.rule) at endpoint \(violation.endpoint), \(violation.time)")
        break
      }
      queueSum += Double(simulation.queuedBytes(onLink: 0))
      samples += 1
      if let outageEnd = resumptionAfter.map(Self.instant), time >= outageEnd {
        let read = simulation.bytesRead(at: 1)
        let before = beforeOutage ?? read
        beforeOutage = before
        if read > before, result.resumedAfter == 0 { result.noteResumption(time - outageEnd, read: read) }
        if result.resumedAfter > 0, time <= outageEnd + .milliseconds(Int64(result.resumedAfter) + 1_000) {
          result.afterResumption = Double(read - before)
        }
      }
      if simulation.nextEventTime == nil { break }
    }
    result.finish(simulation, flowCount: flows.count, meanQueue: queueSum / max(samples, 1), seconds: Double(seconds))
    return result
  }

  private func makeSimulation() -> Simulation {
    var simulation = Simulation(seed: 1)
    simulation.checksGauges = false
    simulation.addLink(forward)
    simulation.addLink(back)
    for flow in flows {
      var sender = EndpointConfiguration()
      sender.opensAt = flow.start
      sender.application = .sending(flow.bytes)
      sender.connection.congestionControl = flow.algorithm
      sender.connection.sendBuffer = 64 << 20
      var receiver = EndpointConfiguration()
      receiver.link = 1
      receiver.connection.maximumReceiveBuffer = 64 << 20
      receiver.connection.receiveBuffer = 1 << 20
      simulation.addConnection(sender, receiver)
    }
    return simulation
  }
}

/// What became of the flows of a scenario.
struct ScenarioResult {
  /// One flow.
  struct Flow {
    /// Bytes a second that the receiver read, over the whole run.
    let goodput: Double
    /// Bytes a second from the sender's open to the receiver's having everything; zero if it never had.
    let transferRate: Double
    let timeouts: UInt64
    let recoveries: UInt64
    let undone: UInt64
    /// Bytes sent again, of bytes sent.
    let retransmitted: Double
  }

  /// Bytes a second that the bottleneck carries, headers included.
  let bottleneck: Double
  private(set) var flows: [Flow] = []
  private(set) var drops: UInt64 = 0
  /// Milliseconds that a byte waits in the queue, on average over time and at most.
  private(set) var meanQueueDelay = 0.0
  private(set) var peakQueueDelay = 0.0
  /// Milliseconds from an outage's end to the first byte, and the bytes of the second after that.
  private(set) var resumedAfter = 0.0
  var afterResumption = 0.0

  init(bottleneck: Double) {
    self.bottleneck = bottleneck
  }

  /// Bytes a second of all flows together.
  private var goodput: Double { flows.reduce(0) { $0 + $1.goodput } }

  /// What the flows together have of what the bottleneck can carry of data.
  var share: Double { goodput / (bottleneck * 1_448 / 1_500) }

  /// Jain's index: one if all have the same, one part in the number of flows if one has all.
  var fairness: Double {
    let squares = flows.reduce(0) { $0 + $1.goodput * $1.goodput }
    return goodput * goodput / (Double(flows.count) * squares)
  }

  /// The cells of `Scenario.columns`, but for the name.
  var cells: [String] {
    let timeouts = flows.reduce(0) { $0 + $1.timeouts }
    let retransmitted = flows.reduce(0) { $0 + $1.retransmitted } / Double(flows.count)
    return [fixed(goodput * 8 / 1e6, 1), fixed(share, 3), "\(drops)", "\(timeouts)", percent(retransmitted)]
  }

  mutating func noteResumption(_ delay: Interval, read: UInt64) {
    resumedAfter = Double(delay.nanoseconds) / 1e6
  }

  mutating func finish(_ simulation: borrowing Simulation, flowCount: Int, meanQueue: Double, seconds: Double) {
    let counters = simulation.counters(ofLink: 0)
    drops = counters.drops
    meanQueueDelay = meanQueue / bottleneck * 1e3
    peakQueueDelay = Double(counters.peakQueueBytes) / bottleneck * 1e3
    for flow in 0..<flowCount {
      let metrics = simulation.metrics(at: flow * 2)
      let read = Double(simulation.bytesRead(at: flow * 2 + 1))
      let duration = simulation.peerClosedAt(flow * 2 + 1).map { Double($0.nanoseconds) / 1e9 }
      flows.append(
        Flow(
          goodput: read / seconds,
          transferRate: duration.map { read / $0 } ?? 0,
          timeouts: metrics.timeouts,
          recoveries: metrics.recoveries,
          undone: metrics.spuriousRecoveries,
          retransmitted: Double(metrics.bytesRetransmitted) / max(Double(metrics.bytesSent), 1)
        )
      )
    }
  }
}
