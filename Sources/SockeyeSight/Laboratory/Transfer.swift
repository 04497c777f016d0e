public import SockeyeSimulator
public import SockeyeTCP

/// One transfer over a simulated network, in one direction.
public struct Transfer: Sendable {
  /// Bytes to send.
  public var size: UInt64
  /// The algorithm that governs the sender.
  public var congestionControl: CongestionControlAlgorithm
  /// What the network does to the data.
  public var outbound: Impairments
  /// What it does to the acknowledgments.
  public var inbound: Impairments
  /// The end that sends, but for when it opens, its algorithm and how much it sends.
  public var sender = EndpointConfiguration()
  /// The end that receives.
  public var receiver = EndpointConfiguration()

  /// What is kept of a run beside its result.
  public struct Recording: OptionSet, Sendable {
    /// One bit for each part.
    public let rawValue: Int
    /// A recording of the parts whose bits are set.
    public init(rawValue: Int) { self.rawValue = rawValue }
    /// The packets as a capture, as the sender's link takes them.
    public static let capture = Recording(rawValue: 1)
    /// What both engines did.
    public static let conversation = Recording(rawValue: 2)
    /// What the engines go by, in their conversation.
    public static let gauges = Recording(rawValue: 4)
  }

  /// A transfer of so many bytes.
  public init(
    size: UInt64,
    congestionControl: CongestionControlAlgorithm,
    outbound: Impairments,
    inbound: Impairments
  ) {
    self.size = size
    self.congestionControl = congestionControl
    self.outbound = outbound
    self.inbound = inbound
  }

  /// What came of it.
  public struct Result: Sendable {
    /// From the SYN to the last byte's reading; nil if it wasn't over within the time limit.
    public var duration: Interval?
    /// Bytes that the receiver has read.
    public var received: UInt64
    /// What the sender's engine counted.
    public var sender: ConnectionMetrics
    /// What the link did to the data.
    public var link: LinkCounters
    /// Bits a second that the receiver read.
    public var bitsPerSecond: Double
    /// What both engines did; nil unless it was recorded.
    public var conversation: Conversation?
    /// How many events came after the recording was full.
    public var missedEvents: UInt64
    /// The packets as a pcapng file; empty unless they were recorded.
    public var capture: [UInt8]
  }

  /// Runs it in virtual time, for a day of it at most. The same seed gives the same result.
  public func run(seed: UInt64, recording: Recording = []) -> Result {
    var simulation = Simulation(seed: seed)
    simulation.addLink(outbound)
    simulation.addLink(inbound)
    var sender = sender
    sender.opensAt = .zero
    sender.connection.congestionControl = congestionControl
    sender.application.bytesToSend = size
    sender.application.ending = .closeWhenWritten
    var receiver = receiver
    receiver.link = 1
    let first = simulation.addConnection(sender, receiver)
    if recording.contains(.capture) {
      simulation.capture = PacketCapture(comment: "sockeye lab transfer --seed \(seed)")
    }
    if recording.contains(.conversation) {
      simulation.journal = SimulationJournal(keepsGauges: recording.contains(.gauges))
    }
    let limit = Interval.seconds(86_400)
    // The end is looked for in steps, because nothing is left to happen only after TIME-WAIT.
    var step = Instant.zero
    while simulation.bytesRead(at: first + 1) < size, simulation.violation == nil, step < .zero + limit {
      guard let next = simulation.nextEventTime else { break }
      step = max(next, step + .milliseconds(1))
      simulation.run(until: step)
    }
    let isWhole = simulation.bytesRead(at: first + 1) >= size
    let elapsed = max(simulation.now - .zero, .nanoseconds(1))
    let conversation = simulation.journal.map { Conversation($0, first: first, names: ("sender", "receiver")) }
    return Result(
      duration: isWhole ? elapsed : nil,
      received: simulation.bytesRead(at: first + 1),
      sender: simulation.metrics(at: first),
      link: simulation.counters(ofLink: 0),
      bitsPerSecond: Double(simulation.bytesRead(at: first + 1)) * 8e9 / Double(elapsed.nanoseconds),
      conversation: conversation,
      missedEvents: simulation.journal?.missedCount ?? 0,
      capture: simulation.capture?.bytes ?? []
    )
  }
}
