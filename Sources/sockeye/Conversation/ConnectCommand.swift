import ArgumentParser
import Glibc
import NIOCore
import SockeyeDownload
import SockeyeTalk
import SockeyeTransport
import Synchronization

/// Speaks to a server: standard input goes to it, what it says goes to standard output.
struct Connect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Hold a conversation over TCP, UDP, TLS or a Unix domain socket.",
    discussion: """
        printf 'GET / HTTP/1.0\\r\\n\\r\\n' | sockeye connect example.com:80
        sockeye connect --udp --send 'ni hao server' 127.0.0.1:9999
        sockeye connect --expect '^220 ' --within 2s mail.example.com:25
        sockeye connect --starttls smtp --verbose mail.example.com:25
        sockeye connect 127.0.0.1:2000 --to unix:/run/app.sock
        sockeye connect --input hex --append crc-16/modbus:le 10.0.0.7:502
        sockeye connect --reconnect --keepalive 30s,10s,3 10.0.0.7:6514
        sockeye connect -z example.com:ssh,80,443,8000-8010
        sockeye connect --proxy socks5://127.0.0.1:1080 mail.example.com:25

      End of input half-closes, the rest of the peer's data is still read, and the program ends when both directions \
      have. If the peer closes first, what standard input still brings is delivered before it ends; a person at a \
      terminal, and a peer that has gone for good, are not waited for (see --on-peer-eof).
      """
  )

  @Argument(help: "HOST:PORT, HOST PORT, tcp://…, udp://…, tls://…, unix:PATH, unix:@NAME or unixgram:PATH.")
  var endpoint: [String]

  @OptionGroup var flags: ConversationFlags

  @Option(
    name: .customLong("starttls"),
    help: "Ask for TLS in the peer's protocol first: smtp, imap, pop3, ldap or postgres."
  )
  var startTLS: StartTLSProtocol?

  @Option(help: ArgumentHelp("Send this instead of standard input.", valueName: "text"))
  var send: String?

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp(
      "Join the endpoint to this one: what either says goes to the other. --output hex or -v shows it.",
      valueName: "endpoint"
    )
  )
  var other: String?

  @Option(help: ArgumentHelp("Send again and again, so long after one another.", valueName: "duration"))
  var every: DurationArgument?

  @Option(help: ArgumentHelp("How often to send in all (default: once; without end with --every).", valueName: "n"))
  var count: Int?

  @Option(help: ArgumentHelp("How long connecting may take.", valueName: "duration"))
  var connectTimeout = DurationArgument(.seconds(10))

  @Option(help: ArgumentHelp("Try so often again when connecting fails.", valueName: "n"))
  var retry = 0

  @Option(help: ArgumentHelp("The shortest and longest pause between tries; it doubles.", valueName: "min..max"))
  var backoff = BackOffArgument(.milliseconds(200)...(.seconds(10)))

  @Flag(
    help:
      "Connect again, with the pauses of --backoff, when the connection is refused or lost (--retry limits how often)."
  )
  var reconnect = false

  @Option(
    help: ArgumentHelp(
      "End after so long in all, connecting and pauses included; exit 10 (default: no limit).",
      valueName: "duration"
    )
  )
  var total: DurationArgument?

  @Option(help: ArgumentHelp("Connect from this address, or address and port.", valueName: "addr[:port]"))
  var bind: String?

  @Option(
    help: ArgumentHelp(
      "Connect through http://HOST:PORT or socks5://HOST:PORT, which looks the peer's name up.",
      valueName: "url"
    )
  )
  var proxy: String?

  @Option(help: ArgumentHelp("Who to be to the proxy: a file of mode 600 with NAME:PASSWORD.", valueName: "file"))
  var proxyAuthFile: String?

  @Flag(
    name: .customShort("z"),
    help: ArgumentHelp(
      "Only see whether somebody answers: TCP accepts or refuses; HOST:22,80,8000-8010 asks many ports, each of which is "
        + "open, closed or filtered, and the exit code is 0 if all are open. UDP has no such answer: with -u an empty "
        + "datagram is sent, and silence says nothing: the port may be closed as well as silent."
    )
  )
  var probe = false

  func validate() throws {
    if let count = self.count, count < 1 { throw ValidationError(.countAboveZero) }
    if let total, total.amount <= .zero { throw ValidationError(.totalAboveZero) }
    if retry < 0 { throw ValidationError(.retryNotNegative) }
  }

  func run() async throws {
    try await flags.network.withTransport { transport in
      if let other {
        try await join(try Endpoint.parse(other), over: transport)
      } else {
        try await converse(over: transport)
      }
    }
  }

  private func converse(over transport: Transport) async throws {
    if let list = try PortList.parse(self.endpoint) { return try await scan(list, over: transport) }
    let endpoint = try Endpoint.parse(self.endpoint)
    var configuration = try self.configuration(endpoint)
    let output = try flags.outputDescriptor()
    var settings = try flags.printing(to: output, showsPeers: false)
    if configuration.input == nil { settings.editsLines = false }
    let (writers, make) = try await ConversationPrinter.prepare(settings, on: transport.eventLoopGroup.next())
    configuration.input?.typedLine = writers.typedLine

    // The first signal ends the conversation in good order, or the attempt to begin one.
    let running = RunningClient()
    let isQuiet = flags.quiet
    Signals.shared.onEnding { signal in
      guard let client = running.client.withLock({ $0 }) else { Exit.now(signal: signal) }
      if !isQuiet { StandardError.say(.endingClient) }
      client.end()
    }
    let client: ConversationClient
    do {
      client = try await ConversationClient.start(to: endpoint, over: transport, configuration: configuration) { _ in
        make()
      }
    } catch {
      try? await writers.finish()
      throw error
    }
    running.client.withLock { $0 = client }
    let outcome = await client.waitUntilDone()
    try await writers.finish()
    try await flags.finishRecord(configuration.conversation.recorder)
    if let signal = Signals.shared.ending { throw SignalEnding(signal: signal) }
    if let failure = outcome.failure { throw failure }
  }

  /// The client that a signal ends.
  private final class RunningClient: Sendable {
    let client = Mutex<ConversationClient?>(nil)
  }

  /// How to connect, whatever follows.
  func connectOptions() throws(Failure) -> ConnectOptions {
    var options = ConnectOptions()
    options.family = flags.family.family
    options.numericOnly = flags.family.numericOnly
    options.timeout = connectTimeout.amount
    if let bind = self.bind { options.localEndpoint = try Self.localEndpoint(bind) }
    return options
  }

  func configuration(_ endpoint: Endpoint) throws(Failure) -> ClientConfiguration {
    var result = ClientConfiguration()
    result.connect = try connectOptions()
    result.conversation = try flags.conversation(endpoint, isClient: true, startTLS: startTLS)
    result.isDatagram = flags.isDatagram(endpoint)
    result.datagrams = try flags.datagramOptions()
    result.datagrams.timeout = connectTimeout.amount
    result.conversation.handshakeLimit = connectTimeout.amount
    result.proxy = try chosenProxy()
    result.connect.keepAlive = flags.keepalive?.value
    result.retries = retry
    result.reconnects = reconnect
    result.totalTime = total?.amount
    result.backOff = backoff.range
    result.isProbe = probe
    if let text = self.send {
      var utterance = ClientConfiguration.Utterance(try Composer.message(text, result.conversation.composer))
      utterance.interval = every?.amount
      utterance.count = self.count
      if utterance.count != nil, utterance.interval == nil { utterance.interval = .zero }
      result.utterance = utterance
    } else if !self.probe, other == nil {
      result.input = InputSettings(descriptor: STDIN_FILENO)
      result.input?.isTerminal = Terminal.input.isTerminal
    }
    return result
  }

  private func chosenProxy() throws(Failure) -> ProxyServer? {
    guard let proxy else { return nil }
    var selection = ProxySelection()
    try selection.use(proxy)
    if let proxyAuthFile { try selection.authenticate(file: proxyAuthFile) }
    return selection.chosen
  }

  /// An address alone leaves the port to the system.
  private static func localEndpoint(_ text: String) throws(Failure) -> Endpoint {
    if (try? SocketAddress(ipAddress: text, port: 0)) != nil {
      return Endpoint(location: .network(host: text, port: 0))
    }
    return try Endpoint.parse(text)
  }
}
