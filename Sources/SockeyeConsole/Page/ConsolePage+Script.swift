internal import SockeyeText

extension ConsolePage {
  /// The script, in the order in which its parts need each other; each part is a file.
  ///
  /// It is plain JavaScript that a browser runs as it stands. Nothing of a conversation is ever parsed as markup:
  /// elements are made one by one, and text is their text.
  static let script = [
    words, elements, channel, store, blocks, sessions, panel, peers, rows, list, receiving, finding,
    conversion, composing, sending, quick, quickFiles, conditions, rules, holding, plots, rates,
    status, settings, start,
  ].joined()

  /// The style sheet; the layout comes last, since what a narrow screen asks for goes before how things look.
  static let style = PagePalette.style + components + layout
}
