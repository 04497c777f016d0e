// What holds between any two events of the sender: see `Invariant`.
extension LossRecovery {
  /// The first invariant that doesn't hold; nil where all do. Looks at each record.
  func checkInvariants() -> Invariant? {
    if let broken = scoreboard.checkInvariants() { return broken }
    guard scoreboard.outstandingBytes == 0 || retransmissionDeadline != .never else { return .retransmissionTimerRuns }
    guard window.bytes >= window.segmentSize, window.bytes <= CongestionWindow.greatest else {
      return .congestionWindowInBounds
    }
    guard recoveryPoint <= scoreboard.end, probe.end <= scoreboard.end else { return .recoveryEndsWithinSent }
    let known = features.intersection([.controllerOwnsWindow, .controllerCountsTransmissions])
    guard known == controller.features else { return .controllerIsKnown }
    return nil
  }

  /// Whether a probe of the path's MTU is outstanding, or its outcome is still to be told.
  var hasPathProbe: Bool {
    if pathProbe != .unknown { return true }
    for index in 0..<scoreboard.ring.count {
      if let record = scoreboard.ring.record(at: index), record.flags.contains(.pathProbe) { return true }
    }
    return false
  }
}

extension Scoreboard {
  /// The first invariant of the records that doesn't hold; nil where all do.
  func checkInvariants() -> Invariant? {
    var position = start
    var (delivered, lost, retransmitted) = (UInt64(0), UInt64(0), UInt64(0))
    var furthest = start
    for index in 0..<ring.count {
      guard let record = ring.record(at: index), record.start == position, record.length > 0 else {
        return .recordsTouch
      }
      position = record.end
      guard record.isSettled || record.end > openHint else { return .nothingOpenBeforeHint }
      let flags = record.flags
      if flags.contains(.delivered) {
        guard flags.isDisjoint(with: .presumption) else { return .deliveredIsSettled }
        delivered += UInt64(record.length)
        furthest = record.end
      }
      if flags.contains(.retransmissionInFlight) { retransmitted += UInt64(record.length) }
      guard flags.contains(.lost) else { continue }
      lost += UInt64(record.length)
      guard flags.contains(.retransmissionInFlight) || record.start >= retransmissionHint else {
        return .nothingToRepairBeforeHint
      }
    }
    guard position == end else { return .recordsTouch }
    guard delivered == deliveredBytes, lost == lostBytes, retransmitted == retransmittedBytes else {
      return .sumsAreOfRecords
    }
    return furthest == highestDelivered ? nil : .furthestDelivered
  }
}
