import ArgumentParser
import Glibc
import NIOCore
import NIOSSL
import SockeyeFiles
import SockeyeTransport

/// The file service.
struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Put a directory on the network: HTTP, HTTPS and bare names on one port.",
    discussion: """
      Any browser, curl, wget, aria2 or 'sockeye get' can fetch from it, and so can clients that send a bare file name \
      and read until the end. Folders are listed (?json, ?plain) and fetched whole (?zip, ?tar); ?hash=sha256 gives a \
      file's digest. Only this machine can connect unless --public or --listen says otherwise.
      """
  )

  @Argument(help: "The directory to serve. On a terminal, the current one by default.")
  var directory: String?

  @Option(help: "Where to listen (default: port 8888 of this machine alone).")
  var listen: String?

  @Flag(help: "Let other machines connect: listen on all addresses.")
  var `public` = false

  @OptionGroup(title: "Addresses")
  var families: FamilyFlags

  @OptionGroup(title: "Bare names")
  var bareNames: BareNameFlags

  @OptionGroup(title: "Encryption and passwords")
  var security: SecurityFlags

  @OptionGroup(title: "Limits")
  var limits: ServiceLimitFlags

  @Flag(help: "Answer a folder with its listing even if it has an index.html.")
  var noIndex = false

  @Option(help: "Event loops that share the connections.")
  var workers = 1

  @Flag(help: "Share the port with other processes.")
  var reusePort = false

  @Option(help: ArgumentHelp("Write the bound addresses here once listening.", valueName: "file"))
  var readyFile: String?

  @Flag(help: "Print one event a line on standard output.")
  var json = false

  @Flag(name: .shortAndLong, help: "Say nothing but errors.")
  var quiet = false

  func validate() throws {
    guard (1...256).contains(self.workers) else { throw ValidationError("--workers is a number from 1 to 256") }
    if self.public, self.listen != nil {
      throw ValidationError("--public and --listen exclude each other; leave one out")
    }
  }

  func run() async throws {
    let directory = try self.chosenDirectory()
    var configuration = FileServiceConfiguration(directory: directory)
    configuration.missingReply = self.bareNames.missing
    configuration.quietTime = self.bareNames.quietTime.amount
    configuration.servesIndex = !self.noIndex
    try self.limits.apply(to: &configuration)

    let endpoint = try self.chosenEndpoint()
    var options = ListenOptions()
    options.family = self.families.family
    options.numericOnly = self.families.numericOnly
    options.reusePort = self.reusePort
    let service = try await FileService.start(
      configuration,
      on: endpoint,
      transport: .kernel(threads: self.workers),
      options: options
    )
    if let readyFile { try ReadyFile.write(service.addresses, to: readyFile) }
    if !self.quiet {
      for address in service.addresses {
        StandardError.say("Serving \(VisibleText.of(directory)) at http://\(address.text)/")
      }
    }
    let signal = await Signals.shared.firstEnding()
    if !self.quiet, service.openConnections > 0 {
      StandardError.say("Waiting for \(service.openConnections) connections; interrupt again to end at once.")
    }
    await service.drain()
    throw SignalEnding(signal: signal)
  }

  /// Serving a directory that nobody named is for somebody who sees which one it is.
  private func chosenDirectory() throws(Failure) -> String {
    if let directory { return directory }
    guard Terminal.error.isTerminal else {
      throw Failure(
        .usage,
        "no directory was named, and this is no terminal; write 'sockeye serve .' to serve the current one"
      )
    }
    return "."
  }

  private func chosenEndpoint() throws(Failure) -> Endpoint {
    if let listen { return try Endpoint.parse(listen) }
    return Endpoint(location: .network(host: self.public ? nil : "127.0.0.1", port: 8888))
  }
}
