public import SockeyeSimulator
public import SockeyeTCP
public import SockeyeText

/// Two hosts on a simulated network, and something of TCP that they show.
public struct Scenario: Sendable {
  /// The name on the command line.
  public let name: String
  /// What happens, in one line.
  public internal(set) var title: Phrase
  /// What to look for.
  public internal(set) var explanation: Phrase
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

  /// What happens between two whole hosts, where a connection isn't enough.
  private var script: (@Sendable (inout HostNetwork) throws -> Void)?

  /// What two whole hosts do, over a network that takes `delay` each way.
  init(
    _ name: String,
    _ title: Phrase,
    _ explanation: Phrase,
    delay: Interval,
    hosts script: @escaping @Sendable (inout HostNetwork) throws -> Void
  ) {
    self.init(name, title, explanation, delay: delay, adjust: { _ in })
    self.script = script
  }

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

  /// More happens in no scenario that anybody would look at; it keeps files from running for ever.
  private static let eventLimit: UInt64 = 5_000_000

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
    let comment = "sockeye lab \(name) --seed \(seed)"
    if script != nil { return runScript(seed: seed, capture: capture ? PacketCapture(comment: comment) : nil) }
    var simulation = Simulation(seed: seed, fidelity: .bytes)
    simulation.eventLimit = Self.eventLimit
    simulation.addLink(outbound)
    simulation.addLink(inbound)
    let first = simulation.addConnection(client, server)
    simulation.journal = SimulationJournal(keepsGauges: gauges)
    if capture { simulation.capture = PacketCapture(comment: comment) }
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

  /// Whether it is about datagrams, of which there is nothing to draw but their passing.
  public var isAboutDatagrams: Bool { name == "udp" }

  private func runScript(seed: UInt64, capture: PacketCapture?) -> (conversation: Conversation, capture: [UInt8]) {
    var network = HostNetwork(seed: seed, delay: outbound.delay, capture: capture)
    // The scripts are ours, and the tests see that they come to their end.
    try? script?(&network)
    let conversation = Conversation(
      names: ("client", "server"),
      initialStates: (.closed, .listen),
      events: network.recorder.events
    )
    return (conversation, network.recorder.capture?.bytes ?? [])
  }
}

extension Scenario {
  /// All scenarios, in the order in which one would learn from them.
  public static let all: [Scenario] = openings + closings + transfers + windows + hosts

  /// The scenario of a name; nil if there is none.
  public static func named(_ name: String) -> Scenario? {
    all.first { $0.name == name }
  }
}
