import ArgumentParser

/// Runs the engine, and hosts, over simulated networks, in virtual time.
@main
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run the engine, and hosts, over simulated networks, in virtual time.",
    subcommands: [RandomRuns.self, HostRuns.self, ScenarioTables.self]
  )
}
