internal import SockeyeTCP
internal import SockeyeWire

/// Connections in TIME-WAIT, each as nothing but what answers its stray segments: about a hundred bytes with all that it
/// takes to find it.
///
/// All wait equally long, so the order in which they begin to wait, or begin again, is the order in which they expire; were
/// their times different, some would only stay longer. Bounded in count: the oldest are forgotten first.
struct TimeWaitTable: ~Copyable {
  struct Kept {
    let tuple: FourTuple
    /// Who began to wait next; -1 for none.
    var next: Int32 = -1
    var entry: TimeWaitEntry
    /// Who began to wait before; -1 for none.
    var previous: Int32 = -1
  }

  /// Bytes of an entry.
  static var entrySize: Int { MemoryLayout<Kept>.stride }

  private var kept = Slab<Kept>()
  private var placesByTuple: FlowTable
  private var oldest: Int32 = -1
  private var newest: Int32 = -1
  private let limit: Int

  init(key: SecretKey, limit: Int) {
    placesByTuple = FlowTable(key: key)
    self.limit = min(max(limit, 1), Int(Int32.max))
  }

  var count: Int { kept.count }

  /// How many there have been at most at a time, which is what takes up memory.
  var capacity: Int { kept.indices.count }

  /// When the oldest is due.
  var nextDeadline: Instant { oldest < 0 ? .never : kept[Int(oldest)].entry.expiry }

  func contains(_ tuple: FourTuple) -> Bool { place(of: tuple) != nil }

  private func place(of tuple: FourTuple) -> Int? {
    placesByTuple.number(of: tuple) { kept[$0].tuple == tuple }
  }

  mutating func insert(_ entry: TimeWaitEntry, for tuple: FourTuple) {
    if let place = place(of: tuple) { remove(place) }
    if kept.count >= limit { remove(Int(oldest)) }
    let place = Int(kept.insert(Kept(tuple: tuple, entry: entry)).index)
    placesByTuple.insert(place, for: tuple)
    append(place)
  }

  /// What the connection of `tuple` answers; nil if there is none.
  mutating func answer(
    to header: TCPHeader,
    payloadLength: Int,
    tuple: FourTuple,
    now: Instant
  ) -> TimeWaitEntry.Answer? {
    guard let place = place(of: tuple) else { return nil }
    let expiry = kept[place].entry.expiry
    let answer = kept[place].entry.answer(to: header, payloadLength: payloadLength, now: now)
    switch answer {
    case .drop, .reuse:
      remove(place)
    case .ignore, .acknowledge:
      if kept[place].entry.expiry != expiry {
        unlink(place)
        append(place)
      }
    }
    return answer
  }

  /// Drops those whose time is over.
  mutating func expire(now: Instant) {
    while oldest >= 0, kept[Int(oldest)].entry.expiry <= now { remove(Int(oldest)) }
  }

  private mutating func remove(_ place: Int) {
    unlink(place)
    placesByTuple.remove(place, for: kept[place].tuple)
    _ = kept.remove(at: place)
  }

  // MARK: The order

  private mutating func append(_ place: Int) {
    let link = Int32(truncatingIfNeeded: place)
    kept[place].previous = newest
    kept[place].next = -1
    if newest >= 0 { kept[Int(newest)].next = link } else { oldest = link }
    newest = link
  }

  private mutating func unlink(_ place: Int) {
    let (previous, next) = (kept[place].previous, kept[place].next)
    if previous >= 0 { kept[Int(previous)].next = next } else { oldest = next }
    if next >= 0 { kept[Int(next)].previous = previous } else { newest = previous }
  }
}
