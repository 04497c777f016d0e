internal import SockeyeTCP
internal import SockeyeWire

/// Connections in TIME-WAIT, each as nothing but what answers its stray segments: at most 120 bytes with all that it takes to
/// find it.
///
/// All wait equally long, so the order in which they begin to wait, or begin again, is the order in which they expire; were
/// their times different, some would only stay longer. Bounded in count: where all places are taken, the source that has most
/// of them gives up its oldest.
struct TimeWaitTable: ~Copyable {
  struct Kept {
    let tuple: FourTuple
    /// Who began to wait next.
    var next = Place<Kept>.none
    var entry: TimeWaitEntry
    /// Who began to wait before.
    var previous = Place<Kept>.none
    /// Whose it is, and its neighbours among those of that source, in the same order.
    var source = Place<TimeWaitSources.Source>.none
    var nextOfSource = Place<Kept>.none
    var previousOfSource = Place<Kept>.none
  }

  /// Bytes of an entry.
  static var entrySize: Int { MemoryLayout<Kept>.stride }

  private var kept = Slab<Kept, Kept>()
  private var placesByTuple: FlowTable
  private var sources: TimeWaitSources
  private var oldest = Place<Kept>.none
  private var newest = Place<Kept>.none
  private let limit: Int

  /// An empty table under two keys that are the host's secret.
  init(key: SecretKey, sourceKey: SecretKey, limit: Int) {
    placesByTuple = FlowTable(key: key)
    sources = TimeWaitSources(key: sourceKey)
    self.limit = min(max(limit, 1), Int(Int32.max))
  }

  var count: Int { kept.count }

  /// How many there have been at most at a time, which is what takes up memory.
  var capacity: Int { kept.capacity }

  /// When the oldest is due.
  var nextDeadline: Instant { oldest == .none ? .never : kept[oldest].entry.expiry }

  func contains(_ tuple: FourTuple) -> Bool { place(of: tuple) != nil }

  private func place(of tuple: FourTuple) -> Place<Kept>? {
    placesByTuple.number(of: tuple) { kept[Place($0)].tuple == tuple }.map { Place($0) }
  }

  /// Takes a connection in. Returns whose place it took, where all were taken.
  mutating func insert(_ entry: TimeWaitEntry, for tuple: FourTuple) -> FourTuple? {
    if let place = place(of: tuple) { remove(place) }
    var forgotten: FourTuple?
    if kept.count >= limit, let greediest = sources.greediest { forgotten = remove(sources[greediest].oldest) }
    let place = kept.insert(Kept(tuple: tuple, entry: entry))
    kept[place].source = sources.countUp(for: tuple)
    placesByTuple.insert(place.index, for: tuple)
    append(place)
    return forgotten
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

  /// Drops one whose time is over, and returns which; nil where there is none.
  mutating func popExpired(now: Instant) -> FourTuple? {
    guard oldest != .none, kept[oldest].entry.expiry <= now else { return nil }
    return remove(oldest)
  }

  @discardableResult
  private mutating func remove(_ place: Place<Kept>) -> FourTuple {
    unlink(place)
    sources.countDown(kept[place].source)
    placesByTuple.remove(place.index, for: kept[place].tuple)
    return kept.remove(at: place).tuple
  }

  /// Checks that the list holds all, in the order in which they expire, and that each is found.
  func checkInvariants() {
    var (place, previous, listed) = (oldest, Place<Kept>.none, 0)
    while place != .none {
      precondition(kept[place].previous == previous, "a list that can't be walked back")
      precondition(self.place(of: kept[place].tuple) == place, "a state that its tuple doesn't find")
      listed += 1
      (previous, place) = (place, kept[place].next)
    }
    precondition(listed == kept.count && listed == placesByTuple.count && newest == previous, "a list that lost some")
    precondition(kept.count <= limit, "more than there are places")
    placesByTuple.checkInvariants()
    sources.checkInvariants()
  }

  // MARK: The order, of all and of each source

  private mutating func append(_ place: Place<Kept>) {
    kept[place].previous = newest
    kept[place].next = .none
    if newest != .none { kept[newest].next = place } else { oldest = place }
    newest = place

    let source = kept[place].source
    let before = sources[source].newest
    kept[place].previousOfSource = before
    kept[place].nextOfSource = .none
    if before != .none { kept[before].nextOfSource = place } else { sources[source].oldest = place }
    sources[source].newest = place
  }

  private mutating func unlink(_ place: Place<Kept>) {
    let (previous, next) = (kept[place].previous, kept[place].next)
    if previous != .none { kept[previous].next = next } else { oldest = next }
    if next != .none { kept[next].previous = previous } else { newest = previous }

    let source = kept[place].source
    let (before, after) = (kept[place].previousOfSource, kept[place].nextOfSource)
    if before != .none { kept[before].nextOfSource = after } else { sources[source].oldest = after }
    if after != .none { kept[after].previousOfSource = before } else { sources[source].newest = before }
  }
}
