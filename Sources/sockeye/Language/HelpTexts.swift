import SockeyeText

/// What help says of a verb in a language that isn't the declarations' own.
struct HelpTexts {
  let abstract: String
  /// What stands below the abstract; nothing where the verb has nothing there.
  var discussion: String?
  /// A text for each argument, by the argument's ``DefinedArgument/key``.
  var arguments: [String: String] = [:]
}

/// All that help says in one language.
struct HelpTable {
  /// The verbs by their names, `lab list` for one below another; `sockeye` is the program.
  let verbs: [String: HelpTexts]
  /// Arguments that every verb has.
  let shared: [String: String]
  /// Headings that the declarations give groups of flags.
  let sections: [String: String]

  /// The table of a language; none for the language of the declarations.
  static func of(_ language: Language) -> HelpTable? {
    switch language {
    case .english: nil
    case .chinese: .chinese
    }
  }

  /// A command with everything below it in the table's language. What the table lacks stays as it is.
  func translated(_ command: DefinedCommand, within path: [String] = []) -> DefinedCommand {
    let own = path + [command.commandName]
    let texts = verbs[Self.name(own)]
    var result = command
    result.abstract = texts?.abstract ?? command.abstract
    result.discussion = texts?.discussion ?? command.discussion
    result.subcommands = command.subcommands?.map { translated($0, within: own) }
    result.arguments = command.arguments?.map { argument in
      var result = argument
      result.abstract = texts?.arguments[argument.key] ?? shared[argument.key] ?? argument.abstract
      result.sectionTitle = argument.sectionTitle.map { sections[$0] ?? $0 }
      return result
    }
    return result
  }

  /// What the table lacks, and what it has that help never shows; each in a line.
  func faults(for program: DefinedCommand) -> [String] {
    var unused = Set(verbs.flatMap { verb, texts in ["\(verb)"] + texts.arguments.keys.map { "\(verb) \($0)" } })
    unused.formUnion(shared.keys)
    unused.formUnion(sections.keys)
    var missing: [String] = []
    func take(_ key: String, _ alternative: String? = nil) {
      if unused.remove(key) == nil, alternative.map({ shared[$0] == nil }) ?? true { missing.append(key) }
      if let alternative { unused.remove(alternative) }
    }
    func visit(_ command: DefinedCommand, _ path: [String]) {
      let name = Self.name(path)
      take(name)
      if (command.discussion == nil) != (verbs[name]?.discussion == nil) { missing.append("\(name): discussion") }
      for argument in command.shownArguments {
        take("\(name) \(argument.key)", argument.key)
        if let title = argument.sectionTitle, sections[title] == nil { missing.append(title) }
        if let title = argument.sectionTitle { unused.remove(title) }
      }
      for verb in command.verbs { visit(verb, path + [verb.commandName]) }
    }
    visit(program, [program.commandName])
    return missing.map { "missing: \($0)" } + unused.sorted().map { "left over: \($0)" }
  }

  private static func name(_ path: [String]) -> String {
    path.count > 1 ? path.dropFirst().joined(separator: " ") : path[0]
  }
}

extension DefinedCommand {
  /// The command, and everything below it, as help says it in a language.
  func translated(to language: Language) -> DefinedCommand { HelpTable.of(language)?.translated(self) ?? self }
}
