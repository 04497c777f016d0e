internal import NIOCore
internal import SockeyeTalk
internal import SockeyeText

/// Messages that are said again and again.
struct CyclePlan: Sendable {
  /// A message, and how long after it the next one is due.
  struct Step: Sendable {
    let message: MessageForm
    let delay: TimeAmount?
  }

  let steps: [Step]
  /// How long after a message the next is due, unless the message says otherwise.
  let interval: TimeAmount
  /// How many messages are said in all; without a number, for ever.
  let count: Int?

  /// How many messages there may be.
  private static let most = 1000
  /// The shortest pause between two messages of a cycle without end.
  private static let shortest = TimeAmount.milliseconds(1)

  /// Takes a cycle's members.
  init(_ members: inout Members) throws(ConsoleError) {
    var steps: [Step] = []
    for value in try members.array("messages", atMost: Self.most) ?? [] {
      guard let object = value.object else { throw ConsoleError(.usage, .memberTakes("messages", .list(Self.most))) }
      var own = Members(object)
      let delay = try own.duration("delay")
      steps.append(Step(message: try MessageForm(&own), delay: delay))
      try own.finish()
    }
    guard !steps.isEmpty else { throw ConsoleError(.usage, .memberMissing("messages")) }
    self.steps = steps
    interval = max(Self.shortest, try members.duration("interval") ?? .seconds(1))
    count = try members.integer("count", in: 1...Int.max) ?? nil
  }
}

/// A cycle under way. Confined to its session's event loop.
final class Cycle {
  let id: String
  private let plan: CyclePlan
  private let peers: [Int]?
  private let speaker: Speaker
  private weak var session: ConsoleSession?
  private var said = 0
  private var timer: Scheduled<Void>?

  /// How long one who doesn't read is waited for before it is tried again.
  private static let patience = TimeAmount.milliseconds(50)

  init(_ id: String, _ plan: CyclePlan, to peers: [Int]?, as speaker: Speaker, in session: ConsoleSession) {
    self.id = id
    self.plan = plan
    self.peers = peers
    self.speaker = speaker
    self.session = session
  }

  /// Says the first message, at once or after the interval.
  func start(after delay: TimeAmount? = nil) throws(ConsoleError) {
    if let delay { return schedule(in: delay) }
    try step()
  }

  func stop() { timer?.cancel() }

  private func schedule(in delay: TimeAmount) {
    timer = session?.eventLoop.assumeIsolated().scheduleTask(in: delay) { [weak self] in
      guard let self else { return }
      do throws(ConsoleError) { try step() } catch { session?.cycleFailed(self, error) }
    }
  }

  private func step() throws(ConsoleError) {
    guard let session else { return }
    let step = plan.steps[said % plan.steps.count]
    let (telling, _) = try session.say(step.message, to: peers, as: speaker)
    // A peer that doesn't read is waited for: what is said stays in order, and memory bounded.
    if telling.told.isEmpty, !telling.behind.isEmpty { return schedule(in: Self.patience) }
    said += 1
    guard said < plan.count ?? .max else { return session.cycleDone(self) }
    schedule(in: max(.milliseconds(1), step.delay ?? plan.interval))
  }
}

extension ConsoleSession {
  /// How many cycles a session may have.
  private static let mostCycles = 64

  /// Begins a cycle.
  func begin(_ plan: CyclePlan, to peers: [Int]?) throws(ConsoleError) -> String {
    guard conversation != nil else { throw ConsoleError(.missing, .notOpen) }
    guard cycles.count < Self.mostCycles else { throw ConsoleError(.usage, .tooManyCycles(Self.mostCycles)) }
    lastCycle += 1
    let cycle = Cycle("\(id)-c\(lastCycle)", plan, to: peers, as: .cycle, in: self)
    cycles.append(cycle)
    do throws(ConsoleError) {
      try cycle.start()
    } catch {
      cycles.removeAll { $0 === cycle }
      throw error
    }
    return cycle.id
  }

  /// Ends a cycle.
  func stopCycle(_ id: String) throws(ConsoleError) {
    guard let cycle = cycles.first(where: { $0.id == id }) else { throw ConsoleError(.missing, .noCycle(id)) }
    cycleDone(cycle)
  }

  func cycleDone(_ cycle: Cycle) {
    cycle.stop()
    cycles.removeAll { $0 === cycle }
    tell("cycle-ended", ["cycle": .string(cycle.id)])
  }

  func cycleFailed(_ cycle: Cycle, _ error: ConsoleError) {
    cycle.stop()
    cycles.removeAll { $0 === cycle }
    tell("cycle-ended", ["cycle": .string(cycle.id), "text": .string(error.phrase.text(in: language))])
  }

  /// Ends all cycles, and the heartbeats.
  func stopCycles() {
    for cycle in cycles { cycleDone(cycle) }
    for cycle in heartbeats.values { cycle.stop() }
    heartbeats.removeAll()
  }

  // MARK: Heartbeats

  /// A peer's heartbeat begins when it comes, an interval later.
  func beginHeartbeat(_ peer: Int) {
    guard let plan = settings.heartbeat else { return }
    let cycle = Cycle("\(id)-h\(peer)", plan, to: [peer], as: .heartbeat, in: self)
    heartbeats[peer] = cycle
    try? cycle.start(after: plan.interval)
  }

  func endHeartbeat(_ peer: Int) { heartbeats.removeValue(forKey: peer)?.stop() }
}
