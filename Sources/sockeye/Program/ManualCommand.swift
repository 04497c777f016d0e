import ArgumentParser

/// Prints the manual page, from the definitions that `--help` uses.
struct Manual: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print the manual page.",
    discussion: """
        sockeye manual > sockeye.1
        sockeye manual | man -l -
      """
  )

  @OptionGroup var speech: LanguageFlag

  func run() throws {
    print(ManualPage(try DefinedCommand.program().translated(to: Speech.language), in: Speech.language).text)
  }
}
