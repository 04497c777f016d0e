import ArgumentParser
import SockeyeText

/// A shell's completion script in the language that help speaks: the argument parser writes descriptions as they are declared.
struct CompletionScript {
  let text: String

  init(for shell: CompletionShell, in language: Language) {
    let script = Sockeye.completionScript(for: shell)
    guard let table = HelpTable.of(language), let program = try? DefinedCommand.program() else {
      text = script
      return
    }
    var descriptions: [String: String] = [:]
    Self.collect(program, table.translated(program), in: &descriptions)
    // The parser's own verb stands in the script alone.
    descriptions["Show subcommand help information."] = table.shared["--help"]
    let lines = script.split(separator: "\n", omittingEmptySubsequences: false)
    text = lines.map { line in Self.translated(line, shell, descriptions) }.joined(separator: "\n")
  }

  /// What stands for what, for a command and all below it.
  private static func collect(
    _ command: DefinedCommand,
    _ translated: DefinedCommand,
    in descriptions: inout [String: String]
  ) {
    if let text = command.abstract { descriptions[text] = translated.abstract }
    for (argument, other) in zip(command.arguments ?? [], translated.arguments ?? []) {
      if let text = argument.abstract { descriptions[text] = other.abstract }
    }
    for (next, other) in zip(command.subcommands ?? [], translated.subcommands ?? []) {
      collect(next, other, in: &descriptions)
    }
  }

  /// A line with its description, if it has one, in the other language. Bash shows none.
  private static func translated(
    _ line: Substring,
    _ shell: CompletionShell,
    _ descriptions: [String: String]
  ) -> Substring {
    guard let place = place(in: line, shell) else { return line }
    let isOption = shell == .zsh && line[..<place.lowerBound].last == "["
    guard let text = descriptions[unescaped(line[place], shell)] else { return line }
    return line[..<place.lowerBound] + escaped(text, shell, isOption: isOption) + line[place.upperBound...]
  }

  /// Where a line has its description: in fish behind `-d`; in zsh between an option's brackets, or behind a verb's colon.
  private static func place(in line: Substring, _ shell: CompletionShell) -> Range<Substring.Index>? {
    switch shell {
    case .fish:
      guard let opening = line.firstRange(of: " -d '") else { return nil }
      return end(of: line[opening.upperBound...], at: "'").map { opening.upperBound..<$0 }
    case .zsh:
      guard let first = line.firstIndex(where: { $0 != " " }), line[first] == "'" else { return nil }
      if let opening = line.firstIndex(of: "[") {
        return end(of: line[opening...].dropFirst(), at: "]").map { line.index(after: opening)..<$0 }
      }
      guard let colon = line.firstIndex(of: ":"), let last = line.lastIndex(of: "'"), colon < last else { return nil }
      return line.index(after: colon)..<last
    default: return nil
    }
  }

  /// Where a text ends at a character that no backslash stands before.
  private static func end(of text: Substring, at closing: Character) -> Substring.Index? {
    var isEscaped = false
    return text.indices.first { index in
      defer { isEscaped = !isEscaped && text[index] == "\\" }
      return !isEscaped && text[index] == closing
    }
  }

  private static func unescaped(_ text: Substring, _ shell: CompletionShell) -> String {
    let inner = shell == .zsh ? text.replacing("'\\''", with: "'") : text
    var result = ""
    var isEscaped = false
    for character in inner {
      if character == "\\", !isEscaped {
        isEscaped = true
      } else {
        result.append(character)
        isEscaped = false
      }
    }
    return result
  }

  private static func escaped(_ text: String, _ shell: CompletionShell, isOption: Bool) -> Substring {
    let special: Set<Character> =
      switch shell {
      case .fish: ["\\", "'"]
      case .zsh where isOption: ["\\", ":", "[", "]"]
      default: []
      }
    let escaped = text.map { special.contains($0) ? "\\\($0)" : "\($0)" }.joined()
    return shell == .zsh ? escaped.replacing("'", with: "'\\''")[...] : escaped[...]
  }
}
