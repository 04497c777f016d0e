import ArgumentParser
@preconcurrency import Foundation
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

  @Option(help: "How many runs.")
  var count: UInt64 = 20_000

  @Option(help: "The first seed; those that follow it come next.")
  var first: UInt64 = 1

  @Option(help: "Run this seed alone, tell what was drawn, and write a capture.")
  var seed: UInt64?

  @Option(help: "How many runs at a time.")
  var jobs = ProcessInfo.processInfo.activeProcessorCount

  @Option(help: "Where captures of failed runs are written.")
  var captures = "."

  @Option(help: "Give up after this many failures.")
  var failures = 10

  func run() async throws {
    let jobs = max(1, jobs)
    setlinebuf(stdout)
    CrashReport.install(slots: jobs)
    if let seed {
      try replay(seed)
    } else {
      try await runAll(jobs: jobs)
    }
  }

  private func replay(_ seed: UInt64) throws {
    let scenario = RandomScenario(seed: seed)
    dump(scenario, name: "seed \(seed)", maxDepth: 5)
    let run = Run(scenario: scenario, slot: 0, capture: true)
    print(run.summary)
    try run.writeCapture(to: captures)
    if run.violation != nil { throw ExitCode.failure }
  }

  private func runAll(jobs: Int) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    var total = Totals()
    await withTaskGroup(of: Totals.self) { group in
      for job in 0..<jobs {
        group.addTask { runShare(job, of: jobs) }
      }
      for await share in group { total.add(share) }
    }
    let seconds = (clock.now - start) / .seconds(1)
    print(
      """
      \(total.runs) runs, \(total.segments) segments delivered, \(total.checksumDrops) dropped by checksum, \
      \(total.bytes) bytes read, \(total.virtualSeconds / 3_600) hours of virtual time: \
      \(total.failedSeeds.count) failures in \(String(format: "%.1f", seconds)) s
      """
    )
    for seed in total.failedSeeds.sorted() {
      try Run(scenario: RandomScenario(seed: seed), slot: 0, capture: true).writeCapture(to: captures)
    }
    if !total.failedSeeds.isEmpty { throw ExitCode.failure }
  }

  private func runShare(_ job: Int, of jobs: Int) -> Totals {
    var totals = Totals()
    var seed = first + UInt64(job)
    while seed < first + count, totals.failedSeeds.count < failures {
      let run = Run(scenario: RandomScenario(seed: seed), slot: job, capture: false)
      totals.add(run)
      if run.violation != nil { print(run.summary) }
      seed += UInt64(jobs)
    }
    return totals
  }
}

/// What runs amount to.
private struct Totals: Sendable {
  var runs = 0
  var segments: UInt64 = 0
  var checksumDrops: UInt64 = 0
  var bytes: UInt64 = 0
  var virtualSeconds: Int64 = 0
  var failedSeeds: [UInt64] = []

  mutating func add(_ run: Run) {
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
    let time = String(format: "%.6f", Double(end.nanoseconds) / 1e9)
    if let violation {
      return """
        seed \(seed): \(violation.rule) at endpoint \(violation.endpoint) after \(time) s (\(violation.detail)); \
        replay with: simulate random --seed \(seed)
        """
    }
    return "seed \(seed): \(outcomes.0) and \(outcomes.1) after \(time) s, \(bytes.0) and \(bytes.1) bytes read"
  }

  func writeCapture(to directory: String) throws {
    guard let capture else { return }
    let file = URL(fileURLWithPath: directory).appendingPathComponent("seed-\(seed).pcapng")
    try Data(capture).write(to: file)
    print("wrote \(file.path)")
  }
}
