/// The page's script, in the order in which its parts need each other; each part is a file.
///
/// It is plain JavaScript that a browser runs as it stands. Nothing of a conversation is ever parsed as markup: elements
/// are made one by one, and text is their text.
enum PageScript {
  /// The whole script.
  static let text =
    "\"use strict\";\n(() => {\n"
    + [model, drawing, diagram, header, stateMachine, plotting, plots, information, player].joined()
    + "})();\n"
}
