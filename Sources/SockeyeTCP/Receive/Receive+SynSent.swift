internal import SockeyeWire

/// RFC 9293 section 3.10.7.3: SEGMENT ARRIVES, SYN-SENT STATE.
extension Connection {
  mutating func receiveInSynSent(_ header: TCPHeader, _ segment: ArrivingSegment) -> Reception {
    // First, check the ACK bit.
    var acknowledged: StreamOffset?
    if header.flags.contains(.ack) {
      // SEG.ACK =< ISS or SEG.ACK > SND.NXT: it answers a SYN of another time. Reset it, unless it is a reset.
      guard let offset = acknowledgmentOffset(header), offset >= 1, offset <= furthestSent, recovery.next > 0 else {
        if !header.flags.contains(.rst) {
          pendingReset = PendingReset(sequenceNumber: header.acknowledgmentNumber, acknowledges: false)
        }
        return Reception()
      }
      acknowledged = offset
    }

    // Second, check the RST bit. Only one that acknowledges the SYN can come from the peer.
    if header.flags.contains(.rst) {
      if acknowledged != nil { fail(.refused) }
      return Reception()
    }

    // Third, check the security: there are no compartments here.

    // Fourth, check the SYN bit. Fifth, without SYN or RST, drop the segment.
    guard header.flags.contains(.syn) else { return Reception() }
    incoming.initial = SequenceNumber(header.sequenceNumber)
    lastArrival = segment.arrival
    takeOptions(ofSYN: header, isReply: acknowledged != nil, now: segment.arrival)
    if acknowledged != nil {
      congestion.takeSYNACK(
        header.flags,
        codepoint: segment.codepoint,
        wish: configuration.explicitCongestionNotification
      )
      if case .offers = fastOpen {
        fastOpen = .none
        // The peer may take the data of the SYN or leave it; what it leaves is sent again as new.
        if let acknowledged, acknowledged > 1 { options.insert(.fastOpen) }
      }
      if configuration.fastOpen, let cookie = header.options.fastOpen, !cookie.isRequest { fastOpen = .granted(cookie) }
    }
    noteCongestionOptions()
    // The window of a segment with SYN is never scaled (RFC 7323 section 2.2).
    outgoing.window = UInt32(header.window)
    outgoing.maximumWindow = UInt32(header.window)
    outgoing.windowUpdateStart = 0
    outgoing.windowUpdateAcknowledgment = acknowledged ?? 0

    guard let acknowledged else {
      // The SYNs have crossed (section 3.5, MUST-10): answer with <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>.
      state = .synReceived(from: .active)
      repeatsSYN = true
      return Reception()
    }

    // Our SYN has been acknowledged: ESTABLISHED.
    enterEstablished(acknowledging: acknowledged, header, segment)
    acknowledgments.makeDue()
    var arrived = segment
    arrived.start = 0
    arrived.dataStart = 1
    // Other controls or text are processed from the sixth step on.
    return processFromUrgent(header, &arrived)
  }

  /// SEG.ACK as an offset; nil where it lies before the SYN or impossibly far away.
  @inline(__always)
  func acknowledgmentOffset(_ header: TCPHeader) -> StreamOffset? {
    SequenceNumber(header.acknowledgmentNumber).offset(near: recovery.unacknowledged, initial: outgoing.initial)
  }

  /// SYN-SENT or SYN-RECEIVED to ESTABLISHED: the peer has acknowledged the SYN.
  mutating func enterEstablished(acknowledging offset: StreamOffset, _ header: TCPHeader, _ segment: ArrivingSegment) {
    state = .established
    events.insert(.established)
    var acknowledgment = Acknowledgment(cumulative: offset)
    acknowledgment.occupiesSequenceSpace = header.flags.contains(.syn)
    acknowledgment.echoedTime = echoedTime(header, at: segment.arrival)
    registerSpeculation(upTo: offset)
    _ = recovery.acknowledged(acknowledgment, at: segment.arrival)
    if offset > 1 { events.insert(.acknowledged) }
    if outgoing.isClosed { state = .finWait1 }
  }

  /// The handshake is complete: from here on the congestion control that was chosen is in charge, which may need memory.
  mutating func beginTransfer(now: Instant) {
    recovery.established(
      selective: options.contains(.selectiveAcknowledgment),
      timestamps: options.contains(.timestamps),
      segmentSize: UInt32(outgoing.segmentSize),
      algorithm: configuration.congestionControl,
      now: now
    )
    // Nobody may ever send anything.
    if storage.deadline == .never { storage.start(at: now) }
  }

  /// The peer has acknowledged some of what the loss recovery wasn't told of: tell it now, so that it may be acknowledged.
  mutating func registerSpeculation(upTo offset: StreamOffset) {
    guard offset > recovery.next, offset <= outgoing.speculativeEnd else { return }
    let range = recovery.next..<offset
    recovery.sent(range, at: outgoing.speculativeTime)
    // What was sent more often says nothing about the round trip (Karn, MUST-18).
    if outgoing.speculationIsRepeated { recovery.sent(range, at: outgoing.speculativeTime) }
  }
}
