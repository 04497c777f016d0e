extension LossRecovery {
  /// What may be sent now. Ask again after each `sent`, until the answer is `.nothing` or `.wait`.
  ///
  /// The order is that of RFC 6675 NextSeg: what is lost, then new data, then (without RACK) what might be.
  #if !DEBUG
    @_noLocks
  #endif
  mutating func nextTransmission(at now: Instant, limits: TransmissionLimits) -> Transmission {
    pacingDeadline = .never
    guard scoreboard.ring.capacity - scoreboard.ring.count >= 4 else { return .nothing }
    if probe.isPending { return probeTransmission(limits: limits) }

    if scoreboard.hasLossesToRepair, timeoutTest != .sendingNew, let lost = scoreboard.nextToRepair() {
      return repair(lost, at: now, limits: limits)
    }
    let available = min(limits.dataEnd, limits.windowEnd)
    guard available > scoreboard.end else {
      noteShortage(limits: limits)
      return withoutNewData(at: now, limits: limits)
    }
    if scoreboard.outstandingBytes == 0 { restartIfIdle(at: now) }
    let range = scoreboard.end..<available
    let room = window.bytes.clampedDifference(bytesInFlight)
    guard room >= min(window.segmentSize, available - scoreboard.end) else {
      noteUsage(isLimited: true, at: now)
      return .nothing
    }
    if available - scoreboard.end < window.segmentSize { noteShortage(limits: limits) }
    guard let count = release(range, room: room, at: now, limits: limits) else {
      return .wait(until: pacingDeadline)
    }
    return .new(range.lowerBound..<range.lowerBound + count)
  }

  /// A retransmission of a lost range, as far as window and pacer let it.
  @inline(__always)
  private mutating func repair(_ range: Range<StreamOffset>, at now: Instant, limits: TransmissionLimits)
    -> Transmission
  {
    // A window that shrank below what was sent holds back all but the oldest segment (RFC 9293 section 3.8.6).
    guard range.lowerBound < limits.windowEnd || range.lowerBound == scoreboard.start else { return .nothing }
    let room = window.bytes.clampedDifference(bytesInFlight)
    guard room >= min(window.segmentSize, range.upperBound - range.lowerBound) else {
      noteUsage(isLimited: true, at: now)
      return .nothing
    }
    guard let count = release(range, room: room, at: now, limits: limits) else {
      return .wait(until: pacingDeadline)
    }
    return .retransmission(range.lowerBound..<range.lowerBound + count)
  }

  /// What else may be sent where no new data can be.
  private mutating func withoutNewData(at now: Instant, limits: TransmissionLimits) -> Transmission {
    if timeoutTest == .sendingNew, scoreboard.end == recoveryPoint {
      // RFC 5682 step 2b: without new data to send, go on as after any timeout.
      timeoutTest = .off
      guard let lost = scoreboard.nextToRepair() else { return .nothing }
      return repair(lost, at: now, limits: limits)
    }
    guard state == .recovery, usesDuplicateThreshold, let range = unconfirmedHole() else { return .nothing }
    return repair(range, at: now, limits: limits)
  }

  /// How much of `range` leaves in one plan; nil where the pacer holds it back, and `pacingDeadline` is set.
  @inline(__always)
  private mutating func release(
    _ range: Range<StreamOffset>,
    room: UInt64,
    at now: Instant,
    limits: TransmissionLimits
  ) -> UInt64? {
    let permitted = pacer.permitted(at: now, segmentSize: window.segmentSize)
    guard permitted > 0 else {
      pacingDeadline = pacer.releaseTime
      return nil
    }
    let length = range.upperBound - range.lowerBound
    if length <= window.segmentSize { return length }
    let segments = UInt64(max(limits.maximumSegments, 1))
    var count = min(length, min(room, permitted))
    if count > window.segmentSize {
      let whole = min(count / window.segmentSize, segments)
      // What is left over beyond whole segments goes along only where it is the end of the range.
      if whole == segments || count < length { count = whole * window.segmentSize }
      return count
    }
    return window.segmentSize
  }

  /// Notes that the application, not the network, bounds the flight (draft-ietf-ccwg-bbr section 4.1.2.4).
  @inline(__always)
  private mutating func noteShortage(limits: TransmissionLimits) {
    guard limits.dataEnd <= limits.windowEnd, bytesInFlight < window.bytes else { return }
    deliveryRate.applicationLimits(inFlight: bytesInFlight)
  }

  /// Records that `range` left at `now`. What starts at `next` is new data; anything else repeats what
  /// `nextTransmission` last answered, or a prefix of it.
  ///
  /// - Parameter isPathProbe: the segment is larger than `segmentSize` to find out whether the path takes it.
  #if !DEBUG
    @_noLocks
  #endif
  mutating func sent(_ range: Range<StreamOffset>, at now: Instant, isPathProbe: Bool = false) {
    guard range.lowerBound < range.upperBound, range.upperBound - range.lowerBound <= UInt64(UInt32.max) else { return }
    let count = range.upperBound - range.lowerBound
    let inFlightBefore = bytesInFlight
    let isNew = range.lowerBound == scoreboard.end
    if isNew {
      guard sentFirst(range, inFlightBefore: inFlightBefore, isPathProbe: isPathProbe, at: now) else { return }
    } else {
      guard sentAgain(range, inFlightBefore: inFlightBefore, at: now) else { return }
    }
    counters.bytesSent &+= count
    lastSent = now
    pacer.sent(count, at: now)
    if isReducing { reduction.sent(count) }
    if features.contains(.controllerCountsTransmissions) {
      controller.sent(
        count,
        inFlightBefore: inFlightBefore,
        isApplicationLimited: deliveryRate.isApplicationLimited,
        at: now
      )
    }
    let inFlight = bytesInFlight
    noteUsage(isLimited: inFlight.clampedSum(window.segmentSize) > window.bytes, at: now)
    scheduleAfterSending(range, isNew: isNew, at: now)
  }

  private mutating func sentFirst(
    _ range: Range<StreamOffset>,
    inFlightBefore: UInt64,
    isPathProbe: Bool,
    at now: Instant
  ) -> Bool {
    var record = SentRecord(
      start: range.lowerBound,
      sentAt: now,
      deliveredAtSend: 0,
      deliveryTimeAtSend: now,
      flightStart: now,
      lostAtSend: 0,
      length: UInt32(truncatingIfNeeded: range.upperBound - range.lowerBound),
      inFlightAtSend: 0,
      flags: isPathProbe ? .pathProbe : SentRecord.Flags(rawValue: 0)
    )
    deliveryRate.sent(&record, inFlightBefore: inFlightBefore, at: now)
    if scoreboard.outstandingBytes == 0 { stalledSince = now }
    return scoreboard.append(record)
  }

  private mutating func sentAgain(_ range: Range<StreamOffset>, inFlightBefore: UInt64, at now: Instant) -> Bool {
    var index = scoreboard.ring.index(covering: range.lowerBound)
    if let record = scoreboard.ring.record(at: index), record.flags.contains(.pathProbe) { endPathProbe(at: index) }
    if scoreboard.split(at: index, offset: range.lowerBound) { index += 1 }
    // Splitting cannot fail for want of room: `nextTransmission` answers nothing without some.
    _ = scoreboard.split(at: index, offset: range.upperBound)
    guard var record = scoreboard.ring.record(at: index), record.start == range.lowerBound else { return false }
    let count = UInt64(record.length)
    record.flags.remove(.applicationLimited)
    deliveryRate.sent(&record, inFlightBefore: inFlightBefore, at: now)
    scoreboard.markRetransmitted(at: index, as: record)
    undo.retransmitted(count, at: now)
    counters.bytesRetransmitted &+= count
    return true
  }
}
