/// The clock of the timestamps option, and what is remembered of the peer's (RFC 7323).
struct TimestampClock {
  /// What is added to the clock so that it tells nobody how long this host has been up (section 5.4).
  let offset: UInt32
  /// TS.Recent: the peer's timestamp that the next segment echoes.
  private(set) var recent: UInt32 = 0
  /// When TS.Recent was last set; `never` before the first.
  private(set) var recentTime = Instant.never

  init(offset: UInt32) {
    self.offset = offset
  }

  /// TSval at `now`: a tick is a millisecond, within the range of section 5.4, and it wraps after 49 days.
  func value(at now: Instant) -> UInt32 {
    UInt32(truncatingIfNeeded: now.nanoseconds / Self.tick) &+ offset
  }

  /// The start of the tick for which `value` stands, by the nearest wrap before `now`; nil where that lies further back
  /// than a day or ahead of the clock, so that it can't be an echo of what was sent.
  func time(of value: UInt32, at now: Instant) -> Instant? {
    let age = Int64(self.value(at: now).wrappingDistance(from: value))
    guard age >= 0, age <= Self.oldestEcho else { return nil }
    return Instant(nanoseconds: (now.nanoseconds / Self.tick - age) * Self.tick)
  }

  /// PAWS, R1 (section 5.3): the timestamp is older than the last one, and that one is not so old that the peer's clock
  /// may have wrapped meanwhile (section 5.5).
  func isOld(_ value: UInt32, at now: Instant) -> Bool {
    guard recentTime != .never, now - recentTime < Self.validity else { return false }
    return value.wrappingDistance(from: recent) < 0
  }

  /// Takes the timestamp of an acceptable segment that covers Last.ACK.sent (section 4.3, rule 2).
  mutating func update(_ value: UInt32, at now: Instant) {
    guard recentTime == .never || value.wrappingDistance(from: recent) >= 0 || now - recentTime >= Self.validity else {
      return
    }
    recent = value
    recentTime = now
  }

  private static let tick: Int64 = 1_000_000
  private static let oldestEcho: Int64 = 86_400_000
  /// 24 days: half of what a millisecond clock takes to wrap (section 5.5).
  private static var validity: Interval { .seconds(24 * 86_400) }
}
