/// The state of RACK (RFC 8985 section 5.3): the most recently *sent* segment that has been delivered, and
/// how much reordering to allow for.
struct RecentAcknowledgment {
  /// RACK.xmit_ts.
  private(set) var sentAt = Instant(nanoseconds: .min)
  /// RACK.end_seq.
  private(set) var end: StreamOffset = 0
  /// RACK.rtt.
  private(set) var roundTripTime = Interval.zero
  /// RACK.dsack_round: D-SACKs before this offset is acknowledged are of one round trip.
  private var duplicateRoundEnd: StreamOffset = 0
  private var isInDuplicateRound = false
  /// What is known of the path's habit of reordering.
  private(set) var reordering = Reordering()

  /// How much reordering to allow for; it outlasts a pause.
  struct Reordering {
    /// RACK.reordering_seen.
    var isSeen = false
    /// RACK.reo_wnd_mult: the reordering window in quarters of the least round-trip time.
    var windowMultiplier: UInt8 = 1
    /// RACK.reo_wnd_persist: recoveries for which the multiplier is still kept.
    var windowPersistence: UInt8 = 0
  }

  /// RACK.reordering_seen.
  var hasSeenReordering: Bool {
    get { reordering.isSeen }
    set { reordering.isSeen = newValue }
  }

  /// The multiplier is at most this; the window is bounded by SRTT all the same.
  static let greatestMultiplier: UInt8 = 64
  /// Recoveries after which an enlarged window shrinks back (RFC 8985 section 6.2 step 4).
  static let persistence: UInt8 = 16

  /// Nothing has been delivered yet, or since a pause.
  init(resuming reordering: Reordering = Reordering()) {
    self.reordering = reordering
  }

  /// Step 2: takes in a delivered record.
  ///
  /// What was retransmitted may have been delivered by its original. Then the echoed timestamp is older
  /// than the retransmission, or the round trip shorter than any; both disqualify it.
  ///
  /// - Parameter arrival: when the acknowledgment arrived; with the time of its processing instead, every
  ///   delay of our own would look like one of the path and mark what is merely unprocessed as lost.
  mutating func delivered(
    sentAt: Instant,
    end: StreamOffset,
    wasRetransmitted: Bool,
    echoedTime: Instant?,
    leastRoundTripTime: Interval,
    arrival: Instant
  ) {
    let roundTripTime = arrival - sentAt
    if wasRetransmitted {
      if let echoedTime, LossRecovery.isEcho(echoedTime, olderThan: sentAt) { return }
      guard roundTripTime >= leastRoundTripTime else { return }
    }
    guard SentRecord.isSent(at: sentAt, upTo: end, after: self.sentAt, upTo: self.end) else { return }
    self.sentAt = sentAt
    self.end = end
    self.roundTripTime = max(roundTripTime, .zero)
  }

  /// Step 4, on a D-SACK: what was retransmitted had not been lost, so allow a quarter more, at most once in
  /// a round trip.
  mutating func duplicateReported(next: StreamOffset) {
    guard !isInDuplicateRound else { return }
    isInDuplicateRound = true
    duplicateRoundEnd = next
    if reordering.windowMultiplier < RecentAcknowledgment.greatestMultiplier { reordering.windowMultiplier += 1 }
    reordering.windowPersistence = RecentAcknowledgment.persistence
  }

  /// Ends the round trip in which a D-SACK was counted.
  @inline(__always)
  mutating func acknowledged(through unacknowledged: StreamOffset) {
    if isInDuplicateRound, unacknowledged >= duplicateRoundEnd { isInDuplicateRound = false }
  }

  /// Step 4, at the end of a recovery.
  mutating func recovered() {
    guard reordering.windowPersistence > 0 else { return }
    reordering.windowPersistence -= 1
    if reordering.windowPersistence == 0 { reordering.windowMultiplier = 1 }
  }

  /// RACK_update_reo_wnd: how much later than the round trip a segment may still arrive.
  ///
  /// - Parameters:
  ///   - isUrgent: recovery is on, or as much was delivered beyond a hole as three duplicate
  ///     acknowledgments used to tell. Unless the path is known to reorder, waiting is not worth it then.
  ///   - granularity: the resolution of the clock, below which no order of arrival can be told.
  func reorderingWindow(isUrgent: Bool, estimate: RoundTripEstimator, granularity: Interval) -> Interval {
    if !hasSeenReordering, isUrgent { return .zero }
    let window = estimate.minimum.value / 4 * Int64(reordering.windowMultiplier)
    return max(min(window, estimate.smoothed), granularity)
  }
}

// Step 5: the search for losses. Steps 1 to 4 are above, in the order of RFC 8985 section 6.2.
extension LossRecovery {
  /// RACK_detect_loss (RFC 8985 section 6.2 step 5): what was sent sufficiently long before something that
  /// has been delivered is lost.
  ///
  /// It begins at the first record whose fate is open. In a great flight it may run out of visits: then the acknowledgment
  /// after this one, or the timer a moment later, goes on where it stopped.
  mutating func detectLossesByTime(_ digest: inout AcknowledgmentDigest) {
    reorderingDeadline = .never
    let recent = recentAcknowledgment
    let isUrgent =
      state == .recovery || state == .loss
      || scoreboard.deliveredBytes >= LossRecovery.duplicateThreshold * window.segmentSize
    let reorderingWindow = recent.reorderingWindow(
      isUrgent: isUrgent,
      estimate: roundTrip,
      granularity: RoundTripEstimator.clockGranularity
    )
    let allowance = recent.roundTripTime + reorderingWindow
    var wait = Interval.zero
    var deadline = lossSearch.deadline
    var index = max(scoreboard.firstOpenIndex(), scoreboard.ring.index(covering: lossSearch.position))
    lossSearch = LossSearch()
    while let record = scoreboard.ring.record(at: index) {
      defer { index += 1 }
      guard digest.visits < LossRecovery.greatestVisitCount else {
        lossSearch = LossSearch(position: record.start, deadline: max(deadline, digest.now + wait))
        reorderingDeadline = digest.now + LossSearch.pause
        return
      }
      let flags = record.flags
      digest.visits += 1
      if record.isSettled { continue }
      guard
        SentRecord.isSent(
          at: recent.sentAt,
          upTo: recent.end,
          after: record.sentAt,
          upTo: record.end
        )
      else {
        // What was sent once was sent in order, so nothing beyond it was sent earlier, unless it was sent again.
        if flags.isDisjoint(with: .retransmitted), record.start >= scoreboard.highestDelivered { break }
        continue
      }
      let remaining = record.sentAt + allowance - digest.now
      if remaining <= .zero {
        markLost(at: index, &digest)
        digest.visits -= 1
      } else {
        wait = max(wait, remaining)
      }
    }
    if wait > .zero { deadline = max(deadline, digest.now + wait) }
    if deadline > digest.now { reorderingDeadline = deadline }
  }
}

/// Where the search for losses goes on that ran out of visits.
struct LossSearch {
  /// The first offset that it hasn't come to; 0 where it begins anew.
  var position: StreamOffset = 0
  /// When the last of what it has come to is due; long past where nothing is.
  var deadline = Instant(nanoseconds: .min)

  /// How long it rests, so that a peer that makes it run out of visits can't keep it running.
  static var pause: Interval { .milliseconds(1) }
}
