import Glibc
import NIOCore
import SockeyeDownload
import SockeyeService
import SockeyeSimulatedNetwork
import SockeyeSimulator
import SockeyeTCP
import SockeyeTransport

/// A day of two hosts on a bad network: one runs the file service, the other fetches from it every now and then, and in between
/// the link is cut and healed, and the server crashes.
final class SimulatedDay {
  /// What came of the downloads of a day.
  struct Account: Equatable {
    var whole = 0
    var failed = 0
    var crashes = 0
    /// What must not be: a file that isn't what the server has, a failure of a kind that no network causes.
    var faults: [String] = []
    var digest: UInt64 = 0
    var packets = 0
  }

  private static let length = TimeAmount.hours(24)

  private let network: SimulatedNetwork
  private let server: SimulatedHost
  private let client: SimulatedHost
  private let served: ServedFolder
  private let folder: TemporaryFolder
  private var weather: SeededGenerator
  private var service: FileService?
  private var account = Account()

  init(seed: UInt64, serving served: ServedFolder) throws {
    var link = Impairments()
    link.delay = .milliseconds(20)
    link.jitter = .milliseconds(2)
    link.bitsPerSecond = 50_000_000
    link.queuePackets = 200
    link.loss = .independent(0.01)
    network = SimulatedNetwork(seed: seed, impairments: link)
    server = network.addHost("server")
    client = network.addHost("client")
    self.served = served
    folder = try TemporaryFolder()
    weather = SeededGenerator(seed: ~seed)
  }

  /// Lives the day.
  func run() throws -> Account {
    try startService()
    let visitor = Visitor(files: served.files, folder: folder, seed: weather.next())
    let (client, length) = (client, Self.length)
    let visits = network.start(on: client) { await visitor.live(on: .host(on: client), for: length) }
    let end = network.now + Self.length
    while network.now < end { try makeWeather() }
    let result = try network.run(until: visits, limit: .hours(1))
    account.whole = result.whole
    account.failed = result.failed
    account.faults = result.faults
    if let service { try network.run(on: server, limit: .hours(1)) { await service.drain() } }
    // What the last connections have left goes with TIME-WAIT and the timers of those that were cut.
    network.run(for: .minutes(30))
    if server.connectionCount + client.connectionCount > 0 { account.faults.append("connections are left") }
    network.shutDown()
    account.digest = network.trace.digest
    account.packets = network.trace.packetCount
    return account
  }

  private func startService() throws {
    let (server, configuration) = (server, FileServiceConfiguration(directory: served.path))
    service = try network.run(on: server) {
      try await FileService.start(configuration, on: .endpoint(Endpoint.parse(":80")), transport: .host(on: server))
    }
  }

  /// Half an hour or so of good weather, and then something.
  private func makeWeather() throws {
    network.run(for: .seconds(draw(60...3600)))
    switch draw(0...9) {
    case 0:
      server.crash()
      account.crashes += 1
      network.run(for: .seconds(draw(1...120)))
      server.restart()
      try startService()
    default:
      network.partition(client, server)
      network.run(for: .milliseconds(draw(1...3) == 1 ? draw(10_000...900_000) : draw(100...10_000)))
      network.heal(client, server)
    }
  }

  private func draw(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &weather) }
}

/// Somebody at the client who fetches a file now and then.
private struct Visitor: Sendable {
  let files: [ServedFolder.File]
  let folder: TemporaryFolder
  let seed: UInt64

  func live(on transport: Transport, for length: TimeAmount) async -> SimulatedDay.Account {
    var account = SimulatedDay.Account()
    var generator = SeededGenerator(seed: seed)
    let surroundings = transport.surroundings
    let end = surroundings.now + length
    while surroundings.now < end {
      try? await surroundings.sleep(for: .seconds(Int64.random(in: 1...3600, using: &generator)))
      let file = files[Int.random(in: 0..<files.count, using: &generator)]
      await fetch(file, over: transport, connections: Int.random(in: 1...3, using: &generator), &account)
    }
    return account
  }

  private func fetch(
    _ file: ServedFolder.File,
    over transport: Transport,
    connections: Int,
    _ account: inout SimulatedDay.Account
  ) async {
    var options = DownloadOptions()
    options.folder = folder.path
    options.connections = connections == 1 ? .automatic : .fixed(connections)
    let downloader = Downloader(transport: transport, options: options)
    do throws(Failure) {
      _ = try await downloader.download(try DownloadURL("http://server/\(file.name)"))
      account.whole += 1
      if folder.contents(of: file.name) != file.contents { account.faults.append("\(file.name) isn't what is served") }
      folder.remove(file.name)
    } catch {
      account.failed += 1
      switch error.kind {
      case .network, .timedOut, .integrity: break
      default: account.faults.append("\(error.kind): \(error.message)")
      }
      if folder.contents(of: file.name) != nil { account.faults.append("\(file.name) has its name though it failed") }
    }
    await downloader.shutdown()
  }
}
