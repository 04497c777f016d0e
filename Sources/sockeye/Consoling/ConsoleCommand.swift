import ArgumentParser
import Glibc
import SockeyeConsole
import SockeyeHost
import SockeyeText
import SockeyeTransport

/// The network debugging assistant.
struct ConsoleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "console",
    abstract: "The network debugging assistant: TCP, UDP, TLS and Unix sockets by hand, in a browser.",
    discussion: """
        sockeye console
        sockeye console --listen 127.0.0.1:8890 --directory records
        echo '{"op":"hello"}' | sockeye console --stdio
        sockeye console --state console.json
        sockeye console --stack tun:sock0=10.9.0.2/24

      Prints one URL to open. The page comes from this program alone and works without a network. Only this machine can \
      connect unless --listen says otherwise, and only who knows the URL; nothing is encrypted on the way to the browser.

      With --stdio or --session there is no page unless --listen asks for one: programs have the same operations, one JSON \
      object a line (Documentation/Console.md).
      """
  )

  @Option(help: ArgumentHelp("Where the page is (default: a free port of this machine alone).", valueName: "endpoint"))
  var listen: String?

  @Option(help: ArgumentHelp("Where records are written (default: the current directory).", valueName: "directory"))
  var directory = "."

  @Option(
    help: ArgumentHelp(
      "Keep sessions and the page's settings in this file from one start to the next.",
      valueName: "file"
    )
  )
  var state: String?

  @Option(
    help: ArgumentHelp("Open the sessions of this file, and print what happens, one event a line.", valueName: "file")
  )
  var session: String?

  @Flag(help: "Take requests on standard input; answers and events go to standard output.")
  var stdio = false

  @Option(help: ArgumentHelp("Write the URL here once listening.", valueName: "file"))
  var readyFile: String?

  @OptionGroup var network: StackFlags

  @OptionGroup var speech: LanguageFlag

  func run() async throws {
    DescriptorLimit.raise()
    try await network.withTransport { transport in try await serve(over: transport) }
  }

  private func serve(over transport: Transport) async throws {
    var configuration = ConsoleConfiguration()
    configuration.program = "sockeye \(Version.text)"
    configuration.language = Speech.language
    configuration.directory = directory
    configuration.stateFile = state
    configuration.sight = PacketSight(interface: network.stack?.tunnel.name)
    configuration.stack = network.stack.map { stack in
      ConsoleConfiguration.Stack(argument: stack.text, addresses: stack.tunnel.addresses.map { "\($0.address)" })
    }
    let console = try await Console.start(configuration, over: transport)
    let isForProgram = stdio || session != nil
    if !isForProgram || listen != nil { try await openPage(of: console, over: transport, isSaid: !isForProgram) }
    if isForProgram { return try await converse(with: console) }
    let signal = await Signals.shared.firstEnding()
    await console.end()
    throw SignalEnding(signal: signal)
  }

  /// The page is always the kernel's: a browser knows no other.
  private func openPage(of console: Console, over transport: Transport, isSaid: Bool) async throws {
    let web = network.stack == nil ? transport : Transport.kernel(threads: 1)
    let server = try await ConsoleServer.start(for: console, on: try Endpoint.parse(listen ?? "127.0.0.1:0"), over: web)
    if let readyFile { try ReadyFile.write(lines: [server.url], to: readyFile) }
    if isSaid { StandardOutput.say(server.url) } else { StandardError.say(server.url) }
  }

  /// Speaks to a program until its requests end, or a signal comes.
  private func converse(with console: Console) async throws {
    let streams = try await ConsoleStreams.start(for: console, writingTo: STDOUT_FILENO) { error in
      Exit.report(Failure(.localFile, .cannotWriteTheOutput(.system(error))))
    }
    if let session { try await console.openSessions(try Self.contents(of: session)) }
    if stdio {
      Signals.shared.onEnding { signal in
        Task {
          await console.keepLast()
          Exit.now(signal: signal)
        }
      }
      try await streams.readRequests(from: STDIN_FILENO)
      await console.end()
      _ = await streams.flush()
      return
    }
    let signal = await Signals.shared.firstEnding()
    await console.end()
    _ = await streams.flush()
    throw SignalEnding(signal: signal)
  }

  /// The largest file of sessions that is read, in bytes.
  private static let largestFile = 4 << 20

  private static func contents(of path: String) throws(Failure) -> [UInt8] {
    let descriptor = ArgumentFile.open(path, O_RDONLY)
    guard descriptor >= 0 else { throw Failure(.localFile, .cannotReadSessions(path, .system(errno))) }
    defer { close(descriptor) }
    var result: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while result.count <= largestFile {
      let count = read(descriptor, &part, part.count)
      guard count >= 0 else { throw Failure(.localFile, .cannotReadSessions(path, .system(errno))) }
      if count == 0 { return result }
      result += part[..<count]
    }
    throw Failure(.localFile, .cannotReadSessions(path, .system(EFBIG)))
  }
}
