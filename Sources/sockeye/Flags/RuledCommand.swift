import ArgumentParser
import SockeyeText
import SockeyeTransport

/// A verb whose flags are held to a table: each flag that is given is honoured, or the call is wrong.
protocol RuledCommand: ParsableCommand {
  /// All flags of the verb.
  static var flagRules: [FlagRule] { get }
  /// What the verb can be about.
  static var possibleSubjects: Set<FlagSubject> { get }
  /// What this call is about.
  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject>
}

extension RuledCommand {
  static var possibleSubjects: Set<FlagSubject> { [] }

  func flagSubjects(_ given: GivenFlags) throws -> Set<FlagSubject> { [] }

  /// Holds a call to the table.
  ///
  /// - Parameter arguments: What stands behind the verb.
  /// - Throws: A failure of kind `usage` that names the first flag that can't be honoured.
  func checkFlags(_ arguments: some Sequence<String>) throws {
    let given = GivenFlags(arguments)
    let subjects = try flagSubjects(given)
    for rule in Self.flagRules where given.has(rule.name, among: Self.flagRules) {
      if let objection = rule.objection(to: given, about: subjects, among: Self.flagRules) {
        throw Failure(.usage, objection)
      }
    }
  }
}

/// Prints the table of all flags, for `scripts/flags` and the tests: on each line, with tabs between them, a verb, its
/// possible subjects, a flag's names, and the conditions of the flag.
struct Flags: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print which flags hold for what, as a table with tabs.",
    shouldDisplay: false
  )

  func run() {
    for command in Sockeye.configuration.subcommands {
      guard let ruled = command as? any RuledCommand.Type else { continue }
      let verb = command._commandName
      let subjects = Self.list(ruled.possibleSubjects)
      for rule in ruled.flagRules {
        let conditions = rule.conditions.map(Self.text)
        print(([verb, subjects, rule.names.joined(separator: ",")] + conditions).joined(separator: "\t"))
      }
    }
  }

  private static func text(_ condition: FlagCondition) -> String {
    switch condition {
    case .on(let subjects): "on:\(list(subjects))"
    case .with(let flags): "with:\(flags.joined(separator: ","))"
    case .without(let flags): "without:\(flags.joined(separator: ","))"
    case .alone(let flags): "alone:\(flags.joined(separator: ","))"
    case .names(let subjects): "names:\(list(subjects))"
    case .never(let reason): "never:\(reason.english)"
    }
  }

  private static func list(_ subjects: Set<FlagSubject>) -> String {
    FlagSubject.allCases.filter(subjects.contains).map(\.rawValue).joined(separator: ",")
  }
}
