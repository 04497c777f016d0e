public import SockeyeWire

/// SEGMENT ARRIVES (RFC 9293 section 3.10.7), in the RFC's own order:
///
/// - 3.10.7.1 CLOSED: `ClosedPort`, for a host has no connection to ask
/// - 3.10.7.2 LISTEN: `ListenDecision` and `Connection.init(accepting:…)`
/// - 3.10.7.3 SYN-SENT: `Receive+SynSent`
/// - 3.10.7.4 all others: `Receive+Otherwise`, with its eight steps in `Receive+Sequence` (first), `Receive+Reset` (second
///   to fourth), `Receive+Acknowledgment` (fifth), `Receive+Text` (sixth to eighth)
extension Connection {
  /// SEGMENT ARRIVES (RFC 9293 section 3.10.7).
  ///
  /// - Parameters:
  ///   - header: the segment's header. Its checksum has been verified (MUST-3) and its addresses and ports matched.
  ///   - payloadLength: bytes of data that follow the header.
  ///   - segmentCount: how many segments the network layer coalesced into this one.
  ///   - codepoint: the IP header's ECN field.
  ///   - arrival: when the segment arrived, which may be a little before it is processed. Never decreases.
  /// - Returns: which of the payload's bytes to keep, and where they belong.
  public mutating func receive(
    _ header: TCPHeader,
    payloadLength: Int,
    segmentCount: Int = 1,
    codepoint: ECNCodepoint = .notCapable,
    arrival: Instant
  ) -> Reception {
    // All that is allocated for a segment, and rarely.
    makeRoomToReceive(ahead: header.sequenceNumber != incoming.sequenceNumber(incoming.next), now: arrival)
    let segment = ArrivingSegment(
      length: max(payloadLength, 0),
      count: min(max(segmentCount, 1), max(payloadLength, 1)),
      codepoint: codepoint,
      arrival: arrival
    )
    let wasOpening = !state.isSynchronized
    let reception = segmentArrives(header, segment)
    if wasOpening, state.isSynchronized { beginTransfer(now: arrival) }
    assertInvariants()
    return reception
  }

  #if !DEBUG
    @_noLocks
  #endif
  private mutating func segmentArrives(_ header: TCPHeader, _ segment: ArrivingSegment) -> Reception {
    counters.segmentsReceived += UInt64(segment.count)
    if segment.length > 0 { counters.dataSegmentsReceived += UInt64(segment.count) }
    switch state {
    case .closed, .listen:
      return Reception()
    case .synSent:
      return receiveInSynSent(header, segment)
    case .synReceived, .established, .finWait1, .finWait2, .closeWait, .closing, .lastAck, .timeWait:
      return receiveOtherwise(header, segment)
    }
  }
}

/// A segment as it is being processed: its positions, once they are known, and what surrounds its header.
struct ArrivingSegment {
  /// Bytes of data.
  let length: Int
  /// How many segments were coalesced into it.
  let count: Int
  /// The IP header's ECN field.
  let codepoint: ECNCodepoint
  /// When it arrived.
  let arrival: Instant
  /// SEG.SEQ.
  var start: StreamOffset = 0
  /// Where its data begins: after the SYN, if it has one.
  var dataStart: StreamOffset = 0

  /// Where its data ends.
  var dataEnd: StreamOffset { dataStart + UInt64(length) }

  init(length: Int, count: Int, codepoint: ECNCodepoint, arrival: Instant) {
    self.length = length
    self.count = count
    self.codepoint = codepoint
    self.arrival = arrival
  }

  /// Where the segment ends in sequence space: SEG.SEQ + SEG.LEN.
  func end(_ flags: TCPFlags) -> StreamOffset { dataEnd + (flags.contains(.fin) ? 1 : 0) }
}

extension TCPHeader {
  /// SEG.LEN: the data, and one for each of SYN and FIN (RFC 9293 section 3.4).
  func sequenceLength(payloadLength: Int) -> UInt32 {
    UInt32(clamping: payloadLength) &+ (flags.contains(.syn) ? 1 : 0) &+ (flags.contains(.fin) ? 1 : 0)
  }
}
