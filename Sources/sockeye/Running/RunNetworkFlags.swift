import ArgumentParser
import NIOCore
import SockeyeGateway
import SockeyeText
import SockeyeTransport
import SockeyeWire

/// What a command's network is like.
struct RunNetworkFlags: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Let clients reach a server of the command's at a port of this machine, the machine's port first.",
      valueName: "[address:]port[:port][/udp]"
    )
  )
  var publish: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Open a name, *.NAME, an address or a network, with :PORT or :FIRST-LAST if wanted; what no rule opens is closed then.
      """,
      valueName: "rule"
    )
  )
  var allow: [String] = []

  @Option(help: ArgumentHelp("Close a name, *.NAME, an address or a network, whatever is open.", valueName: "rule"))
  var deny: [String] = []

  @Option(help: ArgumentHelp("Ask this name server, not the machine's; repeatable.", valueName: "address[:port]"))
  var dns: [String] = []

  @Option(help: ArgumentHelp("Give a name an address; repeatable.", valueName: "name=address"))
  var host: [String] = []

  @Option(
    help: ArgumentHelp(
      """
      Make it a bad network, or with @RULE, as --allow takes them, the way to those alone; repeatable; see \
      'sockeye impair --help'.
      """,
      valueName: "spec[@rule]"
    )
  )
  var impair: [String] = []

  @Option(
    help: ArgumentHelp("Let so much pass in a second, in each direction (default: as much as can).", valueName: "size")
  )
  var rate: SizeArgument?

  @Option(
    help: ArgumentHelp("What all chance derives from (default: another one each time, which is said).", valueName: "n")
  )
  var seed: UInt64?

  @Option(help: ArgumentHelp("The longest packet on the network.", valueName: "bytes"))
  var mtu = 1_500

  @Option(help: ArgumentHelp("Write what passes to a capture (pcapng).", valueName: "file"))
  var capture: String?

  @Option(
    help: ArgumentHelp(
      """
      How the TCP of ours that the command talks to is set up: congestion=newreno|cubic|bbr, offload=yes|no; pacing, ecn, \
      sack and timestamps=yes|no; initial-window=SEGMENTS; receive-buffer and send-buffer=SIZE.
      """,
      valueName: "key=value,…"
    )
  )
  var stackConfig: StackSettings?

  func validate() throws {
    guard (68...65_535).contains(mtu) else { throw ValidationError(.mtuRange) }
    if let rate, !(1...1 << 46).contains(rate.bytes) {
      throw ValidationError(.linkRateRange)
    }
  }

  /// The network, and the gateway at its end.
  ///
  /// - Throws: a failure of kind `usage` that says which flag is wrong.
  func network() throws(Failure) -> (network: ChildNetwork, gateway: GatewayConfiguration) {
    var network = ChildNetwork()
    network.maximumTransmissionUnit = mtu
    var gateway = GatewayConfiguration()
    for text in publish { gateway.published.append(try PublishedPort(text)) }
    for text in allow { gateway.policy.allowed.append(try AccessRule(text)) }
    for text in deny { gateway.policy.denied.append(try AccessRule(text)) }
    for text in dns { gateway.nameServers.append(try Self.nameServer(text)) }
    for text in host {
      let (name, address) = try Self.hostAddress(text)
      gateway.names[name, default: []].append(address)
    }
    gateway.capturePath = capture
    stackConfig?.apply(to: &gateway.connection)
    network.hasOffload = stackConfig?.hasOffload ?? true
    try addImpairments(to: &network, &gateway)
    return (network, gateway)
  }

  private func addImpairments(to network: inout ChildNetwork, _ gateway: inout GatewayConfiguration) throws(Failure) {
    let (forAll, chosen) = (impair.filter { !$0.contains("@") }, impair.filter { $0.contains("@") })
    guard forAll.count < 2 else { throw Failure(.usage, .impairedTwice(forAll[1])) }
    if !forAll.isEmpty || rate != nil {
      let text = forAll.first ?? ""
      var specification = try Self.specification(text)
      if let rate { try specification.change(by: "rate=\(UInt64(rate.bytes) * 8)bps") }
      if text.contains("mtu=") { network.maximumTransmissionUnit = specification.maximumTransmissionUnit }
      gateway.impairments = specification.impairments
    }
    for text in chosen {
      let parts = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard !parts[0].contains("mtu=") else { throw Failure(.usage, .longestPacketOfSome(text)) }
      let impairments = try Self.specification(parts[0]).impairments
      gateway.impairedDestinations.append(ImpairedDestination(try AccessRule(parts[1]), impairments))
    }
    guard gateway.isImpaired else { return }
    // What befalls packets befalls those of the link, and no super-segments.
    network.hasOffload = false
    gateway.seed = seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
  }

  private static func specification(_ text: String) throws(Failure) -> PathSpecification {
    let specification = try PathSpecification(text)
    guard specification.faults == StreamFaults() else { throw Failure(.usage, .faultsOfPackets(text)) }
    return specification
  }

  private static func nameServer(_ text: String) throws(Failure) -> SocketAddress {
    if let server = try? SocketAddress(ipAddress: text, port: 53) { return server }
    guard case .network(.some(let host), let port)? = (try? Endpoint.parse(text))?.location,
      let server = try? SocketAddress(ipAddress: host, port: Int(port))
    else { throw Failure(.usage, .notANameServer(text)) }
    return server
  }

  private static func hostAddress(_ text: String) throws(Failure) -> (HostName, IPAddress) {
    let pair = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    guard pair.count == 2, let name = HostName(ascii: try InternationalName.ascii(String(pair[0]))),
      let address = IPAddress(String(pair[1]))
    else { throw Failure(.usage, .hostTakesPair(text)) }
    return (name, address)
  }
}
