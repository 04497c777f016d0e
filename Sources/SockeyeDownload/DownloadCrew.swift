internal import NIOCore

/// The connections that share a file, when they lead to several places: which are slow, and which have nothing left to do.
struct DownloadCrew {
  /// One that is so many times slower than another isn't worth waiting for.
  private static let slowness = 4.0

  private var working: [DownloadLane]
  private var rested: [(lane: DownloadLane, rate: Double)] = []

  init(_ leader: DownloadLane) { working = [leader] }

  mutating func add(_ lane: DownloadLane) { working.append(lane) }

  /// A connection has nothing more to do, or has failed.
  mutating func ended(_ lane: DownloadLane, _ now: NIODeadline, isWell: Bool) {
    working.removeAll { $0 === lane }
    if isWell { rested.append((lane, Self.rate(of: lane, now))) }
  }

  /// The fastest of those that have nothing to do; it has something to do from here on.
  mutating func takeBest() -> DownloadLane? {
    guard let best = rested.indices.max(by: { rested[$0].rate < rested[$1].rate }) else { return nil }
    return rested.remove(at: best).lane
  }

  /// Those which keep back what one that has nothing left to do would fetch sooner.
  func tooSlow(_ now: NIODeadline) -> [DownloadLane] {
    guard let best = rested.map(\.rate).max() else { return [] }
    return working.filter { !$0.isDropped && Self.rate(of: $0, now) * Self.slowness < best }
  }

  private static func rate(of lane: DownloadLane, _ now: NIODeadline) -> Double {
    Double(lane.bytes) / max(Double((now - lane.start).nanoseconds), 1)
  }
}
