internal import SockeyeWire

/// RFC 9293 section 3.10.7.4, first step: check the sequence number.
extension Connection {
  /// Whether the segment goes on to the second step. One that doesn't is answered with an acknowledgment, unless it is a
  /// reset; the answer tells a peer that has lost its place where to go on.
  mutating func checkSequenceNumber(_ header: TCPHeader, _ segment: inout ArrivingSegment) -> Bool {
    guard let start = SequenceNumber(header.sequenceNumber).offset(near: incoming.next, initial: incoming.initial)
    else {
      return reject(header, segment)
    }
    segment.start = start
    segment.dataStart = header.flags.contains(.syn) ? start + 1 : start

    // RFC 7323 section 5.3, R1: a timestamp from the past marks an old duplicate (PAWS). A reset has no need to prove
    // its age (section 5.2). In the connection's life every other segment carries a timestamp or is dropped (3.2).
    if options.contains(.timestamps), !header.flags.contains(.rst) {
      guard let timestamp = header.options.timestamp else { return false }
      if timestamps.isOld(timestamp.value, at: segment.arrival), !isHeldUp(header, segment, timestamp.value) {
        counters.segmentsDroppedAsOld += 1
        // An original that was held up until its retransmission had come has an older timestamp than that. Its sender learns
        // from the duplicate that it was wrong to send again (RFC 2883), as Linux tells it.
        noteDuplicate(segment)
        return reject(header, segment)
      }
    }

    guard isAcceptable(header, segment) else {
      // Appendix A.2: simultaneous open. The peer's SYN,ACK repeats the SYN that has come already; its ACK counts.
      if case .synReceived(from: .active) = state, header.flags.contains(.syn), header.flags.contains(.ack), start == 0
      {
        return true
      }
      // Special allowance for a zero window: valid ACKs, URGs and RSTs are taken from a segment that begins at RCV.NXT,
      // though its text is not (MUST-66). It is answered with the window, which is what a probe asks for.
      if incoming.window == 0, start == incoming.next {
        acknowledgments.makeDue()
        return true
      }
      noteDuplicate(segment)
      return reject(header, segment)
    }
    return true
  }

  /// RFC 7323 section 4.3, rule 2: the timestamp to echo comes from the segment that covers Last.ACK.sent.
  ///
  /// The RFC takes it before the ACK field is checked. It is taken after that here, as Linux does: whoever guesses a
  /// sequence number in the window, and no more, could else have all that the peer sends taken for old.
  mutating func takeTimestamp(_ header: TCPHeader, _ segment: ArrivingSegment) {
    guard let timestamp = header.options.timestamp, options.contains(.timestamps),
      segment.start <= incoming.lastAcknowledgmentSent
    else { return }
    timestamps.update(timestamp.value, next: incoming.next, at: segment.arrival)
  }

  /// Whether a segment with an older timestamp than the last is one that was merely held up, and is taken.
  ///
  /// What repairs a loss overtakes originals that were sent shortly before it, and once it has filled its gap R1 refuses
  /// those: they are taken for lost though they have arrived, are sent again, and those repairs overtake others. So a
  /// segment that lies wholly below what has arrived is taken where it can't be from an earlier trip through the sequence
  /// numbers, which is all that R1 is there for. Linux takes none (its `tcp_disordered_ack` forgives empty segments only).
  private func isHeldUp(_ header: TCPHeader, _ segment: ArrivingSegment, _ timestamp: UInt32) -> Bool {
    guard segment.length > 0, !header.flags.contains(.syn), !header.flags.contains(.fin),
      let highest = outOfOrder.highestEnd
    else { return false }
    return segment.dataStart >= incoming.next && segment.dataEnd <= highest && timestamps.isOfThisTrip(timestamp)
  }

  /// Table 6: the four cases of the acceptability test.
  @inline(__always)
  private func isAcceptable(_ header: TCPHeader, _ segment: ArrivingSegment) -> Bool {
    let window = incoming.next..<(incoming.next + incoming.window)
    let end = segment.end(header.flags)
    switch (end > segment.start, window.isEmpty) {
    case (false, true):
      return segment.start == incoming.next
    case (false, false):
      return window.contains(segment.start)
    case (true, true):
      return false
    case (true, false):
      return window.contains(segment.start) || window.contains(end - 1)
        || (segment.start < incoming.next && end > window.upperBound)
    }
  }

  /// Answers a segment that is not acceptable. Always false, for the caller to return.
  ///
  /// An answer to data or to a FIN is always sent, because its sender is waiting. One to an empty segment could be answered
  /// by another, and so on for ever between two sides that disagree, so those come out of a budget; and so does one to a
  /// SYN, which is a challenge (RFC 5961 section 4.2).
  private mutating func reject(_ header: TCPHeader, _ segment: ArrivingSegment) -> Bool {
    if header.flags.contains(.rst) { return false }
    // The FIN again, which lies before RCV.NXT, and no other: else anybody could keep the connection for ever.
    if case .timeWait = state, header.flags.contains(.fin), segment.end(header.flags) == incoming.next {
      restartTimeWait(at: segment.arrival)
    }
    if case .synReceived = state, header.flags.contains(.syn), !header.flags.contains(.ack), segment.start == 0 {
      // The peer hasn't heard our SYN,ACK. The bare ACK that the RFC asks for would mean nothing to a peer in SYN-SENT.
      repeatsSYN = true
      return false
    }
    let isWaiting = segment.length > 0 || header.flags.contains(.fin)
    let isKeepAlive = segment.start + 1 == incoming.next
    if !isWaiting, !challenges.spend(isKeepAlive: isKeepAlive, at: segment.arrival) { return false }
    acknowledgments.makeDue()
    return false
  }

  /// Notes a segment whose data has all been received before, for a duplicate selective acknowledgment (RFC 2883).
  private mutating func noteDuplicate(_ segment: ArrivingSegment) {
    guard segment.length > 0, segment.dataEnd <= incoming.next else { return }
    counters.duplicateSegmentsReceived += UInt64(segment.count)
    guard options.contains(.selectiveAcknowledgment) else { return }
    outOfOrder.noteDuplicate(segment.dataStart..<segment.dataEnd)
  }
}
