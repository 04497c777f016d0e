import ArgumentParser
import Glibc
import NIOCore
import SockeyeGateway
import SockeyeText
import SockeyeTransport

/// Puts a bad network in front of a port, or between two devices.
struct Impair: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put a bad network in front of a port, or between two devices.",
    discussion: """
        sockeye impair 8080 example.com:80 delay=50ms,loss=1%
        sockeye impair 8080 example.com:80 profile=3g
        sockeye impair udp://:5353 udp://127.0.0.1:53 up:loss=20%
        sockeye impair 8080 127.0.0.1:80 reset=64KiB
        sockeye impair --tun bad0 --tun bad1 rate=10Mbps,queue=64KiB

      A stream crosses a simulated network between two hosts of Sockeye's own TCP: what is lost there is sent again, and \
      the stream arrives whole. Datagrams that are lost are lost. It takes no privileges; making devices does.

      A network is KEY=VALUE with commas, up: or down: before a key that holds in one direction only (up is from the \
      side that opens): delay=50ms, jitter=5ms, distribution=uniform|normal|pareto, loss=1%, burst=1%/25% (begins, \
      ends), rate=10Mbps, queue=64KiB, codel=5ms, duplicate=0.1%, reorder=1%, reorder-delay=10ms, corrupt=0.01%, \
      mtu=1400; for each stream reset=SIZE, close=SIZE or silence=SIZE, after which that happens; profile= dial, edge, \
      3g, slow-3g, 4g, lte, dsl, cable, fibre, satellite or bad-wifi.

      A timetable's lines are 'at 10s loss=5%'; the control socket takes a line such as 'loss=5%', or 'status'.
      """
  )

  @Argument(help: "LISTEN TARGET SPEC; with two --tun, SPEC alone.")
  var words: [String] = []

  @Option(help: ArgumentHelp("A TUN device at one end; given twice.", valueName: "name"))
  var tun: [String] = []

  @Option(
    help: ArgumentHelp("What all chance derives from (default: another one each time, which is said).", valueName: "n")
  )
  var seed: UInt64?

  @Option(help: ArgumentHelp("Change the network by the clock.", valueName: "file"))
  var timetable: String?

  @Option(help: ArgumentHelp("Take changes while it runs.", valueName: "unix:path"))
  var control: String?

  @Option(
    help: ArgumentHelp("How often what happened to packets is told; 0s for the end alone.", valueName: "duration")
  )
  var every = DurationArgument(.seconds(1))

  @Option(help: ArgumentHelp("Carry so many streams at a time; others are turned away.", valueName: "n"))
  var maxStreams = 1024

  @Option(help: ArgumentHelp("Write the bound addresses here once listening.", valueName: "file"))
  var readyFile: String?

  @Flag(help: "Print one event a line on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    guard maxStreams > 0 else { throw ValidationError(.maxStreamsAboveZero) }
    guard every.amount >= .zero, every.amount == .zero || every.amount >= .milliseconds(1) else {
      throw ValidationError(.everyRangeOrNone)
    }
  }

  /// The words that are right depend on flags, which are held to their table first.
  private func checkWords() throws(Failure) {
    guard tun.isEmpty || tun.count == 2 else { throw Failure(.usage, .tunTwice) }
    guard words.count == (tun.isEmpty ? 3 : 1) else {
      throw Failure(.usage, tun.isEmpty ? .impairWords : .impairSpecificationAlone)
    }
  }

  func run() async throws {
    try checkWords()
    let specification = try PathSpecification(words[words.count - 1])
    let entries = try timetable.map { try Self.readTimetable($0, specification) } ?? []
    let seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
    let transport = Transport.kernel()
    let network: any ImpairedNetwork
    if tun.isEmpty {
      let path = try ImpairedPath(
        specification.impairments,
        maximumTransmissionUnit: specification.maximumTransmissionUnit,
        seed: seed
      )
      network = path
      try await forward(over: path, specification, by: transport, seed: seed)
    } else {
      guard specification.faults == StreamFaults() else {
        throw Failure(.usage, .faultsBetweenDevices)
      }
      network = try BridgedNetwork(between: tun[0], and: tun[1], specification, seed: seed)
      if let readyFile { try ReadyFile.write([], to: readyFile) }
      say(
        Phrase(
          "Between \(tun[0]) and \(tun[1]): \(words[0]); seed \(seed).",
          zh: "在 \(tun[0]) 和 \(tun[1]) 之间：\(words[0])；种子 \(seed)。"
        )
      )
    }
    let live = LiveSpecification(specification, of: network)
    if let control { try await listenForChanges(control, live, by: transport) }
    try await run(entries, live)
    await network.end()
    if let control { Self.remove(control) }
    if let signal = Signals.shared.ending { throw SignalEnding(signal: signal) }
  }

  private static func readTimetable(
    _ path: String,
    _ specification: PathSpecification
  ) throws(Failure) -> [ImpairmentTimetable.Entry] {
    guard let bytes = ArgumentFile.contents(of: path) else {
      throw Failure(.localFile, .cannotRead(path, .system(errno)))
    }
    return try ImpairmentTimetable(String(decoding: bytes, as: UTF8.self), changing: specification).entries
  }

  // MARK: A port

  private func forward(
    over path: ImpairedPath,
    _ specification: PathSpecification,
    by transport: Transport,
    seed: UInt64
  ) async throws(Failure) {
    let (from, to) = (try Endpoint.parse(words[0]), try Endpoint.parse(words[1]))
    guard from.scheme != .tls, to.scheme != .tls else {
      throw Failure(.usage, .tlsPassesAsItIs)
    }
    guard (from.scheme == .udp) == (to.scheme == .udp) else {
      throw Failure(.usage, .datagramsToDatagrams)
    }
    let listener: Listener
    if from.scheme == .udp {
      guard specification.faults == StreamFaults() else {
        throw Failure(.usage, .faultsOfDatagrams)
      }
      listener = try await DatagramForwarder(over: path, by: transport).listen(on: from, to: to)
    } else {
      let forwarder = StreamForwarder(
        over: path,
        by: transport,
        to: to,
        faults: specification.faults,
        mostStreams: maxStreams,
        report: report
      )
      listener = try await forwarder.listen(on: from)
    }
    if let readyFile { try ReadyFile.write(listener.addresses, to: readyFile) }
    let places = listener.addresses.map(\.text).joined(separator: ", ")
    if json {
      var line = JSONLine(event: "listening")
      line.add("addresses", listener.addresses.map(\.text))
      line.add("target", words[1])
      line.add("network", words[2])
      line.add("seed", seed)
      ImpairReport.show(line)
    } else {
      say(
        Phrase(
          "\(places) leads to \(words[1]) over \(words[2]); seed \(seed).",
          zh: "\(places) 经过 \(words[2]) 通往 \(words[1])；种子 \(seed)。"
        )
      )
    }
  }

  private var report: @Sendable (StreamForwarder.Event) -> Void {
    let (json, quiet) = (json, quiet)
    return { ImpairReport.show($0, Self.complaints, json: json, quiet: quiet) }
  }

  /// What went wrong with clients.
  private static let complaints = RepeatedComplaints()

  // MARK: While it runs

  private func listenForChanges(_ place: String, _ live: LiveSpecification, by transport: Transport) async throws {
    _ = try await ControlSocket.listen(on: try Endpoint.parse(place), by: transport) { line in
      if line == "status" { return ImpairReport.line(live.counters, event: "counters").line }
      do throws(Failure) {
        try live.change(by: line)
        return JSONLine(event: "changed").line
      } catch {
        var answer = JSONLine(event: "error")
        answer.add("message", error.message)
        return answer.line
      }
    }
  }

  private static func remove(_ control: String) {
    guard case .unix(let path)? = (try? Endpoint.parse(control))?.location else { return }
    _ = ArgumentText.withPath(path) { unlink($0) }
  }

  /// Follows the timetable and tells what happens, until a signal comes.
  private func run(_ entries: [ImpairmentTimetable.Entry], _ live: LiveSpecification) async throws {
    let start = ContinuousClock.now
    let (every, json, quiet) = (every.amount, json, quiet)
    let changes = Task {
      for entry in entries {
        try await Task.sleep(until: start + .nanoseconds(entry.time.nanoseconds), clock: .continuous)
        try live.change(by: entry.text)
        if !quiet, !json { StandardError.say("\(entry.text)") }
      }
    }
    let reports = Task {
      var reporter = ImpairReporter(json: json, quiet: quiet)
      while every > .zero {
        try await Task.sleep(for: .nanoseconds(every.nanoseconds))
        reporter.show(live.counters)
      }
    }
    _ = await Signals.shared.firstEnding()
    changes.cancel()
    reports.cancel()
    Self.complaints.tellHeld()
    ImpairReporter(json: json, quiet: quiet).showEnd(live.counters)
  }

  private func say(_ line: Phrase) {
    if !quiet, !json { StandardError.say(Speech.text(line)) }
  }
}
