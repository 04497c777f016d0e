import SockeyeText

/// The manual page of the program, in the language mdoc that `man` reads.
struct ManualPage {
  private let language: Language
  private var lines: [String] = []

  /// The page of a program and all its verbs.
  ///
  /// - Parameters:
  ///   - program: The program, in the page's language.
  ///   - language: The language of the headings.
  init(_ program: DefinedCommand, in language: Language) {
    self.language = language
    let verbs = Self.verbs(program, below: [])
    // A date would make the same source give another page each day.
    lines += [".Dd $Mdocdate$", ".Dt SOCKEYE 1", ".Os", heading(Phrase("NAME", zh: "名称")), ".Nm sockeye"]
    lines.append(".Nd \(Self.plain(Self.phrase(program.abstract ?? "")))")
    lines.append(heading(Phrase("SYNOPSIS", zh: "概要")))
    for (index, verb) in verbs.enumerated() where verb.command.verbs.isEmpty {
      if index > 0 { lines.append(".Pp") }
      synopsis(of: verb.command, verb.name)
    }
    lines.append(heading(Phrase("DESCRIPTION", zh: "描述")))
    prose(program.discussion ?? "")
    for verb in verbs {
      lines.append(".Sh \(verb.name.uppercased())")
      prose(verb.command.abstract ?? "")
      if let discussion = verb.command.discussion {
        lines.append(".Pp")
        prose(discussion)
      }
      list(verb.command.shownArguments)
    }
  }

  /// All verbs by their names; one with verbs below it stands before those.
  private static func verbs(_ command: DefinedCommand, below path: [String]) -> [(
    name: String, command: DefinedCommand
  )] {
    command.verbs.flatMap { verb in
      let own = path + [verb.commandName]
      return [(own.joined(separator: " "), verb)] + verbs(verb, below: own)
    }
  }

  private func heading(_ title: Phrase) -> String { ".Sh \(title.text(in: language))" }

  /// The page.
  var text: String { lines.joined(separator: "\n") }

  private mutating func synopsis(of verb: DefinedCommand, _ name: String) {
    lines += [".Nm", ".Cm \(name)"]
    let arguments = verb.shownArguments.filter { $0.valueName != "help" }
    for argument in arguments where argument.kind == "option" && !argument.isOptional {
      lines.append(".\(Self.heading(of: argument).dropFirst(".It ".count))")
    }
    if arguments.contains(where: { $0.kind != "positional" && $0.isOptional }) {
      lines.append(".Op Ar \(Phrase("flags", zh: "选项").text(in: language))")
    }
    for argument in arguments where argument.kind == "positional" {
      let name = "Ar \(Self.plain(argument.valueName ?? "value"))\(argument.isRepeating ? " ..." : "")"
      lines.append(argument.isOptional ? ".Op \(name)" : ".\(name)")
    }
  }

  private mutating func list(_ arguments: [DefinedArgument]) {
    let shown = arguments.filter { !["--help", "--version"].contains($0.key) }
    guard !shown.isEmpty else { return }
    lines.append(".Bl -tag -width Ds")
    for argument in shown {
      lines.append(Self.heading(of: argument))
      let value = argument.defaultValue.map { " (default: \($0))" } ?? ""
      lines += Self.sentences(HelpFrame.of(language)?.text(of: argument) ?? (argument.abstract ?? "") + value)
    }
    lines.append(".El")
  }

  private static func heading(of argument: DefinedArgument) -> String {
    guard let names = argument.names, argument.kind != "positional" else {
      return ".It Ar \(plain(argument.valueName ?? "value"))"
    }
    // The macro Fl writes the first dash.
    let flags = names.map { "Fl \(plain(String($0.text.dropFirst())))" }.joined(separator: " , ")
    return argument.kind == "option" ? ".It \(flags) Ar \(plain(argument.valueName ?? "value"))" : ".It \(flags)"
  }

  /// Paragraphs, and examples, which are indented where they are written and stand on lines of their own.
  private mutating func prose(_ text: String) {
    var isExample = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("  ") != isExample {
        guard !line.isEmpty || isExample else { continue }
        isExample.toggle()
        if lines.last == ".Pp" { lines.removeLast() }
        lines.append(isExample ? ".Bd -literal -offset indent" : ".Ed")
        if !isExample { lines.append(".Pp") }
      }
      if !line.isEmpty {
        lines += isExample ? [Self.plain(String(line.dropFirst(2)))] : Self.sentences(String(line))
      } else if !isExample, lines.last != ".Pp" {
        lines.append(".Pp")
      }
    }
    if isExample { lines.append(".Ed") }
    if lines.last == ".Pp" { lines.removeLast() }
  }

  /// A paragraph with each sentence on a line of its own, from which mdoc knows how far to set them apart.
  private static func sentences(_ text: String) -> [String] {
    var sentences: [String] = []
    var rest = text[...]
    while let end = rest.firstRange(of: ". ") {
      sentences.append(plain(String(rest[..<end.lowerBound]) + "."))
      rest = rest[end.upperBound...]
    }
    return sentences + [plain(String(rest))]
  }

  /// An abstract as the rest of a sentence: without its full stop.
  private static func phrase(_ text: String) -> String {
    text.hasSuffix(".") || text.hasSuffix("。") ? String(text.dropLast()) : text
  }

  /// Text that mdoc takes for nothing but text.
  private static func plain(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "\\": result += "\\e"
      case "-": result += "\\-"
      case "'": result += "\\(aq"
      case "`": result += "\\(ga"
      case "^": result += "\\(ha"
      case "~": result += "\\(ti"
      case "\n": result += " "
      default: result.append(character)
      }
    }
    return result.hasPrefix(".") ? "\\&" + result : result
  }
}
