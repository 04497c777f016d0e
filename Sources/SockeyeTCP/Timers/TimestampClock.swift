/// The clock of the timestamps option, and what is remembered of the peer's (RFC 7323).
struct TimestampClock {
  /// What is added to the clock so that it tells nobody how long this host has been up (section 5.4).
  let offset: UInt32
  /// TS.Recent: the peer's timestamp that the next segment echoes.
  private(set) var recent: UInt32 = 0
  /// When TS.Recent was last set; `never` before the first.
  private(set) var recentTime = Instant.never
  /// A timestamp that was TS.Recent when RCV.NXT was `markNext`, in its lower half: see `isOfThisTrip`.
  private var mark: UInt32 = 0
  private var markNext: UInt32 = 0

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

  /// Whether a segment with this timestamp was sent on the present trip through the sequence numbers, so that its own can
  /// mean one place only. PAWS refuses what may be of an earlier one; of what is of this it would only refuse what was held up.
  ///
  /// What was sent since `mark` began to be echoed lies at most a window, 2³⁰ bytes, before the RCV.NXT of then, and at most
  /// a window beyond that of now. The two are less than 2²⁹ bytes and what filled one gap, a window at most, apart. That
  /// makes fewer than 2³² numbers in all. (Of a mark so old that the order of timestamps is lost nothing seems to be younger
  /// for half of the clock's cycle, and what is as old as the other half isn't under way any more.)
  func isOfThisTrip(_ value: UInt32) -> Bool { value.wrappingDistance(from: mark) >= 0 }

  /// Takes the timestamp of an acceptable segment that covers Last.ACK.sent (section 4.3, rule 2).
  ///
  /// - Parameter next: RCV.NXT.
  mutating func update(_ value: UInt32, next: StreamOffset, at now: Instant) {
    let isFirst = recentTime == .never || now - recentTime >= Self.validity
    guard isFirst || value.wrappingDistance(from: recent) >= 0 else { return }
    recent = value
    recentTime = now
    let next = UInt32(truncatingIfNeeded: next)
    guard isFirst || next &- markNext >= Self.markSpacing else { return }
    mark = value
    markNext = next
  }

  private static let tick: Int64 = 1_000_000
  private static let oldestEcho: Int64 = 86_400_000
  /// Bytes after which there is a new mark.
  private static let markSpacing: UInt32 = 1 << 29
  /// 24 days: half of what a millisecond clock takes to wrap (section 5.5).
  private static var validity: Interval { .seconds(24 * 86_400) }
}
