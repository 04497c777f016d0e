import SockeyeText
import Testing

@testable import sockeye

@Suite("Help in every language")
struct HelpTests {
  @Test(
    "A table of help has a text for every verb, flag and heading, and none that help never shows",
    arguments: Language.allCases
  )
  func completeness(language: Language) throws {
    let program = try DefinedCommand.program()
    #expect(HelpTable.of(language)?.faults(for: program) ?? [] == [])
  }

  @Test("A table that lacks a text, or has one too many, is told so")
  func faults() throws {
    let program = try DefinedCommand.program()
    var verbs = HelpTable.chinese.verbs
    verbs["manual"] = nil
    verbs["nonsense"] = HelpTexts(abstract: "没有这个动词。")
    verbs["completions"]?.arguments["--shell"] = "没有这个选项。"
    let table = HelpTable(verbs: verbs, shared: HelpTable.chinese.shared, sections: HelpTable.chinese.sections)
    let faults = table.faults(for: program)
    #expect(faults.contains("missing: manual"))
    #expect(faults.contains("left over: nonsense"))
    #expect(faults.contains("left over: completions --shell"))
  }

  @Test("Every verb and every flag says what it is for, and every verb shows an example on a line of its own")
  func english() throws {
    func visit(_ command: DefinedCommand, _ name: String) {
      #expect(!(command.abstract ?? "").isEmpty, "\(name)")
      for argument in command.shownArguments { #expect(!(argument.abstract ?? "").isEmpty, "\(name) \(argument.key)") }
      for verb in command.verbs {
        let examples = (verb.discussion ?? "").split(separator: "\n").filter { $0.hasPrefix("  ") }
        #expect(
          examples.contains { $0.contains("sockeye \(verb.commandName)") || $0.contains("sockeye lab ") },
          "\(verb.commandName)"
        )
        visit(verb, "\(name) \(verb.commandName)")
      }
    }
    visit(try DefinedCommand.program(), "sockeye")
  }

  @Test("Help fits the terminal, whatever the width of its characters", arguments: [60, 80, 132])
  func width(columns: Int) throws {
    let program = HelpTable.chinese.translated(try DefinedCommand.program())
    for verb in program.verbs {
      let page = HelpPage(verb, path: ["sockeye", verb.commandName], .chinese, columns: columns).text
      for line in page.split(separator: "\n") where !line.hasPrefix("  sockeye") && !line.hasPrefix("  printf") {
        let isHeading = line.hasPrefix("  -") || line.hasPrefix("  source")
        #expect(isHeading || DisplayWidth.of(line) <= columns, "\(verb.commandName): \(line)")
      }
    }
  }

  @Test(
    "The language is what --language says, wherever it stands, or that of the locale, English unless that is Chinese"
  )
  func language() {
    func spoken(_ arguments: [String], _ environment: [String: String] = [:]) -> Language {
      Speech.language(of: arguments) { environment[$0] }
    }
    #expect(spoken(["connect", "--language", "zh", "1"]) == .chinese)
    #expect(spoken(["connect", "1", "--language=zh"]) == .chinese)
    #expect(spoken(["connect", "--", "--language", "zh"]) == .english)
    #expect(spoken(["connect"], ["LC_ALL": "zh_CN.UTF-8"]) == .chinese)
    #expect(spoken(["connect"], ["LC_ALL": "", "LANG": "zh_TW"]) == .chinese)
    #expect(spoken(["connect"], ["LC_ALL": "C", "LANG": "zh_CN.UTF-8"]) == .english)
    #expect(spoken(["connect"], ["LC_MESSAGES": "zh", "LANG": "en_GB.UTF-8"]) == .chinese)
    #expect(spoken(["connect"], ["LANG": "zha_CN.UTF-8"]) == .english)
    #expect(spoken(["connect"]) == .english)
    #expect(spoken(["connect", "--language", "en"], ["LANG": "zh_CN.UTF-8"]) == .english)
  }
}
