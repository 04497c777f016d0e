public import ArgumentParser
import Glibc
public import SockeyeText

extension Language: ExpressibleByArgument {}

/// The flag that every verb has.
struct LanguageFlag: ParsableArguments {
  @Option(help: "The language of help and messages. By default that of the locale, English unless that is Chinese.")
  var language: Language?
}

/// The language that this program speaks.
enum Speech {
  /// What `--language` says, wherever it stands, or else the locale. It is known before the command line is parsed: help, and
  /// what is wrong with the command line, are told in it.
  static let language = language(of: CommandLine.arguments.dropFirst()) { name in
    getenv(name).map { String(cString: $0) }
  }

  /// The language for a command line and an environment.
  static func language(of arguments: some Sequence<String>, environment: (String) -> String?) -> Language {
    let value = GivenFlags(arguments).value(of: "--language", among: [])
    return value.flatMap(Language.init(rawValue:)) ?? Language(environment: environment)
  }

  /// A phrase in the program's language.
  static func text(_ phrase: Phrase) -> String { phrase.text(in: language) }
}

extension ValidationError {
  /// What is wrong with a flag's value, in the program's language.
  init(_ sentence: ProgramSentence) { self.init(Speech.text(sentence.phrase)) }
}

extension Phrase {
  /// The phrase in the program's language, safe for a terminal.
  var spoken: String { VisibleText.of(Speech.text(self)) }
}
