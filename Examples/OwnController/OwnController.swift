import SockeyeSimulator
import SockeyeTCP

/// A congestion controller of one's own beside CUBIC, over a path that loses one packet in a thousand for reasons of its
/// own. Half a minute of their time, and none of ours.
@main
struct OwnController {
  static func main() {
    let steady = SuppliedCongestionController("steady") { _ in SteadyWindow(segments: 120) }
    let increase = SuppliedCongestionController("additive") { _ in AdditiveIncrease() }
    for (name, control) in [
      ("CUBIC", CongestionControlAlgorithm.cubic), ("additive", .supplied(increase)), ("steady", .supplied(steady)),
    ] {
      print("\(name): \(megabits(control)) Mbit/s of 50")
    }
  }

  /// What a sender gets through a bottleneck of 50 Mbit/s and a round trip of 40 milliseconds.
  private static func megabits(_ control: CongestionControlAlgorithm) -> UInt64 {
    var simulation = Simulation(seed: 1)
    var path = Impairments()
    path.bitsPerSecond = 50_000_000
    path.queueBytes = 250_000
    path.delay = .milliseconds(20)
    let back = path
    path.loss = .independent(0.001)
    simulation.addLink(path)
    simulation.addLink(back)

    var sender = EndpointConfiguration()
    sender.opensAt = .zero
    sender.application = .sending(.max / 4)
    sender.connection.congestionControl = control
    var receiver = EndpointConfiguration()
    receiver.link = 1
    simulation.addConnection(sender, receiver)
    if let violation = simulation.run(until: .zero + .seconds(30)) { fatalError("\(violation.rule)") }
    return simulation.bytesRead(at: 1) * 8 / 30 / 1_000_000
  }
}

/// Two segments more in each round trip, a tenth less for each congestion: the engine finds the losses, repairs them and
/// leads the window to the threshold.
struct AdditiveIncrease: CongestionController {
  /// Bytes acknowledged that have not made the window larger yet, times two.
  private var credit: UInt64 = 0

  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    guard sample.isWindowLimited else { return }
    guard !window.isInSlowStart else {
      _ = window.slowStart(sample.newlyDelivered)
      return
    }
    credit += 2 * sample.newlyDelivered
    guard credit >= window.bytes else { return }
    credit -= window.bytes
    window.set(window.bytes + window.segmentSize)
  }

  mutating func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {
    window.slowStartThreshold = max(window.bytes * 9 / 10, window.least)
  }
}

/// As much in flight all the time: for a path that one has to oneself and knows.
struct SteadyWindow: CongestionController {
  let segments: UInt64
  var ownsWindow: Bool { true }

  mutating func acknowledged(_ sample: CongestionSample, window: inout CongestionWindow) {
    window.set(segments * window.segmentSize)
  }

  mutating func congested(_ signal: CongestionSignal, flight: UInt64, window: inout CongestionWindow, at now: Instant) {
  }
}
