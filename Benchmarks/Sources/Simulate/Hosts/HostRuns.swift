import ArgumentParser
import SockeyeSimulator

/// Draws two hosts, a network and their programs from each of many seeds, and runs them over the C interface.
struct HostRuns: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hosts",
    abstract: "Run pairs of hosts over the C interface, each drawn from a seed, and compare every byte.",
    discussion: """
      Connections in both directions, over IPv4 and IPv6, that end in every way; datagrams beside them; every key of the \
      configuration. A run fails when a byte is wrong, when a connection that nobody broke ends early or stands still, or \
      when anything is left once all programs have closed their sockets. The same seed gives the same run: replay it \
      with --seed.
      """
  )

  @OptionGroup
  var seeds: SeedOptions

  func run() async throws {
    try await seeds.run(replay: replay, all: runAll)
  }

  private func replay(_ seed: UInt64) throws {
    let scenario = HostScenario(seed: seed)
    dump(scenario, name: "seed \(seed)")
    let run = HostRun(scenario, captures: true)
    print(run.summary)
    try seeds.write(capture: run.capture, of: seed)
    if run.failure != nil { throw ExitCode.failure }
  }

  private func runAll() async throws {
    let (total, seconds): (Totals, Double) = await seeds.runAll { seed, slot in
      CrashReport.note(seed: seed, slot: slot)
      let run = HostRun(HostScenario(seed: seed))
      if run.failure != nil { print(run.summary) }
      return run
    }
    print(
      """
      \(total.runs) runs, \(total.conversations) connections, \(total.packets) packets, \(total.bytes) bytes, \
      \(total.echoes) datagrams back, \(total.virtualSeconds / 3_600) hours of virtual time: \
      \(total.failedSeeds.count) failures in \(fixed(seconds, 1)) s
      """
    )
    for seed in total.failedSeeds.sorted() {
      try seeds.write(capture: HostRun(HostScenario(seed: seed), captures: true).capture, of: seed)
    }
    if !total.failedSeeds.isEmpty { throw ExitCode.failure }
  }
}

/// What runs amount to.
private struct Totals: SeedTotals {
  var runs = 0
  var conversations = 0
  var packets: UInt64 = 0
  var bytes: UInt64 = 0
  var echoes = 0
  var virtualSeconds: UInt64 = 0
  var failedSeeds: [UInt64] = []

  mutating func add(run: HostRun) {
    runs += 1
    conversations += run.scenario.conversations.count
    packets += run.packets
    bytes += run.bytes
    echoes += run.echoes
    virtualSeconds += run.end / 1_000_000
    if run.failure != nil { failedSeeds.append(run.scenario.seed) }
  }

  mutating func add(_ other: Totals) {
    runs += other.runs
    conversations += other.conversations
    packets += other.packets
    bytes += other.bytes
    echoes += other.echoes
    virtualSeconds += other.virtualSeconds
    failedSeeds += other.failedSeeds
  }
}
