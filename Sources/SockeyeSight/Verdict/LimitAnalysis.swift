internal import SockeyeTCP

/// Names what a sender waited for between any two things that it did or learned.
///
/// The reasons are looked for in the order of their certainty: a window that is shut says so itself, a queue shows in the
/// round-trip time, and the send buffer is what is left where neither they nor a loss explain why no more is in flight.
struct LimitAnalysis {
  private let trace: SenderTrace
  /// The shortest round trip of all, for the path without queues.
  private let base: Interval
  /// For each step the shortest round trip lately; nil before the first.
  private let roundTrips: [Interval?]
  /// For each step the time between the data before it and the data from it on, and what it is back to back; empty where
  /// round trips show queues.
  private let gaps: [Interval?]
  private let backToBack: Interval
  /// When the most was first in flight, within a tenth, and whether anything was sent again before some time.
  private let plateau: Instant

  private var next: UInt64 = 1
  private var acknowledged: UInt64 = 1
  private var edge: UInt64 = .max
  private var recoveryPoint: UInt64 = 0
  private var hasLost = false
  private var lastLength: UInt64 = 0
  private var lastSent = Instant.zero
  private var hasSent = false

  init(_ trace: SenderTrace) {
    self.trace = trace
    let (trips, flights) = Self.measure(trace.steps)
    var recent: [(time: Instant, trip: Interval)] = []
    var lows: [Interval?] = []
    let base = (trips.compactMap { $0 } + [trace.handshake].compactMap { $0 }).min() ?? .zero
    (gaps, backToBack) = Self.spacing(trace)
    for (index, trip) in trips.enumerated() {
      let now = trace.steps[index].time
      if let trip { recent.append((now, trip)) }
      let span = max(base, recent.last?.trip ?? base)
      recent.removeAll { now - $0.time > span }
      lows.append(recent.map(\.trip).min() ?? lows.last ?? nil)
    }
    self.base = base
    roundTrips = lows
    let most = flights.max() ?? 0
    let first = flights.firstIndex { $0 >= most - most / 10 }
    plateau = first.map { trace.steps[$0].time } ?? .zero
  }

  /// Measures at each step the round trip and what is in flight.
  private static func measure(_ steps: [SenderTrace.Step]) -> (trips: [Interval?], flights: [UInt64]) {
    var measurement = RoundTripMeasurement()
    var (next, acknowledged) = (UInt64(1), UInt64(1))
    var trips: [Interval?] = []
    var flights: [UInt64] = []
    for step in steps {
      var trip: Interval?
      switch step.kind {
      case .sent(let start, let end, _):
        measurement.sends(from: start, to: end, at: step.time)
        next = max(next, end)
      case .acknowledged(let upTo, _):
        trip = measurement.acknowledges(upTo, at: step.time)
        acknowledged = max(acknowledged, upTo)
      }
      trips.append(trip)
      flights.append(next - min(next, acknowledged))
    }
    return (trips, flights)
  }

  /// How far apart data came: at each step, and what a quarter of all gaps doesn't exceed, which is the path's own pace.
  private static func spacing(_ trace: SenderTrace) -> (gaps: [Interval?], backToBack: Interval) {
    guard trace.isFar else { return ([], .zero) }
    var gaps: [Interval?] = []
    var last: Instant?
    var paces: [Interval] = []
    for step in trace.steps {
      guard case .sent = step.kind else { continue }
      let gap = last.map { step.time - $0 }
      if let gap { paces.append(gap) }
      last = step.time
      gaps.append(gap)
    }
    paces.sort()
    // A gap belongs to all steps since the data before it.
    var result: [Interval?] = []
    var data = 0
    for step in trace.steps {
      result.append(data < gaps.count ? gaps[data] : nil)
      if case .sent = step.kind { data += 1 }
    }
    return (result, paces.isEmpty ? .zero : paces[paces.count / 4])
  }

  /// Calls `body` with each stretch between two steps, until the last data is acknowledged.
  mutating func forEachWait(_ body: (Verdict.Spell) -> Void) {
    let steps = trace.steps
    var last = trace.began
    var number: UInt64 = 1
    let final = steps.last { if case .sent = $0.kind { true } else { false } }?.time ?? .zero
    for (index, step) in steps.enumerated() {
      if step.time > last {
        let limit = limit(before: index)
        let (lower, upper) = (min(number, step.number), max(number, step.number))
        body(Verdict.Spell(limit: limit, began: last, ended: step.time, firstSegment: lower, lastSegment: upper))
        last = step.time
      }
      number = step.number
      take(step)
      if acknowledged >= next, hasSent, step.time >= final { return }
    }
  }

  private mutating func take(_ step: SenderTrace.Step) {
    switch step.kind {
    case .sent(let start, let end, let again):
      hasSent = true
      if again {
        hasLost = true
        recoveryPoint = next
      }
      next = max(next, end)
      lastLength = end - start
      lastSent = step.time
    case .acknowledged(let upTo, let window):
      acknowledged = max(acknowledged, upTo)
      edge = acknowledged &+ window
    }
  }

  /// What the sender waited for before the step of that index.
  private func limit(before index: Int) -> Limit {
    guard index > 0 else { return .opening }
    guard hasSent else { return edge == .max ? .opening : .application }
    let flight = next - min(next, acknowledged)
    let room = edge > next ? edge - next : 0
    let isWindowShut = room < min(trace.segmentSize, 536)
    let isPartial = lastLength % max(trace.segmentSize, 1) != 0
    if flight == 0 { return isWindowShut ? .receiveWindow : .application }
    if waitsForDelayedAcknowledgment(before: index, flight: flight) { return .delayedAcknowledgment }
    if acknowledged >= recoveryPoint, isPartial, !isWindowShut { return .application }
    if hasQueue(before: index) { return .bottleneck }
    if acknowledged < recoveryPoint { return .loss }
    if room < trace.segmentSize { return .receiveWindow }
    if hasLost { return .loss }
    return trace.steps[index].time > plateau && isPlateauLong ? .sendBuffer : .slowStart
  }

  /// What stays in flight grows with every round trip in slow start; three without growth aren't that.
  private var isPlateauLong: Bool {
    guard let end = trace.steps.last?.time else { return false }
    return end - plateau > base * 3
  }

  /// Whether even the quickest of the last segments waited: a burst that queues behind itself isn't a bottleneck. Behind
  /// the bottleneck the queue shows in segments that come back to back.
  private func hasQueue(before index: Int) -> Bool {
    if trace.isFar { return gaps[index].map { $0 <= backToBack * 2 } ?? false }
    guard let low = roundTrips[index - 1] else { return false }
    return low - base > max(base / 5, .milliseconds(1))
  }

  /// One segment is in flight, its acknowledgment comes much later than the path explains, and the next goes at once.
  private func waitsForDelayedAcknowledgment(before index: Int, flight: UInt64) -> Bool {
    guard flight <= trace.segmentSize, index + 1 < trace.steps.count else { return false }
    let (step, following) = (trace.steps[index], trace.steps[index + 1])
    guard case .acknowledged(let upTo, _) = step.kind, upTo > acknowledged else { return false }
    guard case .sent = following.kind, following.time - step.time < .milliseconds(1) else { return false }
    return step.time - lastSent - base >= .milliseconds(20)
  }
}
