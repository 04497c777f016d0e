@testable import SockeyeTCP

/// Senders that share one bottleneck with a drop-tail queue, and receivers that acknowledge every second
/// segment, and every one that isn't in order, with SACK.
///
/// Only lengths travel, in virtual time. What the simulator of this package does for whole hosts, this does
/// for the sender alone, in a hundred lines.
final class PathModel {
  struct Settings {
    /// Bytes a second.
    var rate: UInt64 = 25_000_000
    /// One way.
    var delay = Interval.milliseconds(50)
    var queue: UInt64 = 65_536
    /// One in so many segments is lost on the way, by a seeded generator; 0: none.
    var lossPerMillion: UInt64 = 0
    /// One in so many is delayed by `reorderingDelay`.
    var reorderedPerMillion: UInt64 = 0
    var reorderingDelay = Interval.milliseconds(10)
    var marksAbove: UInt64?
    var segmentSize: UInt32 = 1_448
    var maximumSegments = 1
    var seed: UInt64 = 1
  }

  final class Flow {
    var recovery: LossRecovery
    let amount: UInt64
    let start: Instant
    var finishedAt: Instant?
    /// Received beyond the cumulative point, sorted and apart.
    var held: [Range<StreamOffset>] = []
    var received: StreamOffset = 1
    var unacknowledgedSegments = 0
    var mustEcho = false
    var deliveredBytes: UInt64 { received - 1 }
    let algorithm: CongestionControlAlgorithm

    init(amount: UInt64, start: Instant, segmentSize: UInt32, configuration: ConnectionConfiguration) {
      recovery = LossRecovery(configuration: configuration, segmentSize: segmentSize, now: start)
      algorithm = configuration.congestionControl
      self.amount = amount
      self.start = start
    }
  }

  private enum Event {
    case start(Int)
    case data(Int, Range<StreamOffset>, marked: Bool, sentAt: Instant)
    case acknowledgment(Int, Acknowledgment)
  }

  let settings: Settings
  private(set) var flows: [Flow] = []
  private(set) var now = Instant.zero
  private(set) var drops = 0
  private(set) var greatestQueue: UInt64 = 0
  private var events: [(time: Instant, order: UInt64, event: Event)] = []
  private var order: UInt64 = 0
  private var linkFreeAt = Instant.zero
  private var random: UInt64
  private var outage: Range<Instant>?

  init(_ settings: Settings) {
    self.settings = settings
    random = settings.seed
  }

  func addFlow(
    bytes: UInt64,
    startingAt start: Instant = .zero,
    configure: (inout ConnectionConfiguration) -> Void = { _ in }
  ) {
    var configuration = ConnectionConfiguration()
    configure(&configuration)
    flows.append(
      Flow(amount: bytes, start: start, segmentSize: settings.segmentSize, configuration: configuration)
    )
    schedule(.start(flows.count - 1), at: start)
  }

  /// Nothing gets through between the two instants.
  func interrupt(_ range: Range<Instant>) { outage = range }

  /// Runs until every flow has delivered everything, or `limit` has come.
  func run(until limit: Instant) {
    while let next = nextTime, next <= limit {
      now = next
      if let first = events.first, first.time == next {
        handle(pop().event)
      } else {
        for index in flows.indices where flows[index].recovery.nextDeadline <= now {
          _ = flows[index].recovery.deadlineReached(at: now)
          transmit(index)
        }
      }
      if flows.allSatisfy({ $0.finishedAt != nil }) { return }
    }
    now = limit
  }

  private var nextTime: Instant? {
    var next = events.first?.time ?? .never
    for flow in flows where flow.finishedAt == nil { next = min(next, flow.recovery.nextDeadline) }
    return next == .never ? nil : next
  }

  private func handle(_ event: Event) {
    switch event {
    case .start(let index):
      let flow = flows[index]
      flow.recovery.makeRoom()
      flow.recovery.sent(0..<1, at: now)
      var acknowledgment = Acknowledgment(cumulative: 1)
      acknowledgment.echoedTime = now
      schedule(.acknowledgment(index, acknowledgment), at: now + settings.delay * 2)
    case .data(let index, let range, let marked, let sentAt):
      receive(index, range, marked: marked, sentAt: sentAt)
    case .acknowledgment(let index, let acknowledgment):
      let flow = flows[index]
      let isFirst = flow.recovery.next == 1 && flow.recovery.unacknowledged == 0
      if flow.recovery.needsRoom { flow.recovery.makeRoom() }
      _ = flow.recovery.acknowledged(acknowledgment, at: now)
      if isFirst {
        flow.recovery.established(
          selective: true,
          timestamps: true,
          segmentSize: settings.segmentSize,
          algorithm: flow.algorithm,
          now: now
        )
      }
      if flow.recovery.unacknowledged > flow.amount { flow.finishedAt = flow.finishedAt ?? now }
      transmit(index)
    }
  }

  private func transmit(_ index: Int) {
    let flow = flows[index]
    let limits = TransmissionLimits(
      windowEnd: .max / 2,
      dataEnd: flow.amount + 1,
      maximumSegments: settings.maximumSegments
    )
    while true {
      if flow.recovery.needsRoom { flow.recovery.makeRoom() }
      let range: Range<StreamOffset>
      switch flow.recovery.nextTransmission(at: now, limits: limits) {
      case .new(let next), .retransmission(let next), .probe(let next): range = next
      case .wait, .nothing: return
      }
      flow.recovery.sent(range, at: now)
      var start = range.lowerBound
      while start < range.upperBound {
        let end = min(start + UInt64(settings.segmentSize), range.upperBound)
        carry(index, start..<end)
        start = end
      }
    }
  }

  private func carry(_ index: Int, _ range: Range<StreamOffset>) {
    let size = range.upperBound - range.lowerBound + 52
    let backlog = linkFreeAt > now ? (linkFreeAt - now).positiveNanoseconds * settings.rate / 1_000_000_000 : 0
    greatestQueue = max(greatestQueue, backlog)
    if backlog + size > settings.queue || draw(settings.lossPerMillion) || (outage?.contains(now) ?? false) {
      drops += 1
      return
    }
    let isMarked = settings.marksAbove.map { backlog > $0 } ?? false
    linkFreeAt = max(linkFreeAt, now) + Interval(sending: size, atBytesPerSecond: settings.rate)
    var arrival = linkFreeAt + settings.delay
    if draw(settings.reorderedPerMillion) { arrival += settings.reorderingDelay }
    schedule(.data(index, range, marked: isMarked, sentAt: now), at: arrival)
  }

  private func receive(_ index: Int, _ range: Range<StreamOffset>, marked: Bool, sentAt: Instant) {
    let flow = flows[index]
    if marked { flow.mustEcho = true }
    var acknowledgment = Acknowledgment(cumulative: 0)
    acknowledgment.echoedTime = Instant(nanoseconds: sentAt.nanoseconds / 1_000_000 * 1_000_000)
    let isDuplicate = range.upperBound <= flow.received || flow.held.contains { $0.contains(range.lowerBound) }
    if isDuplicate { acknowledgment.selective.append(from: range.lowerBound, to: range.upperBound) }
    insert(range, flow)
    var isInOrder = range.lowerBound <= flow.received && !isDuplicate
    while let first = flow.held.first, first.lowerBound <= flow.received {
      flow.received = max(flow.received, first.upperBound)
      flow.held.removeFirst()
      if first != range { isInOrder = false }
    }
    acknowledgment.cumulative = flow.received
    flow.unacknowledgedSegments += 1
    if isInOrder, flow.held.isEmpty, flow.unacknowledgedSegments < 2, flow.received <= flow.amount { return }
    flow.unacknowledgedSegments = 0
    // The block that the segment belongs to first (RFC 2018 section 4), then the others.
    for block in flow.held where block.contains(range.lowerBound) {
      acknowledgment.selective.append(from: block.lowerBound, to: block.upperBound)
    }
    for block in flow.held.reversed() where !block.contains(range.lowerBound) {
      acknowledgment.selective.append(from: block.lowerBound, to: block.upperBound)
    }
    acknowledgment.congestionEcho = flow.mustEcho
    flow.mustEcho = false
    schedule(.acknowledgment(index, acknowledgment), at: now + settings.delay)
  }

  private func insert(_ range: Range<StreamOffset>, _ flow: Flow) {
    guard range.upperBound > flow.received else { return }
    var merged = range
    flow.held.removeAll {
      guard $0.lowerBound <= merged.upperBound, $0.upperBound >= merged.lowerBound else { return false }
      merged = min($0.lowerBound, merged.lowerBound)..<max($0.upperBound, merged.upperBound)
      return true
    }
    let position = flow.held.firstIndex { $0.lowerBound > merged.lowerBound } ?? flow.held.count
    flow.held.insert(merged, at: position)
  }

  private func draw(_ perMillion: UInt64) -> Bool {
    guard perMillion > 0 else { return false }
    random ^= random << 13
    random ^= random >> 7
    random ^= random << 17
    return random % 1_000_000 < perMillion
  }

  // MARK: A binary heap by time, then by order of insertion

  private func schedule(_ event: Event, at time: Instant) {
    order += 1
    events.append((time, order, event))
    var child = events.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isEarlier(child, parent) else { break }
      events.swapAt(child, parent)
      child = parent
    }
  }

  private func pop() -> (time: Instant, order: UInt64, event: Event) {
    let first = events[0]
    let last = events.removeLast()
    guard !events.isEmpty else { return first }
    events[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < events.count && isEarlier(child, least) {
        least = child
      }
      guard least != parent else { return first }
      events.swapAt(parent, least)
      parent = least
    }
  }

  private func isEarlier(_ left: Int, _ right: Int) -> Bool {
    (events[left].time, events[left].order) < (events[right].time, events[right].order)
  }
}
