import ArgumentParser
import SockeyeSight
import SockeyeTCP
import SockeyeText
import SockeyeTransport

/// What the TCP connections of a capture did.
struct Watch: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch",
    abstract: "Show the TCP connections of a capture: a table of all, and any of them segment by segment.",
    discussion: """
        sockeye watch trace.pcapng
        sockeye watch trace.pcap --stream 3
        sockeye watch trace.pcap --follow
        sockeye lab close --capture close.pcapng && sockeye watch close.pcapng
        sockeye watch --interface lo --port 8000
        sockeye watch --pid 4711 --follow
        sockeye watch -- curl -s https://example.com/

      Reads pcap and pcapng, as tcpdump and Wireshark write them, of any size in bounded memory. A capture of one \
      connection is drawn at once. An interface, or a process, is watched live, a line for each segment, until Ctrl-C or the \
      process's end; that takes root or the capability CAP_NET_RAW, and for another user's process CAP_SYS_PTRACE as well. \
      A command is run in a network of its own, as 'sockeye run' does it, and watched there, which takes no privileges; what it \
      prints goes to standard error, and the exit code is its own.
      """
  )

  @Argument(help: "The capture; - for standard input.")
  var file: String?

  @Argument(parsing: .postTerminator, help: "A command to watch, with its arguments, behind --.")
  var command: [String] = []

  @Option(help: "Watch this network interface instead of a capture.")
  var interface: String?

  @Option(help: "Watch the connections of the process with this number, those included that it opens later.")
  var pid: Int32?

  @Option(help: "Show only connections with this port at one end.")
  var port: UInt16?

  @Option(help: "Draw the connection of this number in the table.")
  var stream: Int?

  @Flag(help: "Say what limited a connection's transfer, for how much of the time, and which segments show it.")
  var why = false

  @Option(help: ArgumentHelp("Draw one connection as a page for a browser, which needs no network.", valueName: "file"))
  var html: String?

  @Flag(
    help: "Write what both ends of one connection say, put together from its segments: the first, or that of --stream."
  )
  var follow = false

  @Option(
    help: ArgumentHelp(
      "With --follow: write the bytes of one end alone, as they are; the client spoke first.",
      valueName: "end"
    )
  )
  var raw: FollowedEnd?

  @Option(help: ArgumentHelp("Write all events of one connection as qlog, for qvis and its kin.", valueName: "file"))
  var qlog: String?

  @OptionGroup var flags: SightFlags

  /// More than that make no page that a browser likes.
  private static let pageSegments = 200_000

  /// More segments than that are a table's business, unless somebody asks for the connection.
  private static let drawnAtOnce = 200

  func validate() throws {
    if let stream, stream < 1 { throw ValidationError(.streamAboveZero) }
    if let pid, pid < 1 { throw ValidationError(.pidAboveZero) }
  }

  func run() async throws {
    guard let watched = try watchedCommand() else { return try watchOthers() }
    let (json, view) = (flags.json, why)
    try await watched.run { table, follow in try Self.conclude(table, follow, json: json, why: view) }
  }

  /// The command that is to be watched, if one is given.
  private func watchedCommand() throws -> WatchedCommand? {
    guard !command.isEmpty else { return nil }
    guard file == nil, interface == nil, pid == nil else { throw Failure(.usage, .captureOrInterface) }
    guard html == nil, qlog == nil, !why else { throw Failure(.usage, .recordCommandFirst) }
    return try WatchedCommand(command, WatchedCommand.View(lines: lines, port: port, follow: followOutput))
  }

  private var lines: LiveLines { LiveLines(style: flags.style, json: flags.json) }

  private func watchOthers() throws {
    if interface != nil || pid != nil {
      guard file == nil else { throw Failure(.usage, .captureOrInterface) }
      if let interface { return try watch(.interface(interface)) }
      if let pid { return try watch(.process(pid)) }
    }
    guard let file else { throw Failure(.usage, .nothingToWatch) }
    var limits = ConversationTable.Limits()
    limits.port = port
    limits.onlyNumber = stream
    if html != nil || qlog != nil {
      limits.segments = Self.pageSegments
      limits.keepsHeaders = html != nil
    }
    if follow { limits.segments = 0 }
    var output = followOutput
    let (table, problem) = try CaptureInput.read(file, limits: limits) { seen, payload, table in
      try output?.take(seen, payload, in: table)
    }
    if let problem { StandardError.say(.captureProblem(VisibleText.of(file), problem.phrase)) }
    if output != nil { return try output?.finish(table) ?? () }
    if let stream {
      guard stream <= table.conversations.count else {
        throw Failure(.usage, .noConnection(stream, table.conversations.count))
      }
      return try draw(table.conversations[stream - 1], of: table)
    }
    let only = table.conversations.count == 1 ? table.conversations.first : nil
    if html != nil || qlog != nil {
      guard let only else {
        throw Failure(.usage, .drawsOneConnection(html != nil ? "--html" : "--qlog", table.conversations.count))
      }
      return try draw(only, of: table)
    }
    if let only, why || only.segments.first + only.segments.second <= Self.drawnAtOnce {
      return try draw(only, of: table)
    }
    Self.show(table, json: flags.json, why: why)
  }

  private func watch(_ subject: LiveWatch.Subject) throws {
    var live = LiveWatch(
      subject: subject,
      port: port,
      lines: lines,
      follow: followOutput
    )
    let table = try live.run()
    try Self.conclude(table, live.follow, json: flags.json, why: why)
  }

  /// What was watched live is over.
  private static func conclude(
    _ table: ConversationTable,
    _ follow: FollowOutput?,
    json: Bool,
    why: Bool
  ) throws {
    guard var follow else { return show(table, json: json, why: why) }
    try follow.finish(table)
  }

  private var followOutput: FollowOutput? {
    guard follow else { return nil }
    if let raw { return FollowOutput(.raw(raw.end), stream: stream) }
    let style = flags.style
    let text = StreamText(isColoured: style.isColoured, language: style.language)
    return FollowOutput(flags.json ? .json : .text(text), stream: stream)
  }

  private func draw(_ summary: ConversationSummary, of table: ConversationTable) throws {
    if let qlog {
      let title = "\(summary.key.first) → \(summary.key.second)"
      let file = QlogFile(summary.conversation, title: title, vantage: .network, reference: table.beganMilliseconds)
      try CaptureOutput.write(file.bytes(), to: qlog)
      if summary.missedSegments > 0 { StandardError.say(.eventsNotIn(qlog, summary.missedSegments)) }
      if html == nil { return }
    }
    if let html {
      let names = "\(summary.key.first) → \(summary.key.second)"
      let source = VisibleText.of(file ?? "")
      var page = ConversationPage(
        summary.conversation,
        title: .literal(names),
        explanation: .literal(source)
      )
      page.language = Speech.language
      page.isAbsolute = flags.absolute
      page.missedEvents = summary.missedSegments
      return try PageOutput.write(page, to: html)
    }
    if why {
      VerdictText.show(summary.conversation, json: flags.json)
      if summary.missedSegments > 0 {
        StandardError.say(.judgedByFirst(summary.missedSegments))
      }
      return
    }
    if flags.json {
      for line in EventJSON.lines(summary.conversation) { print(line) }
      return
    }
    for line in SequenceDiagramText(flags.style).lines(SequenceDiagram(summary.conversation)) { print(line) }
    if summary.missedSegments > 0 { StandardError.say(.segmentsNotDrawn(summary.missedSegments)) }
  }

  private static func show(_ table: ConversationTable, json: Bool, why: Bool) {
    if !json { print(ConversationRow.heading) }
    for summary in table.conversations {
      print(json ? ConversationRow.json(summary) : ConversationRow.text(summary))
      if why { VerdictText.show(summary.conversation, json: json) }
    }
    guard !json else { return }
    if table.conversations.isEmpty { StandardError.say(.noTCP) }
    if table.otherPackets > 0 { StandardError.say(.packetsNotTCP(table.otherPackets)) }
    if table.unlistedSegments > 0 { StandardError.say(.segmentsUnlisted(table.unlistedSegments)) }
  }
}

/// A connection as one line.
enum ConversationRow {
  private static let widths = [6, 24, 24, 9, 9, 11, 11, 10, 9, 7]

  private static let headings = [
    .literal("#"), Phrase("from", zh: "自"), Phrase("to", zh: "至"), Phrase("segments", zh: "报文段"), .literal(""),
    Phrase("bytes", zh: "字节"), .literal(""), Phrase("seconds", zh: "秒"), .literal("RTT ms"), Phrase("again", zh: "重传"),
  ]

  static var heading: String {
    row(headings.map(Speech.text)) + "  " + Speech.text(Phrase("states", zh: "状态"))
  }

  static func text(_ summary: ConversationSummary) -> String {
    let duration = Double((summary.ended - summary.began).nanoseconds) / 1e9
    let roundTrip = summary.handshakeRoundTrip.map { rounded(Double($0.nanoseconds) / 1e6) } ?? "-"
    let states = "\(summary.states.state(of: .first).standardName) / \(summary.states.state(of: .second).standardName)"
    return row([
      "\(summary.number)", "\(summary.key.first)", "\(summary.key.second)", "\(summary.segments.first)",
      "\(summary.segments.second)", "\(summary.bytes.first)", "\(summary.bytes.second)", rounded(duration), roundTrip,
      "\(summary.retransmissions)",
    ]) + "  " + states
  }

  static func json(_ summary: ConversationSummary) -> String {
    var line = JSONLine(event: "connection")
    line.add("number", summary.number)
    line.add("from", "\(summary.key.first)")
    line.add("to", "\(summary.key.second)")
    line.add("segmentsFrom", summary.segments.first)
    line.add("segmentsTo", summary.segments.second)
    line.add("bytesFrom", summary.bytes.first)
    line.add("bytesTo", summary.bytes.second)
    line.add("began", seconds: .nanoseconds(summary.began.nanoseconds))
    line.add("ended", seconds: .nanoseconds(summary.ended.nanoseconds))
    if let roundTrip = summary.handshakeRoundTrip {
      line.add("handshakeMicroseconds", roundTrip.microseconds)
    }
    line.add("stateFrom", summary.states.state(of: .first).standardName)
    line.add("stateTo", summary.states.state(of: .second).standardName)
    line.add("findings", summary.findings.keys.sorted().map { "\($0)=\(summary.findings[$0] ?? 0)" })
    return line.line
  }

  private static func row(_ cells: [String]) -> String {
    zip(cells, widths).map { DisplayWidth.rightAligned($0, to: $1 - 1) }.joined(separator: " ")
  }

  private static func rounded(_ value: Double) -> String {
    let thousandths = Int64((value * 1_000).rounded())
    return "\(thousandths / 1_000).\(String(thousandths % 1_000 + 1_000).dropFirst())"
  }
}
