import ArgumentParser
import Glibc
import NIOCore
import SockeyeService
import SockeyeText
import SockeyeTransport

/// The file service.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put a directory, or files, on the network: HTTP, HTTPS and bare names on one port.",
    discussion: """
        sockeye serve .
        sockeye serve --public --upload --tls auto ~/Public
        sockeye serve --public report.pdf photos

      Any browser, curl, wget, aria2 or 'sockeye get' can fetch from it, and so can clients that send a bare file name \
      and read until the end. Folders are listed (?json, ?plain) and fetched whole (?zip, ?tar); ?hash=sha256 gives a \
      file's digest. Only this machine can connect unless --public or --listen says otherwise. Hidden files, and \
      symbolic links that lead out of the directory, are never served.

      HUP reads the certificate and the passwords again. A socket handed over by a service manager (LISTEN_FDS) is \
      used instead of --listen.
      """
  )

  @Argument(
    help: ArgumentHelp(
      "The directory to serve, or files and folders, each under its own name. On a terminal, the current directory by default.",
      valueName: "path"
    )
  )
  var paths: [String] = []

  @Option(help: ArgumentHelp("Where to listen (default: port 8888 of this machine alone).", valueName: "endpoint"))
  var listen: String?

  @Flag(help: "Let other machines connect: listen on all addresses, port 8888.")
  var `public` = false

  @OptionGroup(title: "Addresses")
  var families: FamilyFlags

  @OptionGroup
  var network: StackFlags

  @OptionGroup(title: "Pages")
  var pages: PageFlags

  @OptionGroup(title: "Bare names")
  var bareNames: BareNameFlags

  @OptionGroup(title: "Encryption and passwords")
  var security: SecurityFlags

  @OptionGroup(title: "Limits")
  var limits: ServiceLimitFlags

  @OptionGroup(title: "Reports")
  var reports: ReportFlags

  @Option(help: "Event loops that share the connections.")
  var workers = 1

  @Flag(help: "Share the port with other processes.")
  var reusePort = false

  @Option(help: ArgumentHelp("Write the bound addresses here once listening.", valueName: "file"))
  var readyFile: String?

  @Flag(help: "Print one event a line on standard output.")
  var json = false

  @Flag(help: "Let the process do all that its user may, instead of only what serving takes (Landlock).")
  var noSandbox = false

  @Flag(name: .shortAndLong, help: "Say how the process is confined.")
  var verbose = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    guard (1...256).contains(workers) else { throw ValidationError(.workersRange) }
  }

  func run() async throws {
    if let user = self.security.addUser, let file = self.security.authFile {
      return try self.security.add(user, to: file)
    }
    try await network.withTransport(threads: workers) { transport in try await serve(over: transport) }
  }

  private func serve(over transport: Transport) async throws {
    let paths = try chosenPaths()
    let identity = try self.security.identity(names: ServedAddresses.names(of: network.ownAddresses))
    let log = try chosenLog()
    let configuration = try makeConfiguration(paths, identity, log)
    let service = try await FileService.start(
      configuration,
      on: try chosenPlace(),
      transport: transport,
      options: listenOptions
    )
    var admin: AdminEndpoint?
    if let endpoint = reports.admin {
      admin = try await AdminEndpoint.start(for: service, on: try Endpoint.parse(endpoint), transport: transport)
    }
    // Whoever reads that it is ready may ask for a reload at once.
    let hadTerminal = Terminal.error.isTerminal
    Signals.shared.onReload { [security] in
      // A terminal that is gone hangs up on whoever it ran; what was started from it is not meant to stay.
      if hadTerminal, !Terminal.error.isTerminal { _exit(128 + SIGHUP) }
      Self.reload(service, security, identity)
    }
    if let readyFile { try ReadyFile.write(service.addresses, to: readyFile) }
    announce(service, admin, paths, identity)

    let signal = await Signals.shared.firstEnding()
    var event = JSONLine(event: "draining")
    event.add("connections", service.openConnections)
    say(event.line) {
      service.openConnections > 0
        ? Speech.text(ProgramSentence.waitingForConnections(service.openConnections).phrase) : nil
    }
    await service.drain()
    await admin?.close()
    log?.flush()
    throw SignalEnding(signal: signal)
  }

  // MARK: What was asked for

  /// Serving a directory that nobody named is for somebody who sees which one it is.
  private func chosenPaths() throws(Failure) -> [String] {
    if !self.paths.isEmpty { return self.paths }
    guard Terminal.error.isTerminal else {
      throw Failure(.usage, .noDirectory)
    }
    return ["."]
  }

  /// Whether it is one directory that is served, and not what was picked.
  private static func isDirectory(_ paths: [String]) -> Bool {
    var status = stat()
    // What can't be looked at is best reported as what it was most likely meant to be.
    guard paths.count == 1, ArgumentText.withPath(paths[0], { stat($0, &status) }) == 0 else { return paths.count == 1 }
    return status.st_mode & S_IFMT == S_IFDIR
  }

  private func chosenPlace() throws(Failure) -> FileService.Place {
    let inherited = Transport.inheritedDescriptors
    if !inherited.isEmpty { return .inherited(inherited) }
    if let listen { return .endpoint(try Endpoint.parse(listen)) }
    return .endpoint(Endpoint(location: .network(host: isForOthers ? nil : "127.0.0.1", port: 8888)))
  }

  /// Nobody is on this machine alone but by the kernel's addresses.
  private var isForOthers: Bool { self.public || network.stack != nil }

  private func chosenLog() throws(Failure) -> AccessLog? {
    if let path = reports.accessLog { return try AccessLog(path: path, isJSON: reports.logFormat == .json) }
    return Terminal.error.isTerminal && !self.quiet && !self.json ? AccessLog() : nil
  }

  private var listenOptions: ListenOptions {
    var options = ListenOptions()
    options.family = families.family
    options.numericOnly = families.numericOnly
    options.reusePort = reusePort
    options.acceptFailed = { StandardError.say($0) }
    return options
  }

  private func makeConfiguration(
    _ paths: [String],
    _ identity: ServiceIdentity?,
    _ log: AccessLog?
  ) throws(Failure) -> FileServiceConfiguration {
    let isDirectory = Self.isDirectory(paths)
    guard isDirectory || !limits.upload else { throw Failure(.usage, .uploadNeedsDirectory) }
    var configuration =
      isDirectory ? FileServiceConfiguration(directory: paths[0]) : FileServiceConfiguration(selection: paths)
    try pages.apply(to: &configuration)
    configuration.missingReply = bareNames.missing
    configuration.quietTime = bareNames.quietTime.amount
    configuration.tls = identity?.configuration
    configuration.passwords = try self.security.passwords()
    if let log { configuration.accessLog = { log.take($0) } }
    try limits.apply(to: &configuration)
    return configuration
  }

  private static func reload(_ service: FileService, _ security: SecurityFlags, _ identity: ServiceIdentity?) {
    do {
      // A certificate that was made up stays: nobody has another one.
      let current = security.tls == nil ? try security.identity(names: []) : identity
      try service.reload(tls: current?.configuration, passwords: try security.passwords())
      StandardError.say(.reloaded)
    } catch {
      StandardError.say(.notReloaded(error.phrase))
    }
  }

  // MARK: What is said

  private func say(_ event: String, _ line: () -> String?) {
    if json {
      StandardOutput.say(event)
    } else if !self.quiet, let line = line() {
      StandardError.say(line)
    }
  }

  private func announce(
    _ service: FileService,
    _ admin: AdminEndpoint?,
    _ paths: [String],
    _ identity: ServiceIdentity?
  ) {
    let reachable = ServedAddresses(
      bound: service.addresses,
      isEncrypted: identity != nil,
      own: network.ownAddresses,
      path: service.path
    )
    let urls = reachable.urls
    var event = JSONLine(event: "listening")
    event.add("addresses", service.addresses.map(\.text))
    event.add("urls", urls)
    if let identity { event.add("sha256", identity.fingerprint) }
    if let admin { event.add("admin", admin.addresses.map(\.text)) }
    say(event.line) {
      var sentences = [ProgramSentence.serving(paths.map { VisibleText.of($0) }.joined(separator: ", "), urls)]
      if let identity { sentences.append(.certificateFingerprint(identity.fingerprint)) }
      if let admin { sentences += admin.addresses.map { .metricsAt($0.text) } }
      var lines = sentences.map { $0.text(in: Speech.language) }
      if reachable.areForOthers, Terminal.error.isTerminal, let url = urls.first, let code = QRCode(url) {
        lines.append(code.text())
      }
      return lines.joined(separator: "\n")
    }
  }
}
