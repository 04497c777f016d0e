public import SockeyeTCP
public import SockeyeWire

/// What happened in a simulation, in order: the truth that the two ends know, and the network between them.
///
/// A simulation without a journal spends nothing on it.
public struct SimulationJournal: Sendable {
  /// One thing that happened.
  public struct Entry: Sendable {
    /// When.
    public var time: Instant
    /// At which endpoint.
    public var endpoint: Int
    /// What.
    public var event: Event
  }

  /// What can happen at an endpoint.
  public enum Event: Sendable {
    /// A segment was sent, and the network decided what becomes of it.
    case sent(packet: UInt64, header: TCPHeader, payload: Range<UInt64>, fate: LinkDecision)
    /// A segment arrived that was sent under that number.
    case received(packet: UInt64)
    /// The connection entered a state.
    case entered(ConnectionState.Name)
    /// What the sender goes by has changed.
    case updated(ConnectionGauges)
  }

  /// What happened so far.
  public private(set) var entries: [Entry] = []
  /// How many entries came after the journal was full.
  public private(set) var missedCount: UInt64 = 0
  /// How many segments have been sent.
  private(set) var sentCount: UInt64 = 0
  /// Whether changes of the gauges are written down.
  let keepsGauges: Bool
  private let limit: Int

  /// A journal that takes `limit` entries, changes of the gauges among them where they are asked for.
  public init(limit: Int = 1_000_000, keepsGauges: Bool = false) {
    self.limit = limit
    self.keepsGauges = keepsGauges
  }

  /// The number of the next segment that is sent.
  mutating func nextPacketNumber() -> UInt64 {
    sentCount += 1
    return sentCount
  }

  mutating func append(_ event: Event, at endpoint: Int, time: Instant) {
    guard entries.count < limit else {
      missedCount += 1
      return
    }
    entries.append(Entry(time: time, endpoint: endpoint, event: event))
  }
}

extension Simulation {
  /// Notes the states that an endpoint's connection has passed.
  mutating func noteState(_ index: Int) {
    guard journal != nil else { return }
    let endpoint = endpoints[index]
    while let state = endpoint.pointee.connection.nextState() {
      journal?.append(.entered(state), at: index, time: now)
    }
  }

  /// Notes the gauges of an endpoint's connection where they have changed.
  mutating func noteGauges(_ index: Int) {
    guard journal?.keepsGauges == true else { return }
    let endpoint = endpoints[index]
    let gauges = ConnectionGauges(endpoint.pointee.connection.metrics(now: now))
    guard gauges != endpoint.pointee.journaledGauges else { return }
    endpoint.pointee.journaledGauges = gauges
    journal?.append(.updated(gauges), at: index, time: now)
  }
}
