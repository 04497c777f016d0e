import ArgumentParser
@preconcurrency import Foundation

/// Which seeds are run, and how.
struct SeedOptions: ParsableArguments {
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

  /// Replays the one seed that was asked for, or runs all. Prints when lines end, and tells the seed if the engine traps.
  func run(replay: (UInt64) throws -> Void, all: () async throws -> Void) async throws {
    setlinebuf(stdout)
    CrashReport.install(slots: max(1, jobs))
    if let seed {
      try replay(seed)
    } else {
      try await all()
    }
  }

  /// Runs all seeds, several at a time, and answers what they amount to and the seconds that it took.
  ///
  /// - Parameter run: runs a seed in one of `jobs` slots.
  func runAll<Totals: SeedTotals>(_ run: @Sendable @escaping (UInt64, Int) -> Totals.Run) async -> (Totals, Double) {
    let jobs = max(1, jobs)
    let clock = ContinuousClock()
    let start = clock.now
    var total = Totals()
    await withTaskGroup(of: Totals.self) { group in
      for job in 0..<jobs {
        group.addTask {
          var share = Totals()
          var seed = first + UInt64(job)
          while seed < first + count, share.failedSeeds.count < failures {
            share.add(run: run(seed, job))
            seed += UInt64(jobs)
          }
          return share
        }
      }
      for await share in group { total.add(share) }
    }
    return (total, (clock.now - start) / .seconds(1))
  }

  /// Writes the capture of a seed.
  func write(capture: [UInt8]?, of seed: UInt64) throws {
    guard let capture else { return }
    let file = URL(fileURLWithPath: captures).appendingPathComponent("seed-\(seed).pcapng")
    try Data(capture).write(to: file)
    print("wrote \(file.path)")
  }
}

/// What many runs amount to.
protocol SeedTotals: Sendable {
  /// One run and what came of it.
  associatedtype Run
  init()
  /// Seeds whose runs have failed.
  var failedSeeds: [UInt64] { get }
  mutating func add(run: Run)
  mutating func add(_ other: Self)
}
