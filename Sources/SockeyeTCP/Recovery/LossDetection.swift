// Which of what is outstanding is lost: by time (RACK, RFC 8985), by counting (RFC 6675) or, without SACK, by
// duplicate acknowledgments (RFC 6582).
extension LossRecovery {
  /// DupThresh (RFC 5681, RFC 6675).
  static let duplicateThreshold: UInt64 = 3

  /// Whether losses are told by time.
  var usesTime: Bool { features.contains(.selective) && features.contains(.recentAcknowledgment) }

  /// Whether losses are told by the count of what arrived beyond them.
  var usesDuplicateThreshold: Bool {
    features.contains(.selective) && !features.contains(.recentAcknowledgment)
  }

  /// Marks what is now taken for lost; notes in `facts` whether that says something about congestion.
  mutating func detectLosses(_ digest: inout AcknowledgmentDigest) {
    guard scoreboard.outstandingBytes > 0, features.contains(.established) else {
      reorderingDeadline = .never
      return
    }
    if usesTime {
      // Without anything selectively acknowledged or sent again nothing can be missing.
      guard scoreboard.deliveredBytes > 0 || scoreboard.lostBytes > 0 || scoreboard.retransmittedBytes > 0 else {
        reorderingDeadline = .never
        return
      }
      detectLossesByTime(&digest)
    } else if features.contains(.selective) {
      detectLossesByCount(&digest)
    } else {
      detectLossesByDuplicates(&digest)
    }
  }

  /// Records that one acknowledgment may visit without changing them. An honest one needs a fraction; one that lies, of
  /// a flight of any size, costs microseconds.
  static let greatestVisitCount: UInt32 = 1_024

  /// IsLost (RFC 6675 section 4): three segments, or three separate ranges, have arrived beyond it.
  private mutating func detectLossesByCount(_ digest: inout AcknowledgmentDigest) {
    guard scoreboard.deliveredBytes > 0 else { return }
    var deliveredBeyond: UInt64 = 0
    var rangesBeyond: UInt64 = 0
    var wasDelivered = false
    let first = scoreboard.firstOpenIndex()
    for index in stride(from: scoreboard.ring.count - 1, through: first, by: -1) {
      guard digest.visits < LossRecovery.greatestVisitCount, let record = scoreboard.ring.record(at: index) else {
        return
      }
      digest.visits += 1
      if record.flags.contains(.delivered) {
        deliveredBeyond &+= UInt64(record.length)
        if !wasDelivered { rangesBeyond += 1 }
        wasDelivered = true
        continue
      }
      wasDelivered = false
      let isLost =
        rangesBeyond >= LossRecovery.duplicateThreshold
        || deliveredBeyond > (LossRecovery.duplicateThreshold - 1) * window.segmentSize
      if isLost, record.flags.isDisjoint(with: .presumption) {
        markLost(at: index, &digest)
        digest.visits -= 1
      }
    }
  }

  /// RFC 6582: the third duplicate acknowledgment, or in recovery an acknowledgment that covers only a part
  /// of it, says that the oldest segment is lost.
  private mutating func detectLossesByDuplicates(_ digest: inout AcknowledgmentDigest) {
    let isThird = duplicateAcknowledgments >= UInt32(LossRecovery.duplicateThreshold) && state != .recovery
    // Section 3.2 step 2 with `recover`: the duplicates of segments that a timeout sent needlessly mean nothing.
    let mayStart = isThird && scoreboard.start >= recoveryPoint && state != .loss
    let isPartial =
      state == .recovery && digest.newlyAcknowledged > 0 && scoreboard.start < recoveryPoint
    guard mayStart || isPartial, let record = scoreboard.ring.record(at: 0),
      record.flags.isDisjoint(with: .presumption)
    else { return }
    _ = scoreboard.split(at: 0, offset: record.start + window.segmentSize)
    markLost(at: 0, &digest)
  }

  /// Takes the record at `index` for lost and tells whom it concerns.
  mutating func markLost(at index: Int, _ digest: inout AcknowledgmentDigest) {
    guard let record = scoreboard.ring.record(at: index) else { return }
    scoreboard.markLost(at: index)
    if record.flags.contains(.pathProbe) {
      // Its loss says that it was too large, not that the path is full (RFC 4821 section 7.5).
      endPathProbe(at: index)
      return
    }
    digest.facts.insert(.congestiveLoss)
    deliveryRate.lost &+= UInt64(record.length)
    controller.lost(
      record,
      totalDelivered: deliveryRate.delivered,
      totalLost: deliveryRate.lost,
      window: &window,
      at: digest.now
    )
  }

  /// Counts a probe of the path's MTU as lost: what it carries is sent again in segments of the usual size, and the
  /// arrival of those says nothing about the probe.
  mutating func endPathProbe(at index: Int) {
    scoreboard.endPathProbe(at: index)
    pathProbe = .lost
  }

  /// What RFC 6675 NextSeg may send when nothing is known to be lost and no new data can be sent: a hole
  /// below something that arrived (rule 3).
  func unconfirmedHole() -> Range<StreamOffset>? {
    let first = scoreboard.ring.index(covering: scoreboard.openHint)
    var index = first
    while let record = scoreboard.ring.record(at: index), record.start < scoreboard.highestDelivered,
      index - first < Int(LossRecovery.greatestVisitCount)
    {
      if record.flags.isDisjoint(with: .fate) {
        return record.start..<record.end
      }
      index += 1
    }
    return nil
  }
}
