import ArgumentParser
import SockeyeSight
import SockeyeText
import SockeyeTransport

/// Two hosts on a simulated network: what TCP does, drawn segment by segment.
struct Lab: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lab",
    abstract:
      "Watch TCP at work on a simulated network: handshakes, losses, windows. Needs no network and no privilege.",
    discussion: """
        sockeye lab list
        sockeye lab handshake
        sockeye lab fast-retransmit --width 120
        sockeye lab transfer --rtt 50ms --impair loss=1% --congestion cubic,bbr

      Time is virtual, so an hour on the simulated wire takes no time here, and the same seed gives the same picture. \
      States, numbers and times are those of the engine that 'sockeye host' runs.
      """,
    subcommands: [LabList.self, LabTransfer.self, LabVerdicts.self, LabScenario.self],
    defaultSubcommand: LabScenario.self
  )

  @OptionGroup var speech: LanguageFlag
}

/// Names the scenarios.
struct LabList: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Name the scenarios, with a line for each.",
    discussion: "  sockeye lab list"
  )

  @OptionGroup var speech: LanguageFlag

  func run() {
    let language = Speech.language
    let width = Scenario.all.map(\.name.count).max() ?? 0
    for scenario in Scenario.all {
      let padding = String(repeating: " ", count: width - scenario.name.count)
      print("\(scenario.name)\(padding)  \(scenario.title.text(in: language))")
    }
  }
}

/// Runs a scenario and draws it.
struct LabScenario: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scenario",
    abstract: "Draw a scenario as a sequence diagram. 'lab NAME' is short for it.",
    discussion: """
        sockeye lab close --capture close.pcapng
        sockeye lab ./mine.lab
      """
  )

  @Argument(help: "The scenario, by a name that 'sockeye lab list' tells, or a file with one of your own.")
  var name: String

  @Option(help: "What the initial sequence numbers and all chance come from.")
  var seed: UInt64 = 1

  @Option(
    help: ArgumentHelp("Keep the packets, with what became of each, for Wireshark and its kin.", valueName: "file")
  )
  var capture: String?

  @Option(help: ArgumentHelp("Draw it as a page for a browser, which needs no network.", valueName: "file"))
  var html: String?

  @Option(help: ArgumentHelp("Write all events as qlog, for qvis and its kin.", valueName: "file"))
  var qlog: String?

  @Flag(help: "Draw one row for each line of input: Enter goes on, q ends.")
  var step = false

  @OptionGroup var flags: SightFlags

  func run() throws {
    let scenario = try ScenarioInput.scenario(name)
    if html != nil, scenario.isAboutDatagrams {
      throw Failure(.usage, .pageDrawsTCP(name))
    }
    let (conversation, packets) = scenario.run(
      seed: seed,
      capture: capture != nil,
      gauges: html != nil || qlog != nil || flags.json
    )
    if let capture { try CaptureOutput.write(packets, to: capture) }
    if let qlog {
      let file = QlogFile(conversation, title: "sockeye lab \(name) --seed \(seed)", vantage: .ends)
      try CaptureOutput.write(file.bytes(), to: qlog)
    }
    if let html {
      var page = ConversationPage(conversation, title: scenario.title, explanation: scenario.explanation)
      page.language = Speech.language
      page.isAbsolute = flags.absolute
      try PageOutput.write(page, to: html)
      if !flags.json { return }
    }
    if flags.json {
      for line in EventJSON.lines(conversation) { print(line) }
      return
    }
    let style = flags.style
    print(scenario.title.text(in: style.language))
    print("")
    let diagram = SequenceDiagram(conversation)
    let text = SequenceDiagramText(style)
    for line in text.heading(diagram) { print(line) }
    for (index, row) in diagram.rows.enumerated() {
      for line in text.lines(row) { print(line) }
      // End of input goes on to the end, so that a pipe gets the whole diagram.
      if step, index + 1 < diagram.rows.count, readLine() == "q" { return }
    }
    print("")
    for line in TextParagraph.lines(scenario.explanation.text(in: style.language), width: style.width) { print(line) }
  }
}
