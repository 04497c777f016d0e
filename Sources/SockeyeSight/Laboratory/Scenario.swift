public import SockeyeSimulator
public import SockeyeTCP
public import SockeyeText

/// Two hosts on a simulated network, and something of TCP that they show.
public struct Scenario: Sendable {
  /// The name on the command line.
  public let name: String
  /// What happens, in one line.
  public let title: Phrase
  /// What to look for.
  public let explanation: Phrase
  /// What packets from the client suffer.
  public var outbound: Impairments
  /// What packets from the server suffer.
  public var inbound: Impairments
  /// The end on the left, which opens.
  public var client: EndpointConfiguration
  /// The end on the right.
  public var server: EndpointConfiguration
  /// How long to look, for what would go on for ever.
  public var duration: Interval

  /// A client that opens at once towards a server that listens, over a link without faults.
  ///
  /// - Parameters:
  ///   - delay: the time that a packet takes each way.
  ///   - adjust: changes what this scenario wants otherwise.
  init(
    _ name: String,
    _ title: Phrase,
    _ explanation: Phrase,
    delay: Interval = .milliseconds(10),
    adjust: (inout Scenario) -> Void
  ) {
    self.name = name
    self.title = title
    self.explanation = explanation
    outbound = Impairments()
    outbound.delay = delay
    inbound = outbound
    client = EndpointConfiguration()
    client.opensAt = .zero
    client.application.ending = .never
    server = EndpointConfiguration()
    server.link = 1
    server.application.ending = .never
    duration = .seconds(3_600)
    adjust(&self)
  }

  /// Runs the scenario in virtual time.
  ///
  /// - Parameters:
  ///   - seed: what the initial sequence numbers and all chance come from.
  ///   - capture: whether the packets are kept as a capture, each with what became of it as its comment.
  ///   - gauges: whether the conversation tells what the engines go by.
  /// - Returns: what happened, as both engines tell it, and the capture's bytes, empty if none was asked for.
  public func run(
    seed: UInt64,
    capture: Bool = false,
    gauges: Bool = false
  ) -> (conversation: Conversation, capture: [UInt8]) {
    var simulation = Simulation(seed: seed, fidelity: .bytes)
    simulation.addLink(outbound)
    simulation.addLink(inbound)
    let first = simulation.addConnection(client, server)
    simulation.journal = SimulationJournal(keepsGauges: gauges)
    if capture { simulation.capture = PacketCapture(comment: "sockeye lab \(name) --seed \(seed)") }
    simulation.run(until: .zero + duration)
    let journal = simulation.journal ?? SimulationJournal()
    let serverState: State = server.opensAt == nil && server.listens ? .listen : .closed
    let conversation = Conversation(
      journal,
      first: first,
      names: ("client", "server"),
      initialStates: (.closed, serverState)
    )
    return (conversation, simulation.capture?.bytes ?? [])
  }
}

extension Scenario {
  /// All scenarios, in the order in which one would learn from them.
  public static let all: [Scenario] = openings + closings + transfers + windows

  /// The scenario of a name; nil if there is none.
  public static func named(_ name: String) -> Scenario? {
    all.first { $0.name == name }
  }
}
