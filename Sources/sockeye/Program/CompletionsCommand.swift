import ArgumentParser

/// Prints what makes a shell complete the verbs and flags of this program.
struct Completions: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Print a completion script for a shell.",
    discussion: """
        source <(sockeye completions bash)
        sockeye completions zsh > "${fpath[1]}/_sockeye"
        sockeye completions fish > ~/.config/fish/completions/sockeye.fish
      """
  )

  enum Shell: String, ExpressibleByArgument, CaseIterable {
    case bash, zsh, fish

    var parserShell: CompletionShell {
      switch self {
      case .bash: .bash
      case .zsh: .zsh
      case .fish: .fish
      }
    }
  }

  @Argument(help: "The shell: bash, zsh or fish.")
  var shell: Shell

  @OptionGroup var speech: LanguageFlag

  func run() throws {
    print(CompletionScript(for: shell.parserShell, in: Speech.language).text)
  }
}
