internal import SockeyeWire

/// When data is sent (RFC 9293 section 3.7.4 and 3.8.6.2.1), within what the loss recovery allows.
extension Connection {
  mutating func planData(now: Instant, maximumSegments: Int, into plan: inout SegmentPlan) -> Bool {
    let most = min(maximumSegments, Self.mostSegments(of: outgoing.segmentSize))
    let probe = configuration.pathMTUProbing ? pathMTU.nextProbe(at: now) : nil
    let limits = TransmissionLimits(
      windowEnd: windowEnd,
      dataEnd: outgoing.end,
      maximumSegments: probe == nil ? most : max(most, 2)
    )
    switch recovery.nextTransmission(at: now, limits: limits) {
    case .new(var range):
      if let probe {
        if planPathProbe(probe, within: range, now: now, into: &plan) { return true }
        range = range.prefix(UInt64(most) * UInt64(outgoing.segmentSize))
      }
      let length = lengthToSend(of: range, now: now)
      guard length > 0 else {
        watchWindow(now: now)
        return false
      }
      persist.stop()
      fillData(&plan, range.lowerBound..<(range.lowerBound + length), now: now, isNew: true)
    case .retransmission(let range) where range.lowerBound == 0, .probe(let range) where range.lowerBound == 0:
      // Only in SYN-RECEIVED after a fast open: the SYN,ACK again.
      recovery.sent(0..<1, at: now)
      return planSYN(now: now, into: &plan)
    case .retransmission(let range):
      // Room for a probe is no room for a longer retransmission: the caller takes no more than it said.
      fillData(&plan, range.prefix(UInt64(most) * UInt64(outgoing.segmentSize)), now: now, isNew: false)
    case .probe(let range):
      fillData(&plan, range, now: now, isNew: range.lowerBound >= recovery.next)
    case .wait:
      return false
    case .nothing:
      watchWindow(now: now)
      return false
    }
    return true
  }

  /// Sends new data in a segment larger than what is known to fit, if there is enough of it (RFC 4821 section 7.4).
  private mutating func planPathProbe(
    _ size: UInt16,
    within range: Range<StreamOffset>,
    now: Instant,
    into plan: inout SegmentPlan
  ) -> Bool {
    let length = UInt64(outgoing.segmentSize) + UInt64(size - pathMTU.current)
    guard range.upperBound - range.lowerBound >= length, range.lowerBound + length <= outgoing.dataEnd,
      !outOfOrder.hasBlocks
    else { return false }
    let probed = range.lowerBound..<(range.lowerBound + length)
    fill(&plan, from: probed.lowerBound, flags: .ack, now: now)
    plan.payload = (probed.lowerBound - 1)..<(probed.upperBound - 1)
    plan.segmentSize = Int(length)
    plan.isPathProbe = true
    recovery.sent(probed, at: now, isPathProbe: true)
    pathMTU.probeSent(size)
    counters.dataSegmentsSent += 1
    lastDataSent = now
    return true
  }

  /// How many full segments an IP packet's length field lets a plan cover.
  private static func mostSegments(of segmentSize: UInt16) -> Int {
    max(1, (65_535 - 60 - 60) / Int(max(segmentSize, 1)))
  }

  /// How much of the new data in `range` to send now: full segments always (SHLD-28); a smaller one by the rules of
  /// Nagle, of the cork, and of the sender's avoidance of silly windows (MUST-38).
  private mutating func lengthToSend(of range: Range<StreamOffset>, now: Instant) -> UInt64 {
    let length = range.upperBound - range.lowerBound
    let size = UInt64(outgoing.segmentSize)
    let tail = length % size
    if tail == 0 { return length }
    if range.upperBound >= outgoing.end {
      // (2) All that is queued can be sent now.
      return holdsTail(range, now: now) ? length - tail : length
    }
    if length > tail { return length - tail }
    // Less than a segment, because the window or the congestion window ends here. (3) Half of the greatest window will
    // do, and (4) so will anything when the override timeout has come.
    let isIdle = recovery.unacknowledged == recovery.next
    let isNagleSatisfied = !configuration.nagle || isIdle
    if isNagleSatisfied, length >= UInt64(outgoing.maximumWindow / 2) { return length }
    if isIdle, persist.isDue || range.upperBound < windowEnd { return length }
    return 0
  }

  /// Whether a last segment that isn't full waits.
  private mutating func holdsTail(_ range: Range<StreamOffset>, now: Instant) -> Bool {
    // The FIN takes everything with it.
    if outgoing.isClosed { return false }
    // Nagle (SHLD-7), in Minshall's form, which Linux uses: a small segment waits while an earlier *small* one is not
    // acknowledged. Waiting for full ones too, as RFC 896 had it, adds a delayed acknowledgment to every request
    // that is a little longer than a segment.
    if configuration.nagle, outgoing.smallSegmentEnd > recovery.unacknowledged { return true }
    // The application has corked the connection, or said that more follows.
    guard hold.isCorked || outgoing.pushedEnd < outgoing.dataEnd else { return false }
    if hold.isOver { return false }
    if hold.deadline == .never { hold.deadline = now + HoldTimer.longest }
    return true
  }

  /// Where data waits only for the window, and nothing is in flight whose acknowledgment would bring news of it, the
  /// persist timer takes care (RFC 9293 section 3.8.6.1, MUST-35, MUST-36).
  private mutating func watchWindow(now: Instant) {
    guard recovery.unacknowledged == recovery.next, outgoing.end > recovery.next else { return }
    let usable = windowEnd > recovery.next ? windowEnd - recovery.next : 0
    guard usable < min(UInt64(outgoing.segmentSize), outgoing.end - recovery.next) else { return }
    var timeout = recovery.retransmissionTimeout
    // The override timeout should be between a tenth of a second and a second.
    if usable > 0 { timeout = min(max(timeout, .milliseconds(100)), .seconds(1)) }
    persist.start(at: now, retransmissionTimeout: timeout, maximum: configuration.maximumRetransmissionTimeout)
  }

  /// A segment, or a run of them, that carries `range`.
  private mutating func fillData(
    _ plan: inout SegmentPlan,
    _ range: Range<StreamOffset>,
    now: Instant,
    isNew: Bool
  ) {
    fill(&plan, from: range.lowerBound, flags: .ack, now: now)
    var range = range
    // RFC 3168 section 6.1.2: the first new data after a reduction of the window says so, in one segment.
    if isNew, congestion.mode == .classic, recovery.takeCongestionWindowReduced() {
      plan.header.flags.insert(.cwr)
      range = range.prefix(UInt64(outgoing.segmentSize))
    }
    // Selective acknowledgments take room from the data (RFC 6691): fewer bytes in each segment.
    let blocks = plan.header.options.sackBlocks.count
    if blocks > 0 {
      let size = max(Int(outgoing.segmentSize) - (4 + 8 * blocks), 1)
      let segments = max(1, (range.count + Int(outgoing.segmentSize) - 1) / Int(outgoing.segmentSize))
      plan.segmentSize = size
      range = range.prefix(UInt64(size * segments))
    }
    let dataEnd = min(range.upperBound, outgoing.dataEnd)
    if range.lowerBound < dataEnd { plan.payload = (range.lowerBound - 1)..<(dataEnd - 1) }
    if range.upperBound > outgoing.dataEnd { plan.header.flags.insert(.fin) }
    // PSH marks the end of what the application pushed or has queued so far (MUST-61); it is collapsed where several
    // writes wait (SHLD-27).
    let isPushed = range.lowerBound < outgoing.pushedEnd && outgoing.pushedEnd <= dataEnd
    if !plan.payload.isEmpty, isPushed || dataEnd == outgoing.dataEnd { plan.header.flags.insert(.psh) }
    markUrgent(&plan, from: range.lowerBound)
    plan.isRetransmission = !isNew
    // RFC 3168 section 6.1.5: only new data is sent as capable; what is lost of the rest must not go unnoticed.
    if isNew, congestion.isSendingCapable, !plan.payload.isEmpty { plan.codepoint = .capable0 }
    recovery.sent(range, at: now)
    let segmentCount = plan.segmentCount
    noteSent(segmentCount: segmentCount, hasData: !plan.payload.isEmpty, isNew: isNew, at: now)
    if !plan.payload.isEmpty, plan.payload.count != segmentCount * plan.segmentSize {
      outgoing.smallSegmentEnd = max(outgoing.smallSegmentEnd, range.upperBound)
    }
    if range.upperBound >= outgoing.end {
      hold.deadline = .never
      hold.isOver = false
    }
  }

  private mutating func noteSent(segmentCount: Int, hasData: Bool, isNew: Bool, at now: Instant) {
    let count = UInt64(segmentCount)
    counters.segmentsSent += count - 1
    if hasData {
      counters.dataSegmentsSent += count
      lastDataSent = now
    }
    if !isNew { counters.segmentsRetransmitted += count }
  }

  /// URG, while there is urgent data at or after the segment (RFC 9293 section 3.8.5, MUST-30, MUST-62): the pointer
  /// names the first byte that isn't urgent.
  private func markUrgent(_ plan: inout SegmentPlan, from offset: StreamOffset) {
    guard outgoing.urgentEnd > offset else { return }
    plan.header.flags.insert(.urg)
    plan.header.urgentPointer = UInt16(clamping: outgoing.urgentEnd - offset)
  }
}

extension Range where Bound == StreamOffset {
  /// The first `length` offsets of the range, or all of it.
  func prefix(_ length: UInt64) -> Range<StreamOffset> {
    lowerBound..<Swift.min(upperBound, lowerBound + length)
  }
}
