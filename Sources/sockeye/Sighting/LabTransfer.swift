import ArgumentParser
import NIOCore
import SockeyeGateway
import SockeyeLink
import SockeyeSight
import SockeyeSimulator
import SockeyeTCP
import SockeyeText
import SockeyeTransport

/// Compares what senders make of one bad network.
struct LabTransfer: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "transfer",
    abstract: "Send data over a bad network, and compare congestion control algorithms.",
    discussion: """
        sockeye lab transfer --rate 100Mbps --impair loss=1% --congestion cubic,bbr
        sockeye lab transfer --size 10MiB --rtt 200ms --why
      """
  )

  @Option(help: "How much to send.")
  var size = SizeArgument(bytes: 10 << 20)

  @Option(help: "The round trip without queues.")
  var rtt = DurationArgument(.milliseconds(50))

  @Option(help: "The bottleneck's rate, such as 100Mbps.")
  var rate = "100Mbps"

  @Option(help: "The share of packets that are lost, each way, such as 1%; --impair loss=1% is the same.")
  var loss: String?

  @Option(
    help:
      "What else the network does: KEY=VALUE,… with loss, jitter, queue, duplicate, reorder, corrupt; up: or down: before a key for one direction."
  )
  var impair = ""

  @Option(help: "The algorithms, with commas between them: cubic, newreno, bbr.")
  var congestion = "cubic"

  @Option(help: "What all chance comes from.")
  var seed: UInt64 = 1

  @Flag(help: "Say what limited each transfer, for how much of the time, and which segments show it.")
  var why = false

  @Option(
    help: ArgumentHelp("Keep the packets of the one transfer, for Wireshark and its kin.", valueName: "file")
  )
  var capture: String?

  @Option(help: ArgumentHelp("Draw the one transfer as a page for a browser.", valueName: "file"))
  var html: String?

  @Option(help: ArgumentHelp("Write all events of the one transfer as qlog, for qvis and its kin.", valueName: "file"))
  var qlog: String?

  @OptionGroup var speech: LanguageFlag

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func run() throws {
    let network = try network()
    guard size.bytes > 0, size.bytes <= 1 << 40 else { throw Failure(.usage, .transferSizeRange) }
    let algorithms = try congestion.split(separator: ",").map { name throws(Failure) in try Self.algorithm(name) }
    let kept = [(capture, "--capture"), (html, "--html"), (qlog, "--qlog")].first { $0.0 != nil }
    if let kept, algorithms.count > 1 {
      throw Failure(.usage, .keepsOneTransfer(kept.1))
    }
    if !json { print(Self.row("", Self.headings.map(Speech.text))) }
    for algorithm in algorithms {
      let transfer = Transfer(
        size: UInt64(size.bytes),
        congestionControl: algorithm,
        outbound: network.up,
        inbound: network.down
      )
      var recording: Transfer.Recording = []
      if why { recording.insert(.conversation) }
      if html != nil || qlog != nil { recording.formUnion([.conversation, .gauges]) }
      if capture != nil { recording.insert(.capture) }
      let result = transfer.run(seed: seed, recording: recording)
      if let capture { try CaptureOutput.write(result.capture, to: capture) }
      show(result, of: algorithm, network)
      if let html, let conversation = result.conversation {
        try write(conversation, missed: result.missedEvents, algorithm, to: html)
      }
      if let qlog, let conversation = result.conversation {
        let file = QlogFile(conversation, title: "sockeye lab transfer --seed \(seed)", vantage: .ends)
        try CaptureOutput.write(file.bytes(), to: qlog)
        if result.missedEvents > 0 { StandardError.say(.eventsNotIn(qlog, result.missedEvents)) }
      }
      if why, let conversation = result.conversation { VerdictText.show(conversation, json: json) }
    }
  }

  private func write(
    _ conversation: Conversation,
    missed: UInt64,
    _ algorithm: CongestionControlAlgorithm,
    to file: String
  ) throws(Failure) {
    let path =
      (["rtt=\(rtt.amount.nanoseconds / 1_000)us", "rate=\(rate)"] + (impairments.isEmpty ? [] : [impairments]))
      .joined(separator: ", ")
    let name = "\(algorithm)".lowercased()
    var page = ConversationPage(
      conversation,
      title: Phrase("\(size.bytes) bytes by \(name), \(path)", zh: "用 \(name) 传输 \(size.bytes) 字节，\(path)")
    )
    page.language = Speech.language
    page.missedEvents = missed
    try PageOutput.write(page, to: file)
  }

  private static let headings = [
    Phrase("seconds", zh: "秒"), .literal("Mbit/s"), Phrase("of the rate", zh: "占速率"), Phrase("sent again", zh: "重传"),
    Phrase("timeouts", zh: "超时"), Phrase("lost", zh: "丢失"), .literal("RTT ms"),
  ]

  /// What `--loss` and `--impair` say together.
  private var impairments: String {
    [loss.map { "loss=\($0)" }, impair].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: ",")
  }

  private func network() throws(Failure) -> ImpairmentSpecification {
    let delay = "delay=\(rtt.amount.nanoseconds / 2)ns"
    do throws(ImpairmentSpecification.Problem) {
      return try ImpairmentSpecification(
        "\(delay),up:rate=\(rate),up:queue=\(Self.defaultQueue(rate, rtt)),\(impairments)"
      )
    } catch {
      throw Failure(.usage, .badImpairment(error.phrase))
    }
  }

  /// A queue that holds what the path holds, as is usual, and sixteen packets at least.
  private static func defaultQueue(_ rate: String, _ rtt: DurationArgument) -> Int {
    let bits = (try? ImpairmentSpecification("rate=\(rate)"))?.up.bitsPerSecond ?? 0
    let product = Double(bits) / 8 * Double(rtt.amount.nanoseconds) / 1e9
    return max(16 * 1_500, Int(min(product, 1e12)))
  }

  private static func algorithm(_ name: Substring) throws(Failure) -> CongestionControlAlgorithm {
    switch name.lowercased() {
    case "cubic": return .cubic
    case "newreno", "reno": return .newReno
    case "bbr": return .bbr
    default: throw Failure(.usage, .noAlgorithm("\(name)"))
    }
  }

  private func show(
    _ result: Transfer.Result,
    of algorithm: CongestionControlAlgorithm,
    _ network: ImpairmentSpecification
  ) {
    let name = "\(algorithm)".lowercased()
    let seconds = result.duration.map { Double($0.nanoseconds) / 1e9 }
    let share = network.up.bitsPerSecond.map { result.bitsPerSecond / Double($0) }
    let sent = result.sender.bytesSent
    let again = sent == 0 ? 0 : Double(result.sender.bytesRetransmitted) / Double(sent)
    let roundTrip = Double(result.sender.smoothedRoundTripTime.nanoseconds) / 1e6
    if json {
      var line = JSONLine(event: "transfer")
      line.add("congestion", name)
      line.add("whole", result.duration != nil)
      line.add("bytes", result.received)
      if let duration = result.duration { line.add("seconds", seconds: .nanoseconds(duration.nanoseconds)) }
      line.add("bitsPerSecond", Int64(result.bitsPerSecond))
      line.add("bytesSent", sent)
      line.add("bytesRetransmitted", result.sender.bytesRetransmitted)
      line.add("timeouts", result.sender.timeouts)
      line.add("packetsLost", result.link.drops)
      return print(line.line)
    }
    print(
      Self.row(
        name,
        [
          seconds.map { Self.fixed($0, 3) } ?? Speech.text(Phrase("not over", zh: "未完成")),
          Self.fixed(result.bitsPerSecond / 1e6, 2),
          share.map { Self.fixed($0 * 100, 1) + " %" } ?? "-", Self.fixed(again * 100, 2) + " %",
          "\(result.sender.timeouts)", "\(result.link.drops)", Self.fixed(roundTrip, 1),
        ]
      )
    )
  }

  private static func row(_ name: String, _ cells: [String]) -> String {
    DisplayWidth.fitted(name, to: 8) + cells.map { DisplayWidth.rightAligned($0, to: 12) }.joined()
  }

  private static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let whole = Int64((value * scale).rounded())
    let fraction = String(whole % Int64(scale) + Int64(scale)).dropFirst()
    return digits == 0 ? "\(whole)" : "\(whole / Int64(scale)).\(fraction)"
  }
}
