/// What a host remembers of each of its peers: so many of them, and no more memory however many there are.
///
/// Peers share nothing: each is known by a keyed hash of 64 bits, so one never reads or spends what belongs to another. Who
/// comes new takes the place of whoever was heard of longest ago among the four that its hash puts it with; which those are,
/// nobody outside knows. So the most that a stranger can do, with as many addresses as there are places, is to have a peer
/// forgotten, and whoever is forgotten begins anew.
public struct PeerTable<Value: Sendable>: Sendable {
  private struct Entry {
    var hash: UInt64
    var value: Value
  }

  private static var ways: Int { 4 }

  /// Sets of four, each with the one that was used last in front. None before the first use.
  private var entries: [Entry?] = []
  private let sets: Int

  /// An empty table.
  ///
  /// - Parameter limit: how many peers it remembers at most, rounded up to four times a power of two.
  public init(limit: Int) {
    var sets = 1
    while sets * Self.ways < min(limit, 1 << 20) { sets *= 2 }
    self.sets = sets
  }

  /// Changes what is remembered of a peer.
  ///
  /// - Parameters:
  ///   - hash: who it is: a hash under a key that is used for nothing else.
  ///   - new: what is remembered of a peer that has not been heard of.
  ///   - body: looks at the value, or changes it.
  public mutating func update<Result>(
    _ hash: UInt64,
    new: @autoclosure () -> Value,
    _ body: (inout Value) -> Result
  ) -> Result {
    if entries.isEmpty { entries = [Entry?](repeating: nil, count: sets * Self.ways) }
    let front = (Int(truncatingIfNeeded: hash) & (sets - 1)) * Self.ways
    let last = front + Self.ways - 1
    var place = front
    while place < last, let entry = entries[place], entry.hash != hash { place += 1 }
    var found = Entry(hash: hash, value: new())
    if let entry = entries[place], entry.hash == hash { found = entry }
    while place > front {
      entries[place] = entries[place - 1]
      place -= 1
    }
    defer { entries[front] = found }
    return body(&found.value)
  }
}
