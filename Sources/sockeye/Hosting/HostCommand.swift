import ArgumentParser
import Glibc
import NIOCore
import SockeyeHost
import SockeyeLink
import SockeyeTCP
import SockeyeTransport
import SockeyeWire

/// A network host of our own.
struct HostCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "host",
    abstract: "Be a network host on a TUN device, with Sockeye's own TCP/IP.",
    discussion: """
      The host answers ping, and serves what is asked for, over TCP and, but for source and sink, over UDP. The kernel \
      is its neighbour on the device, and needs an address there too:

        sockeye host --tun sock0=10.9.0.2/24,fd09::2/64 --echo 7 --sink 9000 &
        ip address add 10.9.0.1/24 dev sock0
        ping 10.9.0.2

      It takes the capability CAP_NET_ADMIN to make a device, and nothing to use one that is up and the user's \
      (ip tuntap add sock0 mode tun user NAME vnet_hdr; ip link set sock0 up).
      """
  )

  @Option(help: ArgumentHelp("The device and the host's addresses on it.", valueName: "name=address/prefix,…"))
  var tun: TunnelArgument

  @Option(help: ArgumentHelp("Where packets for elsewhere go; once for each family.", valueName: "address"))
  var gateway: [String] = []

  @Option(help: ArgumentHelp("The device's MTU (default: what it has).", valueName: "bytes"))
  var mtu: Int?

  @Flag(help: "Exchange single packets with whole checksums, as over a wire, instead of super-segments.")
  var noOffload = false

  @Flag(
    help: """
      Let a thread of the kernel's take in what the host sends, and coalesce it: more throughput without offload, later \
      answers.
      """
  )
  var kernelThread = false

  @Option(help: "Congestion control: newreno, cubic or bbr.")
  var congestion = CongestionArgument.cubic

  @Option(
    help: ArgumentHelp(
      "How long the first TERM or INT leaves connections to end by themselves; those left are reset.",
      valueName: "duration"
    )
  )
  var drain = DurationArgument(.seconds(10))

  @OptionGroup(title: "Services")
  var services: HostServiceFlags

  @OptionGroup(title: "Reports")
  var reports: HostReportFlags

  @OptionGroup var speech: LanguageFlag

  func validate() throws {
    if let mtu, !(68...65_535).contains(mtu) { throw ValidationError(.mtuRange) }
    if let mtu, mtu < 1280, tun.addresses.contains(where: { !$0.address.isIPv4 }) {
      throw ValidationError(.mtuForIPv6)
    }
    for own in tun.addresses where own.address.isMulticast || own.address.isUnspecified || own.address.isLoopback {
      throw ValidationError(.notHostAddress("\(own.address)"))
    }
  }

  func run() throws {
    do {
      try serve()
    } catch let error as LinkError {
      throw Failure(error)
    }
  }

  private func serve() throws {
    let device = try TunnelDevice(
      name: tun.name,
      maximumTransmissionUnit: mtu,
      offload: !noOffload,
      hasKernelThread: kernelThread
    )
    let configuration = try makeConfiguration(device.maximumTransmissionUnit)
    var driver = try HostDriver(RingHost(configuration: configuration, now: MonotonicClock.now), on: device)
    if let file = reports.capture { driver.capture = try CaptureFile(path: file, interfaceName: tun.name) }
    let report = reports
    var services = HostServices(self.services.options) { sentence in
      if !report.quiet { StandardError.say(sentence) }
    }
    report.printStates(of: &driver.host, since: MonotonicClock.now)
    let ports = try self.services.start(&services, on: &driver.host)
    try announce(ports)
    try loop(&driver, &services)
  }

  private func loop(_ driver: inout HostDriver<ByteRing>, _ services: inout HostServices) throws {
    let waker = driver.waker
    Signals.shared.onEnding { _ in waker.wake() }
    var nextStatus = reports.status ? MonotonicClock.now + reports.interval : .never
    while Signals.shared.ending == nil { try turn(&driver, &services, until: .never, &nextStatus) }
    // The wake-up is spent by now, so nothing is waited for but connections that are left, and those not for ever.
    services.drain(on: &driver.host)
    let end = MonotonicClock.now + .nanoseconds(drain.amount.nanoseconds)
    while driver.host.connectionCount > 0, MonotonicClock.now < end {
      try turn(&driver, &services, until: end, &nextStatus)
    }
    services.abort(on: &driver.host)
    // What resets the last ones still goes out.
    try driver.turn(until: MonotonicClock.now) { _ in }
    try driver.capture?.flush()
    if let signal = Signals.shared.ending { throw SignalEnding(signal: signal) }
  }

  private func turn(
    _ driver: inout HostDriver<ByteRing>,
    _ services: inout HostServices,
    until end: Instant,
    _ nextStatus: inout Instant
  ) throws {
    try driver.turn(until: min(nextStatus, end)) { services.run(on: &$0) }
    guard reports.status else { return }
    if MonotonicClock.now >= nextStatus {
      reports.printStatus(of: driver.host)
      nextStatus = nextStatus + reports.interval
    }
    // Whoever reads it through a pipe sees it when it happens.
    fflush(nil)
  }

  private func makeConfiguration(_ mtu: Int) throws -> HostConfiguration {
    var configuration = HostConfiguration(secret: try .fromSystem())
    configuration.addresses = tun.addresses
    configuration.fit(mtu: mtu, hasOffload: !noOffload)
    configuration.connection.congestionControl = congestion.algorithm
    for text in gateway {
      switch IPAddress(text) {
      case .v4(let address): configuration.gateway4 = address
      case .v6(let address): configuration.gateway6 = address
      case nil: throw ValidationError(.notGateway(text))
      }
    }
    return configuration
  }

  private func announce(_ ports: [(service: HostService, port: UInt16)]) throws {
    let endpoints: [(IPAddress, UInt16)] = tun.addresses.flatMap { own in
      ports.isEmpty ? [(own.address, UInt16(0))] : ports.map { (own.address, $0.port) }
    }
    if let readyFile = reports.readyFile {
      let addresses = try endpoints.map { try SocketAddress(ipAddress: "\($0)", port: Int($1)) }
      try ReadyFile.write(addresses, to: readyFile)
    }
    guard !reports.quiet else { return }
    let own = tun.addresses.map { "\($0.address)/\($0.prefixLength)" }
    StandardError.say(.hostIsUp(tun.name, own, ports.map { "\($0.service.rawValue) \($0.port)" }))
  }
}

/// The algorithms that a user can choose.
enum CongestionArgument: String, ExpressibleByArgument, CaseIterable {
  case newreno, cubic, bbr

  var algorithm: CongestionControlAlgorithm {
    switch self {
    case .newreno: .newReno
    case .cubic: .cubic
    case .bbr: .bbr
    }
  }
}
