import ArgumentParser
import SockeyeSight
import SockeyeTCP
import SockeyeText
import SockeyeTransport

/// Says why a transfer is slow.
enum VerdictText {
  /// Prints the verdict on a conversation: paragraphs, or one JSON object.
  static func show(_ conversation: Conversation, json: Bool) {
    let verdict = Verdict(conversation)
    if json { return print(line(verdict, conversation)) }
    let language = Speech.language
    guard let verdict else {
      return print(ProgramSentence.noData.text(in: language))
    }
    for paragraph in verdict.paragraphs(in: language) {
      for line in TextParagraph.lines(paragraph, width: 78) { print("  \(line)") }
    }
  }

  private static func line(_ verdict: Verdict?, _ conversation: Conversation) -> String {
    var line = JSONLine(event: "verdict")
    guard let verdict else { return line.line }
    line.add("sender", conversation.name(of: verdict.sender))
    line.add("seconds", seconds: .nanoseconds(verdict.duration.nanoseconds))
    if let leading = verdict.leading { line.add("limit", leading.rawValue) }
    let shares = verdict.shares.sorted { $0.key.rawValue < $1.key.rawValue }
    line.add("nanoseconds", shares.map { "\($0.key.rawValue)=\($0.value.nanoseconds)" })
    let spells = verdict.longest.values.sorted { $0.limit.rawValue < $1.limit.rawValue }
    line.add("segments", spells.map { "\($0.limit.rawValue)=\($0.firstSegment)-\($0.lastSegment)" })
    return line.line
  }
}

/// Holds the verdict to transfers whose limit is known.
struct LabVerdicts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verdicts",
    abstract: "Judge transfers that were set up to have one limit each, and print how often the verdict was right.",
    discussion: "  sockeye lab verdicts --count 200 --seed 1"
  )

  @Option(help: "How many transfers.")
  var count = 200

  @Option(help: "What all chance comes from.")
  var seed: UInt64 = 1

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    guard (1...100_000).contains(count) else { throw ValidationError(.verdictCountRange) }
  }

  private static let places = [
    Phrase("from the engines' events", zh: "根据引擎的事件"), Phrase("from a capture at the sender", zh: "根据发送方的抓包"),
    Phrase("at the receiver", zh: "根据接收方的抓包"),
  ]

  func run() {
    var tables = [ConfusionTable(), ConfusionTable(), ConfusionTable()]
    for number in 0..<count {
      let known = KnownLimit(number: number, seed: seed)
      let verdicts = known.verdicts()
      for (index, verdict) in [verdicts.engines, verdicts.atSender, verdicts.atReceiver].enumerated() {
        tables[index].add(verdict?.leading, of: known, number: number)
      }
    }
    for (table, place) in zip(tables, Self.places) {
      show(table, place)
    }
  }

  private func show(_ table: ConfusionTable, _ place: Phrase) {
    let said = KnownLimit.limits + [.slowStart]
    print(ProgramSentence.verdictsRight(place, table.total - table.wrong.count, table.total).text(in: Speech.language))
    print(Self.row(Speech.text(Phrase("set up, and called:", zh: "设置的限制，判断为：")), said.map(\.rawValue)))
    for limit in KnownLimit.limits {
      print(Self.row(limit.rawValue, said.map { "\(table.counts[limit]?[$0] ?? 0)" }))
    }
    print("")
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    DisplayWidth.fitted(name, to: 20) + cells.map { DisplayWidth.rightAligned($0, to: 17) }.joined()
  }
}
