public import SockeyeTCP

/// Why a packet did not get through.
public enum DropReason: Sendable, Equatable {
  /// The link was down, by an outage or a partition.
  case outage
  /// The queue was full.
  case queueFull
  /// Packets waited too long, and CoDel dropped this one.
  case queueDelay
  /// The packet was lost on the wire.
  case loss
}

/// A change to one byte of a packet. It is never a change that the Internet checksum misses: that takes two bytes.
public struct Corruption: Sendable, Equatable {
  /// Where the byte is, counted from the packet's start.
  public let offset: Int
  /// What the byte is combined with by exclusive or; never zero.
  public let mask: UInt8
}

/// How a packet gets through.
public struct Passage: Sendable, Equatable {
  /// When the packet arrives.
  public internal(set) var delivery: Instant
  /// When a second copy arrives, if there is one. The copy is never corrupted.
  public internal(set) var duplicateDelivery: Instant?
  /// What happens to the packet's bytes on the way.
  public internal(set) var corruption: Corruption?
  /// Whether the queue marks the packet "congestion experienced".
  public internal(set) var isMarked: Bool
}

/// What a link does with one packet.
public enum LinkDecision: Sendable, Equatable {
  /// It never arrives.
  case dropped(DropReason)
  /// It arrives.
  case delivered(Passage)
}

/// Counts of what one direction of a link did.
public struct LinkCounters: Sendable, Equatable {
  /// Packets offered to the link.
  public internal(set) var packets: UInt64 = 0
  /// Bytes offered to the link.
  public internal(set) var bytes: UInt64 = 0
  /// Packets that fell into an outage or a partition.
  public internal(set) var outageDrops: UInt64 = 0
  /// Packets that found the queue full, or that CoDel dropped.
  public internal(set) var queueDrops: UInt64 = 0
  /// Packets lost on the wire.
  public internal(set) var losses: UInt64 = 0
  /// Packets that arrived twice.
  public internal(set) var duplicates: UInt64 = 0
  /// Packets that were held up while others passed them.
  public internal(set) var reordered: UInt64 = 0
  /// Packets of which a byte was changed.
  public internal(set) var corrupted: UInt64 = 0
  /// Packets marked "congestion experienced".
  public internal(set) var marks: UInt64 = 0
  /// The longest that the queue has been, in bytes.
  public internal(set) var peakQueueBytes = 0

  /// Nothing has happened yet.
  public init() {}

  /// Packets that never arrived, for whatever reason.
  public var drops: UInt64 { outageDrops + queueDrops + losses }
}

/// One direction of a link. It only decides what becomes of a packet, and holds none: a simulation schedules what it
/// says in virtual time, an impairing bridge by the real clock.
///
/// A packet passes what a real one does, in that order: the link may be down; the queue takes it, marks it or drops it;
/// it is transmitted at the link's rate; on the wire it may be lost, changed, repeated or held up.
public struct ImpairedDirection: Sendable {
  /// What happens to packets. It may change while packets are under way; those keep what was decided for them.
  public var impairments: Impairments
  /// Whether the link is cut until further notice.
  public var isPartitioned = false
  /// What happened so far.
  public private(set) var counters = LinkCounters()

  private var queue = DepartureQueue()
  private var delayControl = DelayControl()
  private var isInBadState = false
  private var latestDelivery = Instant.zero
  private var generator: SeededGenerator

  /// Creates a direction that draws all its randomness from a seed.
  public init(_ impairments: Impairments, seed: UInt64) {
    self.impairments = impairments
    generator = SeededGenerator(seed: seed)
  }

  /// Decides what becomes of a packet. Call it in the order of time.
  ///
  /// - Parameters:
  ///   - length: the packet's length in bytes, as the link counts it.
  ///   - isECNCapable: whether the packet may be marked instead of dropped.
  ///   - now: when the packet reaches the link.
  public mutating func decide(length: Int, isECNCapable: Bool, now: Instant) -> LinkDecision {
    counters.packets += 1
    counters.bytes += UInt64(clamping: length)
    guard !isDown(at: now) else {
      counters.outageDrops += 1
      return .dropped(.outage)
    }
    queue.removeDeparted(by: now)
    let isMarked = isECNCapable && (impairments.markingThresholdBytes.map { queue.bytes >= $0 } ?? false)
    let departure: Instant
    switch enqueue(length: length, now: now) {
    case .success(let time): departure = time
    case .failure(let refusal):
      counters.queueDrops += 1
      return .dropped(refusal.reason)
    }
    guard !isLost() else {
      counters.losses += 1
      return .dropped(.loss)
    }
    if isMarked { counters.marks += 1 }
    return .delivered(passage(length: length, isMarked: isMarked, departure: departure))
  }

  /// How many bytes wait in the queue, the packet being transmitted included.
  public mutating func queuedBytes(at now: Instant) -> Int {
    queue.removeDeparted(by: now)
    return queue.bytes
  }

  private func isDown(at now: Instant) -> Bool {
    if isPartitioned { return true }
    for outage in impairments.outages where outage.contains(now) { return true }
    return false
  }

  private struct Refusal: Error { let reason: DropReason }

  /// Puts a packet on the queue and returns when its last bit leaves, or why it isn't taken.
  private mutating func enqueue(length: Int, now: Instant) -> Result<Instant, Refusal> {
    guard let bitsPerSecond = impairments.bitsPerSecond, bitsPerSecond > 0 else { return .success(now) }
    // An empty queue takes any packet: a limit below one packet would otherwise be a cut wire.
    if queue.count > 0 {
      if let limit = impairments.queueBytes, queue.bytes + length > limit {
        return .failure(Refusal(reason: .queueFull))
      }
      if let limit = impairments.queuePackets, queue.count >= limit { return .failure(Refusal(reason: .queueFull)) }
    }
    let start = max(now, queue.lastDeparture)
    if let control = impairments.controlledDelay,
      delayControl.drops(by: control, wait: start - now, bytesAhead: queue.bytes, departure: start)
    {
      return .failure(Refusal(reason: .queueDelay))
    }
    let departure = start + transmissionTime(bytes: length, bitsPerSecond: bitsPerSecond)
    queue.append(length: length, departure: departure)
    counters.peakQueueBytes = max(counters.peakQueueBytes, queue.bytes)
    return .success(departure)
  }

  private mutating func isLost() -> Bool {
    if impairments.lostPackets.contains(counters.packets) { return true }
    switch impairments.loss {
    case .none:
      return false
    case .independent(let probability):
      return generator.chance(probability)
    case .bursty(let model):
      isInBadState = isInBadState ? !generator.chance(model.leaveBad) : generator.chance(model.enterBad)
      return generator.chance(isInBadState ? model.lossInBad : model.lossInGood)
    }
  }

  private mutating func passage(length: Int, isMarked: Bool, departure: Instant) -> Passage {
    var delivery = departure + impairments.delay
    if impairments.jitter > .zero {
      delivery = delivery + jitter()
    }
    if generator.chance(impairments.reordering) || impairments.delayedPackets.contains(counters.packets) {
      // Held up, and not counted as the latest: those behind it may pass.
      counters.reordered += 1
      delivery = delivery + impairments.reorderingDelay
    } else if !impairments.jitterReorders {
      delivery = max(delivery, latestDelivery)
      latestDelivery = delivery
    }
    var passage = Passage(delivery: delivery, duplicateDelivery: nil, corruption: nil, isMarked: isMarked)
    if generator.chance(impairments.corruption), length > 0 {
      counters.corrupted += 1
      let offset = Int(truncatingIfNeeded: generator.below(UInt64(clamping: length)))
      passage.corruption = Corruption(offset: offset, mask: UInt8(truncatingIfNeeded: 1 + generator.below(255)))
    }
    if generator.chance(impairments.duplication) {
      counters.duplicates += 1
      passage.duplicateDelivery = delivery + jitter()
    }
    return passage
  }

  private mutating func jitter() -> Interval {
    switch impairments.jitterDistribution {
    case .uniform: return randomPart(of: impairments.jitter)
    case .normal:
      // Each draw is of a twelfth, and what the division leaves goes to the first.
      let part = impairments.jitter.nanoseconds / 12
      var sum = randomPart(of: .nanoseconds(impairments.jitter.nanoseconds - part * 11))
      for _ in 0..<11 { sum = sum + randomPart(of: .nanoseconds(part)) }
      return sum
    case .pareto:
      // The inverse of Pareto's distribution, 1 / u^(1/3) - 1, is 1 where u is an eighth: so much is cut off.
      let parts: UInt64 = 1 << 32
      let u = Double(parts / 8 + generator.below(parts - parts / 8) + 1) / Double(parts)
      let share = min(1, 1 / cubeRoot(u) - 1)
      return .nanoseconds(Int64(Double(impairments.jitter.nanoseconds) * share))
    }
  }

  /// The cube root of a number from an eighth to one, by Newton's method.
  private func cubeRoot(_ number: Double) -> Double {
    var root = 1.0
    for _ in 0..<6 { root -= (root * root * root - number) / (3 * root * root) }
    return root
  }

  private mutating func randomPart(of interval: Interval) -> Interval {
    .nanoseconds(Int64(clamping: generator.below(UInt64(clamping: interval.nanoseconds) + 1)))
  }
}

/// How long a packet takes to transmit, rounded up to whole nanoseconds.
func transmissionTime(bytes: Int, bitsPerSecond: UInt64) -> Interval {
  guard bitsPerSecond > 0 else { return .zero }
  let bits = UInt64(clamping: bytes).multipliedFullWidth(by: 8_000_000_000)
  guard bits.high < bitsPerSecond else { return .nanoseconds(.max) }
  let (quotient, remainder) = bitsPerSecond.dividingFullWidth(bits)
  return .nanoseconds(Int64(clamping: quotient) + (remainder > 0 && quotient < UInt64(Int64.max) ? 1 : 0))
}

/// The packets that have not left a link's transmitter yet, by when they will: a growing ring.
private struct DepartureQueue: Sendable {
  private struct Departure: Sendable {
    let time: Instant
    let length: Int
  }

  private var ring: [Departure] = []
  private var head = 0
  private(set) var count = 0
  private(set) var bytes = 0
  private(set) var lastDeparture = Instant.zero

  mutating func append(length: Int, departure: Instant) {
    if count == ring.count { grow() }
    ring[(head + count) % ring.count] = Departure(time: departure, length: length)
    count += 1
    bytes += length
    lastDeparture = departure
  }

  mutating func removeDeparted(by now: Instant) {
    while count > 0, ring[head].time <= now {
      bytes -= ring[head].length
      head = (head + 1) % ring.count
      count -= 1
    }
  }

  private mutating func grow() {
    var larger: [Departure] = []
    larger.reserveCapacity(max(16, ring.count * 2))
    for index in 0..<count { larger.append(ring[(head + index) % ring.count]) }
    let filler = Departure(time: .zero, length: 0)
    while larger.count < max(16, ring.count * 2) { larger.append(filler) }
    ring = larger
    head = 0
  }
}
