import ArgumentParser
import SockeyeText

/// Help in the language that the program speaks.
enum Help {
  /// What the argument parser would print, in a language: help of a verb is laid out anew, everything else, such as the
  /// version or a completion script, stays as it is.
  static func text(_ printed: String, in language: Language) -> String {
    guard let table = HelpTable.of(language), let frame = HelpFrame.of(language),
      let path = path(of: printed, from: Sockeye.self, [Sockeye._commandName]),
      let program = try? DefinedCommand.program()
    else { return printed }
    var command = table.translated(program)
    for name in path.dropFirst() {
      guard let next = command.subcommands?.first(where: { $0.commandName == name }) else { return printed }
      command = next
    }
    return HelpPage(command, path: path, frame, columns: Terminal.output.columns).text
  }

  /// The names that lead to the command whose help has been printed.
  private static func path(of printed: String, from command: any ParsableCommand.Type, _ path: [String]) -> [String]? {
    if printed == Sockeye.helpMessage(for: command) { return path }
    for next in command.configuration.subcommands {
      if let found = self.path(of: printed, from: next, path + [next._commandName]) { return found }
    }
    return nil
  }
}
