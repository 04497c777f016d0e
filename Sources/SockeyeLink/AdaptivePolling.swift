internal import SockeyeTCP

/// How long to look for packets before sleeping, as virtual machines wait for their guests (Linux's `halt_poll_ns`).
///
/// To sleep and be woken takes longer than many a peer's answer does, and holds up both ends. Whoever was woken again soon
/// will probably be so next time, and looks on instead; whoever sleeps long costs nothing.
struct AdaptivePolling {
  /// The longest look: a few times what it takes to be woken.
  static let longest = Interval.microseconds(60)
  /// A sleep up to here was short. More than the longest look, for with one the peer's answer comes sooner.
  static let shortSleep = Interval.microseconds(120)

  /// How long to look before the next sleep; zero at first.
  private(set) var duration = Interval.zero

  /// A sleep is over, after a look that found nothing.
  mutating func slept(_ time: Interval) {
    if time <= Self.shortSleep {
      duration = Self.longest
    } else {
      // One long sleep is not the end of a conversation; three are.
      let half = Interval(nanoseconds: duration.nanoseconds / 2)
      duration = half > .microseconds(10) ? half : .zero
    }
  }
}
