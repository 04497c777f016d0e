public import ArgumentParser
import Glibc
import NIOCore
public import SockeyeTalk
import SockeyeText
import SockeyeTransport

extension InputNotation: ExpressibleByArgument {}
extension LineEnding: ExpressibleByArgument {}
extension TLSSettings.Version: ExpressibleByArgument {}
extension StartTLSProtocol: ExpressibleByArgument {}
extension ConversationConfiguration.InputEndAction: ExpressibleByArgument {}
extension ConversationConfiguration.PeerEndAction: ExpressibleByArgument {}

/// How received data is shown.
enum OutputForm: String, ExpressibleByArgument, CaseIterable {
  case auto, text, hex, both, raw, json
}

/// The flags that `connect` and `listen` share.
struct ConversationFlags: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Use UDP.")
  var udp = false

  @Flag(help: "Use TLS.")
  var tls = false

  @Option(help: ArgumentHelp("Trust these certificates (PEM) instead of the system's.", valueName: "file"))
  var ca: String?

  @Flag(help: "Accept any certificate.")
  var insecure = false

  @Option(
    help: ArgumentHelp("The oldest version of TLS to speak: 1.0, 1.1, 1.2 or 1.3.", valueName: "version")
  )
  var tlsMin = TLSSettings.Version.v12

  @Option(
    help: ArgumentHelp("What to offer or choose by ALPN, best first, such as h2,http/1.1.", valueName: "names")
  )
  var alpn: String?

  @Option(
    name: [.long, .customLong("cert")],
    help: ArgumentHelp("Our certificate and those that vouch for it (PEM).", valueName: "file")
  )
  var certificate: String?

  @Option(help: ArgumentHelp("The private key of our certificate (PEM).", valueName: "file"))
  var key: String?

  @Option(help: "How input stands for bytes: text, hex (48 65 6c) or escape (\\n \\x1b \\u{4f60}).")
  var input = InputNotation.text

  @Option(help: "How received data is shown: auto (text on a terminal, raw otherwise), text, hex, both, raw or json.")
  var output = OutputForm.auto

  @Flag(help: "Print one JSON object a line for everything that happens (--output json).")
  var json = false

  @Option(help: "The encoding of text on the wire: utf-8 (default), gbk, gb18030, big5, shift_jis, latin1, utf-16le, …")
  var encoding: String?

  @Option(help: "What ends each line sent: none, lf, cr or crlf; without it lines stay as they are.")
  var eol: LineEnding?

  @Option(
    help: ArgumentHelp(
      "How messages are told apart: raw, gap:20ms, line, delimiter:0d0a, length:u16be@0 (or u8, u16le, u32be, …; "
        + "+N or -N behind it corrects the length), fixed:16 or json.",
      valueName: "framing"
    )
  )
  var frame = "raw"

  @Option(help: ArgumentHelp("The largest frame accepted.", valueName: "size"))
  var maxFrame = SizeArgument(bytes: Int64(Framing.defaultLargestFrame))

  @Option(help: ArgumentHelp("Put a checksum behind each message sent, such as crc-16/modbus:le.", valueName: "name"))
  var append: String?

  @Option(help: "What the end of input does: half-close, close or hold.")
  var onEof = ConversationConfiguration.InputEndAction.halfClose

  @Option(
    help: ArgumentHelp(
      "What the end of the peer's stream does: deliver what the input still brings, exit once what is at hand is sent, "
        + "or hold."
    )
  )
  var onPeerEof = ConversationConfiguration.PeerEndAction.deliver

  @Option(
    help: ArgumentHelp(
      "End when nothing was said for so long (default: never; a UDP client of listen is forgotten after 60s).",
      valueName: "duration"
    )
  )
  var idle: DurationArgument?

  @Option(help: ArgumentHelp("What the peer has to say; exit 12 if it doesn't.", valueName: "regex"))
  var expect: String?

  @Option(help: ArgumentHelp("How long --expect waits.", valueName: "duration"))
  var within = DurationArgument(.seconds(10))

  @Option(
    help: ArgumentHelp(
      "Record the conversation as packets, for Wireshark; - is standard output. The data and its times are real, the "
        + "headers are invented; 'sockeye watch' shows real ones.",
      valueName: "file.pcapng"
    )
  )
  var record: String?

  @Option(help: ArgumentHelp("Append everything that happens to a file, one JSON object a line.", valueName: "file"))
  var logFile: String?

  @Flag(help: "Show when each message came.")
  var timestamps = false

  @Option(
    name: [.customShort("o"), .long],
    help: ArgumentHelp("Write received data here (default: standard output, also as -).", valueName: "file")
  )
  var outputFile: String?

  @Flag(
    name: .customLong("no-edit"),
    help: "Leave the editing of typed lines to the terminal: no history, and what arrives may tear a line."
  )
  var noEdit = false

  @Flag(name: .shortAndLong, help: "Say nothing on standard error but what went wrong.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Show what is sent, too, and what TLS came to.")
  var verbose = false

  @Option(
    help: ArgumentHelp(
      "Have TCP ask a peer that was silent for idle whether it is still there, count times, an interval apart (1s to "
        + "32767s, and 1 to 127; the system's where they are left out).",
      valueName: "idle[,interval[,count]]"
    )
  )
  var keepalive: KeepAliveArgument?

  @Flag(help: "Let datagrams go to broadcast addresses.")
  var broadcast = false

  @Option(help: ArgumentHelp("Join a multicast group; may be repeated.", valueName: "address"))
  var join: [String] = []

  @Option(help: ArgumentHelp("How many routers a multicast may cross (default: 1).", valueName: "0-255"))
  var ttl: Int?

  @Option(help: ArgumentHelp("The interface for multicasts (default: the system chooses).", valueName: "name"))
  var interface: String?

  @Flag(inversion: .prefixedNo, help: "Whether multicasts come back to this machine.")
  var multicastLoopback: Bool?

  @Option(
    help: ArgumentHelp("Receive datagrams up to this size whole; longer ones are cut and marked.", valueName: "size")
  )
  var maxDatagram = SizeArgument(bytes: 65_535)

  @OptionGroup var family: FamilyFlags

  @OptionGroup var network: StackFlags

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    if let ttl = self.ttl, !(0...255).contains(ttl) { throw ValidationError(.ttlRange) }
    if record == "-" && (outputFile ?? "-") == "-" {
      throw ValidationError(.recordNeedsOutput)
    }
    if !(1...65_535).contains(maxDatagram.bytes) {
      throw ValidationError(.maxDatagramRange)
    }
    if !(1...(1 << 30)).contains(maxFrame.bytes) { throw ValidationError(.maxFrameRange) }
  }
}

// MARK: What the flags come to

extension ConversationFlags {
  var isJSON: Bool { json || output == .json }

  func isDatagram(_ endpoint: Endpoint) -> Bool { udp || endpoint.scheme == .udp }

  func textEncoding() throws(Failure) -> TextEncoding {
    guard let encoding = self.encoding else { return .utf8 }
    return try TextEncoding(encoding)
  }

  func composerSettings() throws(Failure) -> Composer.Settings {
    var settings = Composer.Settings()
    settings.notation = input
    settings.encoding = try textEncoding()
    settings.lineEnding = eol
    settings.framing = try Framing.parse(frame)
    if let name = append { settings.checksum = try AppendedChecksum(name) }
    return settings
  }

  func conversation(
    _ endpoint: Endpoint,
    isClient: Bool,
    startTLS: StartTLSProtocol? = nil
  ) throws(Failure) -> ConversationConfiguration {
    var result = ConversationConfiguration()
    result.composer = try composerSettings()
    result.largestFrame = Int(maxFrame.bytes)
    result.idleTimeout = idle?.amount
    result.onInputEnd = onEof
    result.onPeerEnd = onPeerEof
    result.reportsSent = verbose || isJSON || logFile != nil
    if let pattern = expect { result.expectation = try Expectation(pattern: pattern, within: within.amount) }
    if tls || endpoint.scheme == .tls || startTLS != nil {
      result.tls = encryption(isClient: isClient)
      result.tls?.startTLS = startTLS
    }
    if let path = record {
      let descriptor = path == "-" ? STDOUT_FILENO : try Self.open(path, O_WRONLY | O_CREAT | O_TRUNC)
      let name = path == "-" ? "standard output" : path
      let isDatagram = self.isDatagram(endpoint)
      result.recorder = try ConversationRecorder(descriptor, named: name, isClient: isClient, isDatagram: isDatagram)
    }
    return result
  }

  private func encryption(isClient: Bool) -> TLSSettings {
    var settings = TLSSettings()
    settings.authorityFile = ca
    settings.isInsecure = insecure
    settings.certificateFile = certificate
    settings.keyFile = key
    settings.oldestVersion = tlsMin
    settings.applicationProtocols =
      alpn.map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) } ?? []
    // A server that asks for certificates says who showed which.
    settings.reportsHandshake = verbose || isJSON || logFile != nil || (!isClient && ca != nil)
    return settings
  }

  func datagramOptions() throws(Failure) -> DatagramOptions {
    var options = DatagramOptions()
    options.family = family.family
    options.numericOnly = family.numericOnly
    options.broadcast = broadcast
    options.multicastTimeToLive = self.ttl
    options.multicastInterface = interface
    options.multicastLoopback = multicastLoopback
    // One byte more tells a datagram that was cut from one that just fits.
    options.largestDatagram = min(65_535, Int(maxDatagram.bytes) + 1)
    for group in join {
      guard let address = try? SocketAddress(ipAddress: group, port: 0), address.isMulticast else {
        throw Failure(.usage, .notMulticast(group))
      }
      options.multicastGroups.append(address)
    }
    return options
  }

  /// How the other end of a joint is spoken to: what the endpoint doesn't say itself is as for the first end.
  func onwards(_ endpoint: Endpoint, like first: ClientConfiguration) -> ClientConfiguration {
    var result = first
    result.number = 2
    result.connect.localEndpoint = nil
    result.isDatagram = endpoint.scheme == .udp
    result.conversation.tls = endpoint.scheme == .tls ? encryption(isClient: true) : nil
    // A record has streams or datagrams.
    if result.isDatagram != first.isDatagram { result.conversation.recorder = nil }
    return result
  }

  /// How a joint is printed: what goes through it is shown when it is asked for.
  func printingJoint(to descriptor: CInt) throws(Failure) -> ConversationPrinter.Settings {
    var settings = try printing(to: descriptor, showsPeers: true)
    settings.showsReceived = verbose || output != .auto
    settings.showsSent = false
    settings.showsHandshakes = verbose
    settings.editsLines = false
    settings.rendering.showsPeer = true
    if output == .auto { settings.rendering.form = .both }
    return settings
  }

  /// How a conversation is printed, what peers say going to `descriptor`.
  func printing(to descriptor: CInt, showsPeers: Bool) throws(Failure) -> ConversationPrinter.Settings {
    var settings = ConversationPrinter.Settings()
    settings.rendering = try rendering(to: descriptor, showsPeers: showsPeers)
    settings.output = descriptor
    settings.log = try logDescriptor()
    settings.isJSON = isJSON
    settings.isQuiet = quiet
    settings.showsSent = verbose
    settings.showsHandshakes = verbose
    // What is written byte for byte moves the cursor as it likes.
    settings.editsLines = !noEdit && !isJSON && settings.rendering.form != .raw
    return settings
  }

  private func rendering(to descriptor: CInt, showsPeers: Bool) throws(Failure) -> MessageRenderer.Settings {
    var settings = MessageRenderer.Settings()
    settings.encoding = try textEncoding()
    let isTerminal = Terminal(descriptor: descriptor).isTerminal
    settings.form =
      switch output {
      case .raw, .json: .raw
      case .text: .text
      case .hex: .hex
      case .both: .both
      // A pipe is byte-exact, unless words were asked for.
      case .auto: isTerminal || !settings.encoding.isUTF8 || timestamps ? .text : .raw
      }
    settings.showsControls = isTerminal
    settings.showsTime = timestamps
    settings.showsPeer = showsPeers && (isTerminal || timestamps)
    return settings
  }

  /// Waits for the record, and says what it lacks.
  ///
  /// - Throws: A failure of kind `localFile` when it can't be written.
  func finishRecord(_ recorder: ConversationRecorder?) async throws(Failure) {
    guard let recorder, let path = record else { return }
    let dropped = try await recorder.finish()
    if dropped > 0 { StandardError.say(.recordLacks(path, dropped)) }
  }

  /// Opens where received data goes.
  func outputDescriptor() throws(Failure) -> CInt {
    guard let path = outputFile, path != "-" else { return STDOUT_FILENO }
    return try Self.open(path, O_WRONLY | O_CREAT | O_TRUNC)
  }

  private func logDescriptor() throws(Failure) -> CInt? {
    guard let path = logFile else { return nil }
    return try Self.open(path, O_WRONLY | O_CREAT | O_APPEND)
  }

  private static func open(_ path: String, _ flags: CInt) throws(Failure) -> CInt {
    let descriptor = ArgumentFile.open(path, flags)
    guard descriptor >= 0 else {
      throw Failure(.localFile, .cannotWriteFile(path, .system(errno)))
    }
    return descriptor
  }
}
