import ArgumentParser
import FoundationEssentials

/// Prints the manual page, from the definitions that `--help` uses.
struct Manual: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the manual page.",
    discussion: """
        sockeye manual > sockeye.1
        sockeye manual | man -l -
      """
  )

  func run() throws {
    let definitions = try JSONDecoder().decode(Definitions.self, from: Data(Sockeye._dumpHelp().utf8))
    print(ManualPage(definitions.command).text)
  }

  /// What the argument parser tells about a program.
  private struct Definitions: Decodable {
    let command: DefinedCommand
  }
}

/// A verb, or the whole program, as the argument parser describes it.
struct DefinedCommand: Decodable {
  let commandName: String
  let abstract: String?
  let discussion: String?
  let subcommands: [DefinedCommand]?
  let arguments: [DefinedArgument]?
  let shouldDisplay: Bool?
}

/// A flag, an option or an argument as the argument parser describes it.
struct DefinedArgument: Decodable {
  struct Name: Decodable {
    let kind: String
    let name: String

    var text: String { kind == "long" ? "--\(name)" : "-\(name)" }
  }

  let kind: String
  let names: [Name]?
  let valueName: String?
  let defaultValue: String?
  let abstract: String?
  let isOptional: Bool
  let isRepeating: Bool
  let shouldDisplay: Bool
  let sectionTitle: String?
}
