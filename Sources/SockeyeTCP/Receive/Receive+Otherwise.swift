internal import SockeyeWire

/// RFC 9293 section 3.10.7.4: SEGMENT ARRIVES, OTHER STATES. Eight steps; each may end the processing.
extension Connection {
  mutating func receiveOtherwise(_ header: TCPHeader, _ segment: ArrivingSegment) -> Reception {
    var segment = segment
    // First, check the sequence number.
    guard checkSequenceNumber(header, &segment) else { return Reception() }
    // Second, check the RST bit.
    if header.flags.contains(.rst) {
      receiveReset(segment)
      return Reception()
    }
    // Third, check the security: there are no compartments here.
    // Fourth, check the SYN bit.
    if header.flags.contains(.syn) {
      guard receiveSynchronize(header, &segment) else { return Reception() }
    }
    // Fifth, check the ACK field: a segment without it is dropped.
    guard header.flags.contains(.ack), receiveAcknowledgment(header, segment) else { return Reception() }
    takeTimestamp(header, segment)
    noteArrival(header, segment)
    return processFromUrgent(header, &segment)
  }

  /// Takes a segment for a sign of life, and its mark for one that the path made. Both only where its ACK was checked, as the
  /// timestamp: whoever guesses a sequence number in the window, and no more, could else have the peer slow down, or keep a
  /// connection from being given up whose peer is gone.
  private mutating func noteArrival(_ header: TCPHeader, _ segment: ArrivingSegment) {
    lastArrival = segment.arrival
    keepAlive.unanswered = 0
    let isMarked = congestion.arrived(
      segment.codepoint,
      flags: header.flags,
      length: segment.length,
      count: segment.count
    )
    // A mark is told at once, so that the sender needn't wait a delayed acknowledgment for it.
    if isMarked, segment.length > 0 { acknowledgments.makeDue() }
  }

  /// The sixth to the eighth step, which a SYN,ACK in SYN-SENT also goes through.
  mutating func processFromUrgent(_ header: TCPHeader, _ segment: inout ArrivingSegment) -> Reception {
    // Sixth, check the URG bit.
    if header.flags.contains(.urg) { receiveUrgent(header, segment) }
    // Seventh, process the segment text.
    let reception = receiveText(header, segment)
    // Eighth, check the FIN bit.
    receiveFinish(header, segment)
    return reception
  }
}
