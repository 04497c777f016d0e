internal import SockeyeWire

/// What goes out: one plan at a time.
extension Connection {
  /// The next segment to send, or a run of them.
  ///
  /// - Parameters:
  ///   - now: the time.
  ///   - maximumSegments: how many full-sized segments the plan may cover: 1 without segmentation offload.
  ///   - plan: receives the plan, if there is one. It counts as sent when this returns true.
  /// - Returns: whether there is something to send. If not, `nextDeadline` tells when to ask again at the latest.
  public mutating func nextSegment(now: Instant, maximumSegments: Int = 1, into plan: inout SegmentPlan) -> Bool {
    if outgoing.end > recovery.unacknowledged { makeRoomToSend(now: now) }
    defer { assertInvariants() }
    let mayHaveSegment = mayHaveSegment
    let isPlanned = planSegment(now: now, maximumSegments: max(maximumSegments, 1), into: &plan)
    assert(mayHaveSegment || !isPlanned, "a segment of a connection that had nothing to send")
    return isPlanned
  }

  #if !DEBUG
    @_noLocks
  #endif
  mutating func planSegment(now: Instant, maximumSegments: Int, into plan: inout SegmentPlan) -> Bool {
    if let reset = pendingReset { return planReset(reset, now: now, into: &plan) }
    switch state {
    case .closed, .listen:
      return false
    case .synSent, .synReceived:
      if planHandshake(now: now, into: &plan) { return true }
      // A server that accepted a fast open may answer before the handshake is complete (RFC 7413 section 4.2.2).
      guard case .accepted = fastOpen, recovery.next > 0 else { return false }
      return planData(now: now, maximumSegments: maximumSegments, into: &plan)
    case .established, .finWait1, .closeWait, .closing, .lastAck:
      if planData(now: now, maximumSegments: maximumSegments, into: &plan) { return true }
      limits.change(to: presentLimit(), at: now)
      if planWindowProbe(now: now, into: &plan) { return true }
    case .finWait2, .timeWait:
      break
    }
    if keepAlive.isDue { return planKeepAlive(now: now, into: &plan) }
    guard acknowledgments.isDue else { return false }
    fill(&plan, from: recovery.next, flags: .ack, now: now)
    congestion.addOption(to: &plan.header.options)
    return true
  }

  /// A reset: <SEQ=…><CTL=RST>, with ACK where it ends a connection, as deployed stacks have it.
  private mutating func planReset(_ reset: PendingReset, now: Instant, into plan: inout SegmentPlan) -> Bool {
    pendingReset = nil
    plan = SegmentPlan()
    plan.header.sourcePort = ports.local
    plan.header.destinationPort = ports.remote
    plan.header.sequenceNumber = reset.sequenceNumber
    plan.header.flags = .rst
    if reset.acknowledges {
      plan.header.flags.insert(.ack)
      plan.header.acknowledgmentNumber = incoming.sequenceNumber(incoming.next)
      if options.contains(.timestamps) {
        plan.header.options.timestamp = TCPOptions.Timestamp(value: timestamps.value(at: now), echo: timestamps.recent)
      }
    }
    counters.segmentsSent += 1
    return true
  }

  /// SYN or SYN,ACK, sent for the first time, again by timer, or again because the SYNs have crossed.
  private mutating func planHandshake(now: Instant, into plan: inout SegmentPlan) -> Bool {
    var isSYN = repeatsSYN
    repeatsSYN = false
    if recovery.unacknowledged == 0, recovery.next <= 1 {
      let limits = TransmissionLimits(windowEnd: 1, dataEnd: 1)
      switch recovery.nextTransmission(at: now, limits: limits) {
      case .new(let range), .retransmission(let range), .probe(let range):
        recovery.sent(range, at: now)
        isSYN = true
      case .wait, .nothing:
        break
      }
    }
    if isSYN { return planSYN(now: now, into: &plan) }
    guard acknowledgments.isDue, state != .synSent else { return false }
    fill(&plan, from: recovery.next, flags: .ack, now: now)
    return true
  }

  /// <SEQ=ISS><CTL=SYN>, or <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> where the peer's SYN has come.
  mutating func planSYN(now: Instant, into plan: inout SegmentPlan) -> Bool {
    var isReply = false
    if case .synReceived = state { isReply = true }
    plan = SegmentPlan()
    plan.header.sourcePort = ports.local
    plan.header.destinationPort = ports.remote
    plan.header.sequenceNumber = outgoing.initial.value
    plan.header.flags = .syn
    if isReply { plan.header.flags.insert(.ack) }
    let congestionFlags =
      isReply
      ? congestion.flagsOfSYNACK(timeouts: recovery.consecutiveTimeouts)
      : CongestionNotification.flagsOfSYN(
        configuration.explicitCongestionNotification,
        timeouts: recovery.consecutiveTimeouts
      )
    plan.header.flags.formUnion(congestionFlags)
    plan.header.acknowledgmentNumber = isReply ? incoming.sequenceNumber(incoming.next) : 0
    plan.header.window = incoming.initialWindow(configuration.initialReceiveWindow)
    plan.header.options = optionsForSYN(isReply: isReply, now: now)
    // A SYN,ACK that got lost may have been lost for its option: it is sent again without (RFC 9768 section 3.2.3.2.2).
    if isReply, recovery.consecutiveTimeouts == 0 { congestion.addOption(to: &plan.header.options) }
    counters.segmentsSent += 1
    if isReply { acknowledgments.acknowledged() }
    if case .offers(let cookie) = fastOpen, !cookie.isRequest, case .some = plan.header.options.fastOpen {
      addData(toSYN: &plan, now: now)
    }
    return true
  }

  /// Data with a SYN that has a fast-open cookie (RFC 7413 section 4.2.1). It is sent ahead of the loss recovery's
  /// knowledge: what the peer doesn't take is new data once the handshake is complete.
  private mutating func addData(toSYN plan: inout SegmentPlan, now: Instant) {
    let room = max(Int(outgoing.segmentSize) - plan.header.options.length, 0)
    let length = min(outgoing.dataEnd - 1, UInt64(room))
    guard length > 0 else { return }
    plan.payload = 0..<length
    plan.segmentSize = max(Int(length), 1)
    outgoing.speculativeEnd = 1 + length
    outgoing.speculativeTime = now
    counters.dataSegmentsSent += 1
    lastDataSent = now
  }

  /// Fills in what every segment after the handshake has: it acknowledges, offers the window, and echoes the timestamp.
  mutating func fill(_ plan: inout SegmentPlan, from offset: StreamOffset, flags: TCPFlags, now: Instant) {
    plan.header.sourcePort = ports.local
    plan.header.destinationPort = ports.remote
    plan.header.sequenceNumber = outgoing.sequenceNumber(offset)
    plan.header.acknowledgmentNumber = incoming.sequenceNumber(incoming.next)
    plan.header.flags = flags.union(congestion.takeFlags())
    plan.header.window = incoming.offerWindow(segmentSize: UInt32(incoming.segmentSize))
    plan.header.urgentPointer = 0
    plan.header.options = TCPOptions()
    plan.payload = 0..<0
    plan.segmentSize = Int(outgoing.segmentSize)
    plan.codepoint = .notCapable
    plan.isPathProbe = false
    plan.isRetransmission = false
    if options.contains(.timestamps) {
      plan.header.options.timestamp = TCPOptions.Timestamp(value: timestamps.value(at: now), echo: timestamps.recent)
    }
    if options.contains(.selectiveAcknowledgment), outOfOrder.hasBlocks {
      // 40 bytes of options hold four blocks, or three beside timestamps (RFC 2018 section 3).
      let limit = options.contains(.timestamps) ? 3 : 4
      outOfOrder.writeBlocks(incoming, limit: limit, into: &plan.header.options.sackBlocks)
    }
    incoming.lastAcknowledgmentSent = incoming.next
    acknowledgments.acknowledged()
    counters.segmentsSent += 1
  }
}
