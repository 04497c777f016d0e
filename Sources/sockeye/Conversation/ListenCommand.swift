import ArgumentParser
import Glibc
import NIOCore
import SockeyeTalk
import SockeyeText
import SockeyeTransport

/// Answers, relays or speaks to whoever connects.
struct Listen: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serve conversations over TCP, UDP, TLS or a Unix domain socket.",
    discussion: """
        sockeye listen 8888
        sockeye listen --once --reply 'thank you, tcp client' 8888
        sockeye listen --max-clients 1 --reply haha --encoding gbk 8888
        sockeye listen --udp --echo 8888
        sockeye listen --exec 'tr a-z A-Z' 8888
        sockeye listen --proxy-server --deny 10.0.0.0/8 127.0.0.1:1080

      On a terminal, a typed line goes to every client; '@3 TEXT' to client 3 alone; /clients lists them, /kick 3 sends \
      one away, /quit ends. Clients beyond --max-clients wait, first come first served. The first INT or TERM stops \
      accepting and waits for those who are there; the second ends at once.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "PORT, :PORT, HOST:PORT, udp://…, tls://…, unix:PATH, unix:@NAME or unixgram:PATH; port 0 asks the system for one."
    )
  )
  var endpoint: [String]

  @OptionGroup var flags: ConversationFlags

  @Flag(help: "End with the first client; with --reply, once it is answered (see --replies).")
  var once = false

  @Flag(name: [.customShort("k"), .long], help: "Go on after a client has left (the default).")
  var keepOpen = false

  @Flag(help: "Send everything back.")
  var echo = false

  @Option(help: ArgumentHelp("Answer each message with this.", valueName: "text"))
  var reply: String?

  @Option(
    help: ArgumentHelp(
      "Answer so many messages of each client, then close (default: no limit; 1 with --once).",
      valueName: "n"
    )
  )
  var replies: Int?

  @Option(help: ArgumentHelp("Give each client so many answers a second at most (default: no limit).", valueName: "n"))
  var replyRate: Int?

  @Option(help: ArgumentHelp("Say this first.", valueName: "text"))
  var greet: String?

  @Option(help: ArgumentHelp("End the conversation when this is said.", valueName: "text"))
  var closeOn: String?

  @Option(help: ArgumentHelp("Say this when --close-on was said.", valueName: "text"))
  var goodbye: String?

  @Option(help: ArgumentHelp("Join each client to a command of its own.", valueName: "command"))
  var exec: String?

  @Flag(help: "Tell each client what the others say.")
  var relay = false

  @Option(
    help: ArgumentHelp(
      "Serve so many clients at a time; the others wait their turn (default: no limit).",
      valueName: "n"
    )
  )
  var maxClients: Int?

  @Option(
    help: ArgumentHelp(
      "Admit this network only; may be repeated. With --proxy-server: open a name, *.NAME, an address or a network, with "
        + ":PORT or :FIRST-LAST if wanted, to its clients; what no rule opens is closed then.",
      valueName: "rule"
    )
  )
  var allow: [String] = []

  @Option(
    help: ArgumentHelp(
      "Do not admit this network; may be repeated. With --proxy-server: close a name, *.NAME, an address or a network to its "
        + "clients, whatever is open.",
      valueName: "rule"
    )
  )
  var deny: [String] = []

  @Flag(
    help: ArgumentHelp(
      "Connect for others: serve SOCKS 5 (streams and datagrams) and HTTP CONNECT on this port. The machine itself, its "
        + "loopback and its links are closed unless --allow names the address."
    )
  )
  var proxyServer = false

  @Option(
    help: ArgumentHelp("Who may use --proxy-server: a file as 'sockeye serve --add-user' writes.", valueName: "file")
  )
  var authFile: String?

  @Flag(inversion: .prefixedNo, help: "Stop answering datagrams that look like answers to our answers.")
  var loopGuard = true

  @Flag(help: "Share the port with other processes.")
  var reusePort = false

  @Flag(help: "Look for commands (@3, /clients, /kick, /quit) in the input even if it is no terminal.")
  var interactive = false

  @Option(help: ArgumentHelp("Write the bound address here once listening.", valueName: "file"))
  var readyFile: String?

  func validate() throws {
    if let clients = maxClients, clients < 1 { throw ValidationError(.maxClientsAboveZero) }
    if let rate = replyRate, rate < 1 { throw ValidationError(.replyRateAboveZero) }
    if let replies = self.replies, replies < 0 { throw ValidationError(.repliesNotNegative) }
  }

  func run() async throws {
    DescriptorLimit.raise()
    try await flags.network.withTransport { transport in try await serve(over: transport) }
  }

  private func serve(over transport: Transport) async throws {
    let endpoint = try Endpoint.parse(self.endpoint)
    if proxyServer { return try await serveAsProxy(on: endpoint, over: transport) }
    let output = try self.flags.outputDescriptor()
    var configuration = try self.configuration(endpoint, output: output)
    var settings = try self.flags.printing(to: output, showsPeers: true)
    // A command takes what is said; it is not shown as well.
    settings.showsReceived = exec == nil
    settings.readyFile = readyFile
    settings.isServer = true
    if configuration.input == nil { settings.editsLines = false }
    let (writers, make) = try await ConversationPrinter.prepare(settings, on: transport.eventLoopGroup.next())
    configuration.input?.typedLine = writers.typedLine

    let server = try await ConversationServer.start(on: endpoint, over: transport, configuration: configuration) { _ in
      make()
    }
    let isQuiet = self.flags.quiet
    Signals.shared.onEnding { _ in
      if !isQuiet {
        StandardError.say(.drainingClients)
      }
      server.drain()
    }
    let cause = await server.waitUntilDone()
    if case .unix(let path) = endpoint.location { _ = ArgumentText.withPath(path) { unlink($0) } }
    try await writers.finish()
    try await self.flags.finishRecord(configuration.conversation.recorder)
    if let signal = Signals.shared.ending { throw SignalEnding(signal: signal) }
    if once, let cause { try judge(cause) }
  }

  /// A server that serves one client ends as the conversation with it did.
  private func judge(_ cause: CloseCause) throws(Failure) {
    switch cause {
    case .failed(let failure): throw failure
    case .peerReset: throw Failure(.network, .clientReset)
    case .timedOut: throw Failure(.timedOut, .clientSilent)
    case .idle: throw Failure(.timedOut, .clientIdle)
    case .peerFinished, .local: return
    }
  }

  private func configuration(_ endpoint: Endpoint, output: CInt) throws(Failure) -> ServerConfiguration {
    var result = ServerConfiguration()
    result.conversation = try self.flags.conversation(endpoint, isClient: false)
    result.conversation.automation = try automation(result.conversation.composer)
    result.isDatagram = self.flags.isDatagram(endpoint)
    result.datagrams = try self.flags.datagramOptions()
    result.datagrams.reusePort = reusePort
    if result.isDatagram, result.conversation.idleTimeout == nil { result.conversation.idleTimeout = .seconds(60) }
    result.listen.family = self.flags.family.family
    result.listen.numericOnly = self.flags.family.numericOnly
    result.listen.reusePort = reusePort
    result.listen.keepAlive = self.flags.keepalive?.value
    result.isOnce = once
    result.maximumClients = maxClients
    for network in allow { result.filter.allowed.append(try AddressFilter.Network(network)) }
    for network in deny { result.filter.denied.append(try AddressFilter.Network(network)) }

    let isInteractive = interactive || Terminal.input.isTerminal
    if isInteractive || !result.conversation.automation.answers {
      result.input = InputSettings(descriptor: STDIN_FILENO, isInteractive: isInteractive)
      result.input?.isTerminal = Terminal.input.isTerminal
    }
    result.isBareEcho = isBareEcho(output: output) && result.conversation.tls == nil && result.input == nil
    return result
  }

  /// Whether nobody looks at what is echoed, and nothing else is to be done about it.
  private func isBareEcho(output: CInt) -> Bool {
    guard echo, DescriptorWriter.isNullDevice(output), self.flags.quiet, !self.flags.isJSON else { return false }
    let flags = self.flags
    let watches =
      flags.record != nil || flags.logFile != nil || flags.expect != nil || flags.idle != nil || flags.verbose
    let interferes =
      once || maxClients != nil || self.replies != nil || replyRate != nil
      || greet != nil || closeOn != nil || !self.allow.isEmpty || !self.deny.isEmpty
    return !watches && !interferes && flags.frame == "raw"
      && flags.onPeerEof != ConversationConfiguration.PeerEndAction.hold
  }

  private func automation(_ settings: Composer.Settings) throws(Failure) -> Automation {
    var result = Automation()
    if let text = greet { result.greeting = try Composer.message(text, settings) }
    if echo { result.answer = .echo }
    if let text = reply { result.answer = .reply(try Composer.message(text, settings)) }
    if let command = exec { result.answer = .command(command) }
    if relay { result.answer = .relay }
    if let word = closeOn {
      var plain = settings
      plain.framing = .raw
      plain.lineEnding = nil
      plain.checksum = nil
      result.closeWord = Array(try Composer.message(word, plain).readableBytesView)
    }
    if let text = goodbye { result.goodbye = try Composer.message(text, settings) }
    result.answerLimit = self.replies == 0 ? nil : self.replies ?? (once && reply != nil ? 1 : nil)
    result.answersPerSecond = replyRate
    result.guardsAgainstLoops = loopGuard
    return result
  }
}
