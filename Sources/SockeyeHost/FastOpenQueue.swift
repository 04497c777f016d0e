internal import SockeyeTCP

/// The connections that a fast open made at a listener and whose handshake isn't over (RFC 7413 section 5.1).
///
/// Whoever has seen one cookie can send SYNs from its address as fast as he likes, and each reaches the application; so there
/// are never more of them than a limit, and beyond it a SYN opens an ordinary handshake. One that is reset goes on counting
/// for a minute: else the resets by which the address's true owner answers would make room for the next forged SYN.
struct FastOpenQueue {
  private static var memory: Interval { .seconds(60) }

  private var pendingCount = 0
  /// When those that were reset count no more.
  private var resets = RingQueue<Instant>()

  /// How a handshake was over.
  enum End {
    case completed
    case reset
    case failed
  }

  /// Whether one more may be taken, where there may be `limit`.
  mutating func hasRoom(limit: Int, now: Instant) -> Bool {
    while let first = resets.front, first <= now { _ = resets.popFirst() }
    return pendingCount + resets.count < limit
  }

  mutating func begin() {
    pendingCount += 1
  }

  mutating func end(_ end: End, now: Instant) {
    pendingCount -= 1
    if end == .reset { resets.append(now + Self.memory) }
  }
}
