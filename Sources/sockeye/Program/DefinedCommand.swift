import ArgumentParser
import FoundationEssentials

/// A verb, or the whole program, as the argument parser describes it.
struct DefinedCommand: Decodable {
  let commandName: String
  var abstract: String?
  var discussion: String?
  let defaultSubcommand: String?
  var subcommands: [DefinedCommand]?
  var arguments: [DefinedArgument]?
  let shouldDisplay: Bool?

  /// The program, from the definitions that it is parsed by.
  static func program() throws -> DefinedCommand {
    try JSONDecoder().decode(Definitions.self, from: Data(Sockeye._dumpHelp().utf8)).command
  }

  private struct Definitions: Decodable {
    let command: DefinedCommand
  }

  /// The verbs that help names, the parser's own `help` aside.
  var verbs: [DefinedCommand] {
    (subcommands ?? []).filter { $0.shouldDisplay ?? true && $0.commandName != "help" }
  }

  /// The arguments that help names.
  var shownArguments: [DefinedArgument] { (arguments ?? []).filter(\.shouldDisplay) }
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
  let preferredName: Name?
  let valueName: String?
  let defaultValue: String?
  let allValues: [String]?
  var abstract: String?
  let isOptional: Bool
  let isRepeating: Bool
  let shouldDisplay: Bool
  var sectionTitle: String?

  /// What the argument is called where there is room for one name: `--flag`, `-4` or `<value>`.
  var key: String { preferredName?.text ?? "<\(valueName ?? "value")>" }

  /// The value that it takes, as help writes it; nothing for a flag.
  var value: String { kind == "flag" ? "" : "<\(valueName ?? "value")>" }

  /// All its names, short ones first, with the value: `-o, --output <file>`.
  var heading: String {
    guard kind != "positional" else { return value }
    let names = names ?? []
    let sorted = names.filter { $0.kind == "short" } + names.filter { $0.kind != "short" }
    let joined = sorted.map(\.text).joined(separator: ", ")
    return value.isEmpty ? joined : "\(joined) \(value)"
  }
}
