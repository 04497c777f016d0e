import ArgumentParser
import Glibc
import SockeyeSight

/// What `lab` and `watch` have in common: how a picture of TCP is drawn.
struct SightFlags: ParsableArguments {
  @Option(
    help: "The language of explanations: en or zh. By default that of the locale.",
    transform: Self.parseLanguage
  )
  var language: Language?

  @Option(help: "Columns to draw in. By default those of the terminal, or 80.")
  var width: Int?

  @Option(help: "Colour: auto, always or never.")
  var color = ColorChoice.auto

  @Flag(help: "Show sequence numbers as they stand on the wire, not counted from the start.")
  var absolute = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    if let width, !(60...1_000).contains(width) { throw ValidationError("--width is a number from 60 to 1000") }
  }

  /// The language of the locale that the environment names.
  static var localeLanguage: Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].lazy.compactMap { environment($0) }.first { !$0.isEmpty }
    return Language(locale: locale ?? "")
  }

  var style: SequenceDiagramText.Style {
    var style = SequenceDiagramText.Style()
    style.width = width ?? Terminal.output.columns
    style.language = language ?? Self.localeLanguage
    style.label.isAbsolute = absolute
    style.isColoured = Terminal.output.usesColor(color)
    return style
  }

  static func parseLanguage(_ text: String) throws -> Language {
    guard let language = Language(rawValue: text) else { throw ValidationError("'\(text)' is neither en nor zh") }
    return language
  }

  private static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
