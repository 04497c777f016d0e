import ArgumentParser
import SockeyeGateway
import SockeyeText
import SockeyeTransport

/// Runs a command in a network of its own.
struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Run a command in a network of its own.",
    discussion: """
        sockeye run -- curl https://example.com/
        sockeye run --allow '*.example.com:443' --log log.ndjson -- ./build.sh
        sockeye run --impair delay=50ms,loss=1% --capture run.pcapng -- ./client
        sockeye run --publish 8080:80 -- ./server
        sockeye run --offline -- make test

      What the command sends ends in Sockeye's own TCP/IP, which opens a connection to the same place from this machine, \
      once that has answered. The machine's own loopback addresses are closed to it; once there is an --allow, all is \
      closed but what that opens. When it ends, a table shows its connections.

      The command has the files, the user and the terminal that it would have without, but processes and network \
      interfaces of its own: nothing that it does to them is seen outside, and all that it has started ends with it. It \
      takes no privileges where users may have namespaces.

      The exit code is the command's: 128+n when signal n ended it, 127 when it is not found, 126 when it can't be \
      executed. Signals that are sent to sockeye go to the command. It inherits the standard streams alone.
      """
  )

  @Argument(parsing: .postTerminator, help: "The command with its arguments, behind --.")
  var command: [String] = []

  @Flag(help: "Be root inside, who may change the command's own network. Outside of it that is nobody more than you.")
  var root = false

  @Flag(help: "Have nothing on the network but the command's own loopback interface.")
  var offline = false

  @Option(
    help: """
      What is told of connections at the end, on standard error: auto is a table on a terminal, and nothing elsewhere.
      """
  )
  var report = ReportChoice.auto

  @Option(
    help: ArgumentHelp("Write each name asked for and each connection to a file, one event a line.", valueName: "file")
  )
  var log: String?

  @OptionGroup(title: "Network")
  var network: RunNetworkFlags

  @OptionGroup var speech: LanguageFlag

  func run() async throws {
    let session = try session()
    try await session.run()
  }

  private func session() throws -> RunSession {
    guard !command.isEmpty else { throw Failure(.usage, .commandBehindDashes) }
    let (network, gateway) = try self.network.network()
    var child = ChildConfiguration(command.map(ArgumentText.bytes))
    child.isRoot = root
    child.network = offline ? nil : network
    child.ignoredSignals = Signals.ignoredAtStart
    let log = try ConnectionLog(file: log)
    return RunSession(
      child,
      named: command[0],
      gateway,
      log,
      report: report,
      saysSeed: self.network.seed == nil && gateway.isImpaired
    )
  }
}
