import SockeyeText

/// Help of a verb in a language that the argument parser has no help in, in the form of the parser's own.
struct HelpPage {
  private static let textColumn = 26

  private let columns: Int
  private var lines: [String] = []

  /// - Parameters:
  ///   - command: The verb, in the page's language.
  ///   - path: The names that lead to it, its own included.
  ///   - frame: The words around it.
  ///   - columns: The width of the terminal.
  init(_ command: DefinedCommand, path: [String], _ frame: HelpFrame, columns: Int) {
    self.columns = max(40, columns)
    prose(frame.overview + (command.abstract ?? ""))
    lines.append("")
    if let discussion = command.discussion {
      for line in discussion.split(separator: "\n", omittingEmptySubsequences: false) { prose(String(line)) }
      lines.append("")
    }
    prose(frame.usage + Self.usage(command, path, frame))
    lines.append("")
    list(frame.arguments, command.shownArguments.filter { $0.kind == "positional" }, frame)
    let flags = command.shownArguments.filter { $0.kind != "positional" }
    for title in Self.titles(flags) { list("\(title)\(frame.colon)", flags.filter { $0.sectionTitle == title }, frame) }
    list(frame.options, flags.filter { $0.sectionTitle == nil }, frame)
    guard !command.verbs.isEmpty else { return }
    lines.append(frame.subcommands)
    for verb in command.verbs {
      let isDefault = verb.commandName == command.defaultSubcommand
      entry(verb.commandName + (isDefault ? frame.isDefault : ""), verb.abstract ?? "")
    }
    lines += ["", frame.seeAlso(path)]
  }

  /// The page, without a line feed at its end.
  var text: String { lines.joined(separator: "\n") }

  /// Wraps a paragraph; an example, which is indented, stays on its line.
  private mutating func prose(_ text: String) {
    lines += text.isEmpty || text.hasPrefix("  ") ? [text] : DisplayWidth.wrapped(text, to: columns)
  }

  private static func usage(_ command: DefinedCommand, _ path: [String], _ frame: HelpFrame) -> String {
    let arguments = command.shownArguments
    var words = path
    if arguments.contains(where: { $0.kind != "positional" }) { words.append(frame.someOptions) }
    for argument in arguments where argument.kind == "positional" || !argument.isOptional {
      let name = argument.kind == "positional" ? argument.value : "\(argument.key) \(argument.value)"
      let repeated = argument.isRepeating ? "\(name) ..." : name
      words.append(argument.isOptional ? "[\(repeated)]" : repeated)
    }
    if !command.verbs.isEmpty { words.append(frame.someVerb) }
    return words.joined(separator: " ")
  }

  /// The headings of groups of flags, in their order.
  private static func titles(_ arguments: [DefinedArgument]) -> [String] {
    var titles: [String] = []
    for case let title? in arguments.map(\.sectionTitle) where !titles.contains(title) { titles.append(title) }
    return titles
  }

  private mutating func list(_ heading: String, _ arguments: [DefinedArgument], _ frame: HelpFrame) {
    guard !arguments.isEmpty else { return }
    lines.append(heading)
    for argument in Self.joined(arguments) {
      entry(argument.headings.joined(separator: "/"), frame.text(of: argument.first))
    }
    lines.append("")
  }

  /// A flag and its opposite, which the parser defines as two of one text, are one entry.
  private static func joined(_ arguments: [DefinedArgument]) -> [(first: DefinedArgument, headings: [String])] {
    var entries: [(first: DefinedArgument, headings: [String])] = []
    for argument in arguments {
      if let last = entries.last, argument.key == "--no-" + last.first.key.dropFirst(2) {
        entries[entries.count - 1].headings.append(argument.heading)
      } else {
        entries.append((argument, [argument.heading]))
      }
    }
    return entries
  }

  private mutating func entry(_ heading: String, _ text: String) {
    let indented = "  \(heading)"
    var texts = DisplayWidth.wrapped(text, to: columns - Self.textColumn)
    if DisplayWidth.of(indented) < Self.textColumn, !texts.isEmpty {
      lines.append(DisplayWidth.fitted(indented, to: Self.textColumn) + texts.removeFirst())
    } else {
      lines.append(indented)
    }
    let margin = String(repeating: " ", count: Self.textColumn)
    lines += texts.map { margin + $0 }
  }
}

/// The words that stand around what help says of a verb.
struct HelpFrame: Sendable {
  let overview: String
  let usage: String
  let arguments: String
  let options: String
  let subcommands: String
  let colon: String
  let someOptions: String
  let someVerb: String
  let isDefault: String
  /// Where more is said of the verbs below the one at the end of a path.
  let seeAlso: @Sendable ([String]) -> String
  /// What may be given for an argument, and what holds where nothing is.
  let values: @Sendable (_ all: [String], _ standard: String?) -> String

  /// An argument's text with its values and its default.
  func text(of argument: DefinedArgument) -> String {
    (argument.abstract ?? "") + values(argument.allValues ?? [], argument.defaultValue)
  }

  /// The frame of a language; none for the language of the argument parser's own help.
  static func of(_ language: Language) -> HelpFrame? {
    switch language {
    case .english: nil
    case .chinese: .chinese
    }
  }
}
