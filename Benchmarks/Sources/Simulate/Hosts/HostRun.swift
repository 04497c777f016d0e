import SockeyeSimulator

/// One run of two hosts, and what came of it.
struct HostRun {
  let scenario: HostScenario
  /// What went wrong.
  let failure: HostFailure?
  /// Packets that were sent.
  let packets: UInt64
  /// Bytes that the programs of connections have exchanged.
  let bytes: UInt64
  /// Datagrams that came back.
  let echoes: Int
  /// When it ended, in microseconds.
  let end: UInt64
  let capture: [UInt8]?

  /// Runs it.
  init(_ scenario: HostScenario, captures: Bool = false) {
    self.scenario = scenario
    var failure: HostFailure?
    var network: HostNetwork?
    var echoes = 0
    do {
      let made = try HostNetwork(scenario)
      network = made
      if captures { made.capture = PacketCapture(comment: "seed \(scenario.seed)") }
      echoes = try Self.run(scenario, on: made)
    } catch {
      failure = error as? HostFailure ?? HostFailure("\(error)")
    }
    self.failure = failure
    self.echoes = echoes
    packets = network?.packetCount ?? 0
    bytes = scenario.conversations.reduce(0) { $0 + ($1.isGraceful ? $1.ends[0].bytes + $1.ends[1].bytes : 0) }
    end = network?.now ?? 0
    capture = network?.capture?.bytes
  }

  /// Answers how many datagrams came back.
  private static func run(_ scenario: HostScenario, on network: HostNetwork) throws -> Int {
    let listeners = try network.hosts.map { host in
      let listener = try HostSocket(host, isIPv6: true, isStream: true)
      try listener.bind(port: HostConversation.serverPort, isIPv6: true)
      for option in scenario.conversations.first?.ends[1].options ?? [] { try listener.set(option) }
      try listener.listen(backlog: 16)
      return listener
    }
    let conversations = scenario.conversations.enumerated().map { index, plan in
      HostConversation(plan, port: UInt16(10_000 + index), seed: scenario.seed &+ UInt64(index), on: network)
    }
    let flows = try scenario.flows.enumerated().map { index, plan in
      try HostDatagrams(plan, port: UInt16(5_000 + index), seed: scenario.seed &- UInt64(index), on: network)
    }
    var isGoingOn = true
    while isGoingOn {
      for listener in listeners { try accept(from: listener, for: conversations) }
      for conversation in conversations { try conversation.act() }
      for flow in flows { try flow.act() }
      let wake = (conversations.compactMap(\.wake) + flows.compactMap(\.wake)).min()
      isGoingOn = try network.step(wake: wake)
    }
    for conversation in conversations { try conversation.checkEnd() }
    for flow in flows { try flow.close() }
    for listener in listeners { try listener.close() }
    guard try !network.step(wake: nil) else { throw HostFailure("something goes on that nobody has to do with") }
    // The least free number is a new socket's: that it is zero says that every socket is gone.
    for host in network.hosts where try HostSocket(host, isIPv6: false, isStream: true).number != 0 {
      throw HostFailure("a socket is left")
    }
    return flows.reduce(0) { $0 + $1.echoCount }
  }

  private static func accept(from listener: HostSocket, for conversations: [HostConversation]) throws {
    while let (socket, port) = try listener.accept() {
      guard let conversation = conversations.first(where: { $0.port == port }) else {
        throw HostFailure("a connection from port \(port), which nobody has")
      }
      try conversation.accepted(socket)
    }
  }

  /// One line.
  var summary: String {
    let time = "\(end / 1_000_000).\(String(end % 1_000_000 + 1_000_000).dropFirst()) s"
    guard let failure else {
      return "seed \(scenario.seed): \(packets) packets, \(bytes) bytes, \(echoes) echoes, whole after \(time)"
    }
    return "seed \(scenario.seed): \(failure) after \(time); replay with: simulate hosts --seed \(scenario.seed)"
  }
}
