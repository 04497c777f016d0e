import ArgumentParser
import SockeyeSight

/// What `lab` and `watch` have in common: how a picture of TCP is drawn.
struct SightFlags: ParsableArguments {
  @Option(help: "Columns to draw in. By default those of the terminal, or 80.")
  var width: Int?

  @Option(help: "Colour: auto, always or never.")
  var color = ColorChoice.auto

  @Flag(help: "Show sequence numbers as they stand on the wire, not counted from the start.")
  var absolute = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    if let width, !(60...1_000).contains(width) { throw ValidationError(.widthRange) }
  }

  var style: SequenceDiagramText.Style {
    var style = SequenceDiagramText.Style()
    style.width = width ?? Terminal.output.columns
    style.language = Speech.language
    style.label.isAbsolute = absolute
    style.isColoured = Terminal.output.usesColor(color)
    return style
  }
}
