import ArgumentParser
import SockeyeConsole
import SockeyeTransport

/// The network debugging assistant.
struct ConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "The network debugging assistant: TCP, UDP, TLS and Unix sockets by hand, in a browser.",
    discussion: """
        sockeye console
        sockeye console --listen 127.0.0.1:8890

      Prints one URL to open. The page comes from this program alone and works without a network. Only this machine can \
      connect unless --listen says otherwise, and only who knows the URL; nothing is encrypted on the way to the browser.
      """
  )

  @Option(help: ArgumentHelp("Where the page is (default: a free port of this machine alone).", valueName: "endpoint"))
  var listen = "127.0.0.1:0"

  @Option(help: ArgumentHelp("Write the URL here once listening.", valueName: "file"))
  var readyFile: String?

  @OptionGroup var network: StackFlags

  @OptionGroup var speech: LanguageFlag

  func run() async throws {
    DescriptorLimit.raise()
    try await network.withTransport { transport in try await serve(over: transport) }
  }

  /// The page is always the kernel's: a browser knows no other.
  private func serve(over transport: Transport) async throws {
    var configuration = ConsoleConfiguration()
    configuration.program = "sockeye \(Version.text)"
    configuration.language = Speech.language
    let console = try await Console.start(configuration, over: transport)
    let web = network.stack == nil ? transport : Transport.kernel(threads: 1)
    let server = try await ConsoleServer.start(for: console, on: try Endpoint.parse(listen), over: web)
    if let readyFile { try ReadyFile.write(lines: [server.url], to: readyFile) }
    StandardOutput.say(server.url)
    let signal = await Signals.shared.firstEnding()
    await server.close()
    throw SignalEnding(signal: signal)
  }
}
