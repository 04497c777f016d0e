internal import SockeyeTCP
internal import SockeyeWire

/// Connections in TIME-WAIT, each as nothing but what answers its stray segments.
///
/// All wait equally long, so a queue in order of entry is in order of expiry; a segment that prolongs an entry's stay is
/// seen when its turn comes. Bounded in count: the oldest are forgotten first.
struct TimeWaitTable {
  private struct Kept {
    var entry: TimeWaitEntry
  }

  private var entries: FlowTable<Kept>
  private var order = RingQueue<(tuple: FourTuple, due: Instant)>()
  private let limit: Int

  init(key: SecretKey, limit: Int) {
    entries = FlowTable(key: key)
    self.limit = max(limit, 1)
  }

  var count: Int { entries.count }

  /// When the oldest is due.
  var nextDeadline: Instant { order.front?.due ?? .never }

  func contains(_ tuple: FourTuple) -> Bool { entries[tuple] != nil }

  mutating func insert(_ entry: TimeWaitEntry, for tuple: FourTuple) {
    while entries.count >= limit, let oldest = order.popFirst() { entries[oldest.tuple] = nil }
    entries[tuple] = Kept(entry: entry)
    order.append((tuple, entry.expiry))
  }

  /// What the connection of `tuple` answers; nil if there is none.
  mutating func answer(
    to header: TCPHeader,
    payloadLength: Int,
    tuple: FourTuple,
    now: Instant
  ) -> TimeWaitEntry.Answer? {
    guard var kept = entries[tuple] else { return nil }
    let answer = kept.entry.answer(to: header, payloadLength: payloadLength, now: now)
    switch answer {
    case .drop, .reuse: entries[tuple] = nil
    case .ignore, .acknowledge: entries[tuple] = kept
    }
    return answer
  }

  /// Drops those whose time is over.
  mutating func expire(now: Instant) {
    while let oldest = order.front, oldest.due <= now {
      _ = order.popFirst()
      guard let kept = entries[oldest.tuple] else { continue }
      if kept.entry.expiry <= now {
        entries[oldest.tuple] = nil
      } else {
        order.append((oldest.tuple, kept.entry.expiry))
      }
    }
  }
}
