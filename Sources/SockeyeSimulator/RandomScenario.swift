import SockeyeTCP

/// A connection, a network and two programs, all drawn from one seed.
///
/// What is drawn is within what honest programs and real networks do, and always such that the programs would come to
/// an end over a good network: so a run that doesn't is the engine's fault.
public struct RandomScenario: Sendable {
  /// What everything here follows from.
  public let seed: UInt64
  /// Whether packets carry bytes.
  public let fidelity: Simulation.Fidelity
  /// The two directions of the network.
  public let links: (Impairments, Impairments)
  /// The two ends; the first one opens.
  public let ends: (EndpointConfiguration, EndpointConfiguration)

  /// Draws a scenario.
  public init(seed: UInt64) {
    self.seed = seed
    var generator = SeededGenerator(seed: seed)
    let carriesBytes = generator.chance(0.25)
    fidelity = carriesBytes ? .bytes : .lengths
    links = Self.drawLinks(&generator)
    let path = Self.drawPath(&generator)
    var first = EndpointConfiguration()
    var second = EndpointConfiguration()
    first.path = path
    second.path = path
    first.trueMTU = Int(path.maximumTransmissionUnit)
    second.trueMTU = Int(path.maximumTransmissionUnit)
    first.connection = Self.drawConfiguration(&generator)
    second.connection = Self.drawConfiguration(&generator)
    (first.application, second.application) = Self.drawApplications(&generator, largest: carriesBytes ? 16 : 21)
    first.link = 0
    second.link = 1
    first.opensAt = .zero
    // Both open: their SYNs cross if the second's is early enough.
    if generator.chance(0.1) { second.opensAt = .zero + .microseconds(Int64(generator.below(100_000))) }
    first.maximumSegments = generator.chance(0.5) ? 1 : generator.within(2...44)
    second.maximumSegments = generator.chance(0.5) ? 1 : generator.within(2...44)
    ends = (first, second)
  }

  /// The simulation of this scenario, not yet begun.
  public func makeSimulation() -> Simulation {
    var simulation = Simulation(seed: seed, fidelity: fidelity)
    simulation.addLink(links.0)
    simulation.addLink(links.1)
    simulation.addConnection(ends.0, ends.1)
    simulation.eventLimit = 4_000_000
    return simulation
  }

  // MARK: The network

  private static func drawLinks(_ generator: inout SeededGenerator) -> (Impairments, Impairments) {
    let delay = Interval.microseconds(Int64(generator.logarithmic(bits: 4...18)))
    let forward = drawLink(&generator, delay: delay)
    guard generator.chance(0.5) else { return (forward, drawLink(&generator, delay: delay)) }
    var back = Impairments()
    back.delay = delay
    return (forward, back)
  }

  private static func drawLink(_ generator: inout SeededGenerator, delay: Interval) -> Impairments {
    var link = Impairments()
    link.delay = delay
    if generator.chance(0.7) { drawQueue(&generator, &link) }
    // A fifth of all links do no other harm.
    guard !generator.chance(0.2) else { return link }
    if generator.chance(0.3) {
      link.jitter = .microseconds(Int64(generator.logarithmic(bits: 2...16)))
      link.jitterReorders = generator.chance(0.3)
    }
    if generator.chance(0.4) { link.loss = drawLoss(&generator) }
    if generator.chance(0.2) { link.duplication = share(&generator, upTo: 0.2) }
    if generator.chance(0.3) {
      link.reordering = share(&generator, upTo: 0.3)
      link.reorderingDelay = .microseconds(Int64(generator.logarithmic(bits: 4...17)))
    }
    if generator.chance(0.2) { link.corruption = share(&generator, upTo: 0.1) }
    if generator.chance(0.1) { link.outages = drawOutages(&generator) }
    return link
  }

  private static func drawQueue(_ generator: inout SeededGenerator, _ link: inout Impairments) {
    link.bitsPerSecond = generator.logarithmic(bits: 17...30)
    if generator.chance(0.5) { link.queueBytes = Int(clamping: generator.logarithmic(bits: 12...20)) }
    if generator.chance(0.3) { link.queuePackets = generator.within(2...200) }
    if generator.chance(0.3) { link.markingThresholdBytes = Int(clamping: generator.logarithmic(bits: 11...17)) }
  }

  private static func drawLoss(_ generator: inout SeededGenerator) -> LossModel {
    guard generator.chance(0.4) else { return .independent(share(&generator, upTo: 0.2)) }
    return .bursty(
      GilbertElliott(
        enterBad: share(&generator, upTo: 0.05),
        leaveBad: 0.1 + share(&generator, upTo: 0.8),
        lossInGood: share(&generator, upTo: 0.01),
        lossInBad: 0.3 + share(&generator, upTo: 0.6)
      )
    )
  }

  private static func drawOutages(_ generator: inout SeededGenerator) -> [Range<Instant>] {
    let start = Instant.zero + .milliseconds(Int64(generator.below(3_000)))
    return [start..<start + .milliseconds(Int64(generator.below(8_000)) + 1)]
  }

  private static func drawPath(_ generator: inout SeededGenerator) -> NetworkPath {
    let version = generator.chance(0.5) ? NetworkPath.Version.v4 : .v6
    let least = version == .v4 ? 296 : 1_280
    let unit = generator.chance(0.6) ? 1_500 : generator.within(least...9_000)
    return NetworkPath(version: version, maximumTransmissionUnit: UInt16(clamping: unit))
  }

  // MARK: The engine

  private static func drawConfiguration(_ generator: inout SeededGenerator) -> ConnectionConfiguration {
    var configuration = ConnectionConfiguration()
    drawBuffers(&generator, &configuration)
    configuration.selectiveAcknowledgment = generator.chance(0.8)
    configuration.timestamps = generator.chance(0.7)
    configuration.explicitCongestionNotification = generator.pick([.off, .acceptOnly, .classic, .accurate])
    configuration.congestionControl = generator.pick(CongestionControlAlgorithm.builtIn)
    configuration.initialCongestionWindow = UInt16(clamping: generator.within(1...40))
    configuration.recentAcknowledgment = generator.chance(0.8)
    configuration.tailLossProbe = generator.chance(0.8)
    configuration.proportionalRateReduction = generator.chance(0.8)
    configuration.forwardRetransmissionTimeoutRecovery = generator.chance(0.8)
    configuration.pacing = generator.chance(0.7)
    configuration.nagle = generator.chance(0.7)
    if generator.chance(0.2) { configuration.maximumSegmentSize = UInt16(clamping: generator.within(88...9_000)) }
    configuration.pathMTUProbing = generator.chance(0.7)
    configuration.challengesBlindAttacks = generator.chance(0.9)
    drawTimers(&generator, &configuration)
    return configuration
  }

  private static func drawBuffers(_ generator: inout SeededGenerator, _ configuration: inout ConnectionConfiguration) {
    let receiveBuffer = UInt32(clamping: generator.logarithmic(bits: 10...19))
    configuration.receiveBuffer = receiveBuffer
    configuration.autotune = generator.chance(0.6)
    configuration.maximumReceiveBuffer = receiveBuffer + UInt32(clamping: generator.logarithmic(bits: 0...19))
    configuration.initialReceiveWindow = min(receiveBuffer, UInt32(clamping: generator.within(512...65_535)))
    configuration.sendBuffer = UInt32(clamping: generator.logarithmic(bits: 9...19))
    configuration.maximumOutOfOrderRanges = UInt16(clamping: generator.logarithmic(bits: 0...9))
    switch generator.below(4) {
    case 0: configuration.windowScale = nil
    case 1: configuration.windowScale = UInt8(clamping: generator.within(0...14))
    default: break
    }
  }

  private static func drawTimers(_ generator: inout SeededGenerator, _ configuration: inout ConnectionConfiguration) {
    configuration.minimumRetransmissionTimeout = .milliseconds(Int64(generator.within(20...1_000)))
    configuration.delayedAcknowledgment = .milliseconds(Int64(generator.within(0...500)))
    configuration.quickAcknowledgments = UInt8(clamping: generator.within(0...32))
    configuration.maximumSegmentLifetime = .milliseconds(Int64(generator.within(100...60_000)))
    configuration.synRetries = 10
    if generator.chance(0.1) {
      configuration.keepAliveIdle = .milliseconds(Int64(generator.within(500...20_000)))
      configuration.keepAliveInterval = .milliseconds(Int64(generator.within(500...5_000)))
    }
  }

  // MARK: The programs

  private static func drawApplications(
    _ generator: inout SeededGenerator,
    largest: Int
  ) -> (ApplicationBehaviour, ApplicationBehaviour) {
    var first = drawApplication(&generator, largest: largest)
    var second = drawApplication(&generator, largest: generator.chance(0.5) ? 6 : largest)
    first.ending = drawEnding(&generator, own: first.bytesToSend, peer: second.bytesToSend)
    second.ending = drawEnding(&generator, own: second.bytesToSend, peer: first.bytesToSend)
    // One of them must close first.
    if first.ending == .closeAfterPeer, second.ending == .closeAfterPeer { first.ending = .closeWhenWritten }
    return (first, second)
  }

  private static func drawApplication(_ generator: inout SeededGenerator, largest: Int) -> ApplicationBehaviour {
    var behaviour = ApplicationBehaviour()
    if generator.chance(0.85) { behaviour.bytesToSend = generator.logarithmic(bits: 0...largest) }
    // At most some hundreds of calls, so that a run stays short.
    let least = Int(clamping: behaviour.bytesToSend / 500) + 1
    if generator.chance(0.4) { behaviour.writeSize = least + Int(clamping: generator.logarithmic(bits: 0...14)) }
    if behaviour.writeSize != .max, generator.chance(0.5) {
      behaviour.writeInterval = .microseconds(Int64(generator.logarithmic(bits: 4...18)))
    }
    if generator.chance(0.3) { behaviour.readSize = 1 + Int(clamping: generator.logarithmic(bits: 0...14)) }
    if generator.chance(0.15) {
      behaviour.readSize = max(behaviour.readSize, 1 << (largest - 9))
      behaviour.readInterval = .microseconds(Int64(generator.logarithmic(bits: 4...18)))
    }
    if generator.chance(0.15) {
      behaviour.pausesReadingAt = generator.logarithmic(bits: 0...largest)
      behaviour.readingPause = .milliseconds(Int64(generator.logarithmic(bits: 4...15)))
    }
    return behaviour
  }

  private static func drawEnding(
    _ generator: inout SeededGenerator,
    own: UInt64,
    peer: UInt64
  ) -> ApplicationBehaviour.Ending {
    switch generator.below(20) {
    case 0..<9: .closeWhenWritten
    case 9..<16: .closeAfterPeer
    case 16: .releaseWhenWritten
    case 17, 18: .abortAfterWriting(generator.below(own + 1))
    default: .abortAfterReading(generator.below(peer + 1))
    }
  }

  // MARK: Distributions

  private static func share(_ generator: inout SeededGenerator, upTo limit: Double) -> Double {
    // Squared, so that small shares are drawn more often than large ones.
    let even = Double(generator.below(1 << 20)) / Double(1 << 20)
    return even * even * limit
  }
}
