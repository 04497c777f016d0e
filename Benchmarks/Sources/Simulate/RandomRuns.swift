import ArgumentParser
import SockeyeSimulator
import SockeyeTCP

/// Draws a network, two configurations and two programs from each of many seeds, runs them, and checks every event.
struct RandomRuns: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "random",
    abstract: "Run many connections, each drawn from a seed, and check every event.",
    discussion: """
      A run that breaks a rule prints its seed and writes a capture that Wireshark's tools open. The same seed gives \
      the same run, on any machine: replay it with --seed.
      """
  )

  @OptionGroup
  var seeds: SeedOptions

  func run() async throws {
    try await seeds.run(replay: replay, all: runAll)
  }

  private func replay(_ seed: UInt64) throws {
    let scenario = RandomScenario(seed: seed)
    dump(scenario, name: "seed \(seed)", maxDepth: 5)
    let run = Run(scenario: scenario, slot: 0, capture: true)
    print(run.summary)
    try seeds.write(capture: run.capture, of: seed)
    if run.violation != nil { throw ExitCode.failure }
  }

  private func runAll() async throws {
    let (total, seconds): (Totals, Double) = await seeds.runAll { seed, slot in
      let run = Run(scenario: RandomScenario(seed: seed), slot: slot, capture: false)
      if run.violation != nil { print(run.summary) }
      return run
    }
    print(
      """
      \(total.runs) runs, \(total.segments) segments delivered, \(total.checksumDrops) dropped by checksum, \
      \(total.bytes) bytes read, \(total.virtualSeconds / 3_600) hours of virtual time: \
      \(total.failedSeeds.count) failures in \(fixed(seconds, 1)) s
      """
    )
    for seed in total.failedSeeds.sorted() {
      let run = Run(scenario: RandomScenario(seed: seed), slot: 0, capture: true)
      try seeds.write(capture: run.capture, of: seed)
    }
    if !total.failedSeeds.isEmpty { throw ExitCode.failure }
  }
}

/// What runs amount to.
private struct Totals: SeedTotals {
  var runs = 0
  var segments: UInt64 = 0
  var checksumDrops: UInt64 = 0
  var bytes: UInt64 = 0
  var virtualSeconds: Int64 = 0
  var failedSeeds: [UInt64] = []

  mutating func add(run: Run) {
    runs += 1
    segments += run.segments
    checksumDrops += run.checksumDrops
    bytes += run.bytes.0 + run.bytes.1
    virtualSeconds += run.end.nanoseconds / 1_000_000_000
    if run.violation != nil { failedSeeds.append(run.seed) }
  }

  mutating func add(_ other: Totals) {
    runs += other.runs
    segments += other.segments
    checksumDrops += other.checksumDrops
    bytes += other.bytes
    virtualSeconds += other.virtualSeconds
    failedSeeds += other.failedSeeds
  }
}

/// One run and what came of it.
private struct Run {
  let seed: UInt64
  let violation: Violation?
  let end: Instant
  let segments: UInt64
  let checksumDrops: UInt64
  let bytes: (UInt64, UInt64)
  let outcomes: (ConnectionOutcome, ConnectionOutcome)
  let capture: [UInt8]?

  init(scenario: RandomScenario, slot: Int, capture: Bool) {
    CrashReport.note(seed: scenario.seed, slot: slot)
    var simulation = scenario.makeSimulation()
    if capture { simulation.capture = PacketCapture(comment: "seed \(scenario.seed)") }
    seed = scenario.seed
    violation = simulation.run()
    end = simulation.now
    segments = simulation.segmentCount
    checksumDrops = simulation.checksumDrops
    bytes = (simulation.bytesRead(at: 0), simulation.bytesRead(at: 1))
    outcomes = (simulation.outcome(at: 0), simulation.outcome(at: 1))
    self.capture = simulation.capture?.bytes
  }

  var summary: String {
    let time = fixed(Double(end.nanoseconds) / 1e9, 6)
    if let violation {
      return """
        seed \(seed): \(violation.rule) at endpoint \(violation.endpoint) after \(time) s (\(violation.detail)); \
        replay with: simulate random --seed \(seed)
        """
    }
    return "seed \(seed): \(outcomes.0) and \(outcomes.1) after \(time) s, \(bytes.0) and \(bytes.1) bytes read"
  }
}
