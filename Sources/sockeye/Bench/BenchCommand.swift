import ArgumentParser
import Glibc
import NIOCore
import SockeyeDownload
import SockeyeText
import SockeyeTransport

/// How fast a network, a server or a TCP is.
struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measure throughput, round trips, connections and datagrams, over the kernel's TCP or our own.",
    discussion: """
        sockeye bench --serve :5201
        sockeye bench 192.0.2.1:5201 --direction both --connections 4
        sockeye bench 192.0.2.1:5201 --mode echo --size 64 --per-second 1000
        sockeye bench 192.0.2.1:5201 --mode connections --connections 10
        sockeye bench 192.0.2.1:5201 --mode datagrams --size 1200 --per-second 5000
        sockeye bench http://192.0.2.1:8080/file --mode http --connections 50
        sockeye bench --stack tun:sock0=10.9.0.2/24 10.9.0.1:5201

      Bytes that go up count when the server has got them. With --per-second, operations are due at fixed times, and each is \
      measured from when it was due, so that what waits behind a slow one counts as slow too. Datagrams come back from \
      the server: without --per-second, 32 are under way at once, and an answer that takes a second is lost. HTTP is asked of \
      any server. The processor's time is that of the whole program, on each side.
      """
  )

  @Argument(help: "HOST:PORT, HOST PORT or http://…; with --serve, where to listen.")
  var endpoint: [String]

  @Flag(help: "Be the server that the others are measured with.")
  var serve = false

  @Option(
    help: ArgumentHelp(
      "What to measure: bulk, echo, connections, datagrams, http. The default is bulk.",
      valueName: "mode"
    )
  )
  var mode = BenchMode.bulk

  @Option(help: ArgumentHelp("Which way bulk goes: up (the default), down, both.", valueName: "direction"))
  var direction = BenchDirection.up

  @Option(name: .customLong("for"), help: ArgumentHelp("How long to measure.", valueName: "duration"))
  var duration = DurationArgument(.seconds(10))

  @Option(help: ArgumentHelp("How many connections there are at once.", valueName: "n"))
  var connections = 1

  @Option(help: ArgumentHelp("How long a message or datagram is (default: 64 bytes).", valueName: "bytes"))
  var size = SizeArgument(bytes: 64)

  @Option(
    help: ArgumentHelp(
      "So many operations a second, over all connections (default: as many as can be).",
      valueName: "n"
    )
  )
  var perSecond: Int?

  @Option(help: ArgumentHelp("How long connecting may take.", valueName: "duration"))
  var connectTimeout = DurationArgument(.seconds(10))

  @OptionGroup var families: FamilyFlags

  @OptionGroup var network: StackFlags

  @Option(help: "Event loops that share the connections.")
  var workers = 1

  @Option(help: ArgumentHelp("Write the bound addresses here once listening.", valueName: "file"))
  var readyFile: String?

  @Flag(help: "Print one event a line on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Print the result alone.")
  var quiet = false

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    guard (1...256).contains(workers) else { throw ValidationError(.workersRange) }
    guard (1...100_000).contains(connections) else {
      throw ValidationError(.benchConnectionsRange)
    }
    guard perSecond.map({ (1...10_000_000).contains($0) }) ?? true else {
      throw ValidationError(.perSecondRange)
    }
    guard (1_000_000...86_400_000_000_000).contains(duration.amount.nanoseconds) else {
      throw ValidationError(.benchDurationRange)
    }
    let sizes: ClosedRange<Int64> =
      mode == .datagrams ? Int64(BenchDatagram.shortest)...65_000 : 1...(16 << 20)
    guard sizes.contains(size.bytes) else {
      throw ValidationError(.benchSizeRange(sizes))
    }
  }

  func run() async throws {
    try await network.withTransport(threads: workers) { transport in
      if serve { try await serve(over: transport) } else { try await measure(over: transport) }
    }
  }

  // MARK: Server

  private func serve(over transport: Transport) async throws {
    let server = try await BenchServer.start(
      on: try Endpoint.parse(endpoint),
      over: transport,
      streams: listenOptions,
      datagrams: datagramOptions
    )
    try announce(server.addresses)
    let signal = await Signals.shared.firstEnding()
    await server.close()
    throw SignalEnding(signal: signal)
  }

  private var listenOptions: ListenOptions {
    var options = ListenOptions()
    options.acceptFailed = { StandardError.say($0) }
    options.family = families.family
    options.numericOnly = families.numericOnly
    return options
  }

  private var datagramOptions: DatagramOptions {
    var options = DatagramOptions()
    options.family = families.family
    options.numericOnly = families.numericOnly
    return options
  }

  private func announce(_ addresses: [SocketAddress]) throws(Failure) {
    if let readyFile { try ReadyFile.write(addresses, to: readyFile) }
    if json {
      var event = JSONLine(event: "listening")
      event.add("addresses", addresses.map(\.text))
      print(event.line)
      fflush(nil)
    } else if !quiet {
      StandardError.say(.listening(addresses.map(\.text)))
    }
  }

  // MARK: Client

  private func measure(over transport: Transport) async throws {
    let (endpoint, settings) = try target()
    let text = BenchText(settings: settings, place: endpoint.description)
    if !quiet, !json { StandardError.say(text.opening) }
    var display = BenchProgress(text, isJSON: json, isQuiet: quiet)
    var connect = ConnectOptions()
    connect.family = families.family
    connect.numericOnly = families.numericOnly
    connect.timeout = connectTimeout.amount
    // The first signal ends the measurement, whose result is printed.
    Signals.shared.onEnding { _ in }
    let client = BenchClient(
      settings: settings,
      endpoint: endpoint,
      transport: transport,
      connectOptions: connect,
      isInterrupted: { Signals.shared.ending != nil }
    )
    let result = try await client.run { display.show($0, $1, $2) }
    display.clear()
    if json {
      print(text.resultLine(result))
    } else {
      for line in text.lines(result) { print(line) }
    }
    if let signal = Signals.shared.ending {
      fflush(nil)
      throw SignalEnding(signal: signal)
    }
  }

  private func target() throws(Failure) -> (Endpoint, BenchSettings) {
    var (path, host) = ("/", "")
    var endpoint = self.endpoint
    let isURL = endpoint.count == 1 && endpoint[0].hasPrefix("http://")
    if mode == .http {
      let url = try DownloadURL(isURL ? endpoint[0] : "http://\(endpoint.joined(separator: ":"))/")
      (path, host) = (url.target, url.authority)
      endpoint = [url.endpoint.description]
    }
    return (
      try Endpoint.parse(endpoint),
      BenchSettings(
        mode: mode,
        direction: direction,
        duration: duration.amount,
        connections: connections,
        size: Int(size.bytes),
        rate: perSecond,
        target: path,
        host: host
      )
    )
  }
}
