import ArgumentParser

/// Runs the engine over simulated networks, in virtual time.
@main
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Run the engine over simulated networks, in virtual time.",
    subcommands: [RandomRuns.self, ScenarioTables.self]
  )
}
