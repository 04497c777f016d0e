internal import SockeyeWire

/// RFC 9293 section 3.10.7.4, sixth to eighth step: check the URG bit, process the segment text, check the FIN bit.
extension Connection {
  /// Sixth step: check the URG bit. After the peer's FIN it is ignored.
  mutating func receiveUrgent(_ header: TCPHeader, _ segment: ArrivingSegment) {
    guard state.receivesData else { return }
    // The pointer counts from SEG.SEQ and names the first byte that isn't urgent (MUST-62).
    let pointed = segment.start + UInt64(header.urgentPointer)
    guard pointed > incoming.urgentEnd else { return }
    let wasUrgent = incoming.urgentEnd > incoming.consumed
    incoming.urgentEnd = pointed
    // Signal once for a continuous sequence of urgent data (MUST-32), if it lies ahead of what was consumed.
    if pointed > incoming.consumed, !wasUrgent { events.insert(.urgent) }
  }

  /// Seventh step: process the segment text.
  ///
  /// - Returns: which bytes to keep: those inside the window that have not been delivered.
  mutating func receiveText(_ header: TCPHeader, _ segment: ArrivingSegment) -> Reception {
    guard segment.length > 0, state.receivesData else { return Reception() }
    let start = max(segment.dataStart, incoming.next)
    let end = min(min(segment.dataEnd, incoming.edge), incoming.announcedFin ?? .max)
    guard start < end else { return Reception() }
    if isReleased {
      // Nobody will read this: the peer learns so by a reset (section 3.6.1, SHLD-3), <SEQ=SEG.ACK><CTL=RST>. That is where
      // the peer's RCV.NXT stood, so it takes the reset at once, whatever of ours is still under way (RFC 5961 section 3.2).
      pendingReset = PendingReset(sequenceNumber: header.acknowledgmentNumber, acknowledges: false)
      fail(.aborted)
      return Reception()
    }
    lastDataArrival = segment.arrival
    noteSegmentSize(segment)
    if segment.dataStart < incoming.next, options.contains(.selectiveAcknowledgment) {
      outOfOrder.noteDuplicate(segment.dataStart..<incoming.next)
    }
    guard start == incoming.next else { return holdOutOfOrder(start..<end, segment) }

    // In order: RCV.NXT advances over it, and over what it makes contiguous.
    let filledGap = !outOfOrder.isEmpty
    incoming.next = outOfOrder.advance(over: start..<end)
    events.insert(.readable)
    if configuration.autotune { tuneBuffer(header, segment) }
    acknowledgments.dataArrived(
      unacknowledged: incoming.next - min(incoming.lastAcknowledgmentSent, incoming.next),
      segmentSize: incoming.segmentSize,
      segmentCount: segment.count,
      at: segment.arrival
    )
    // RFC 5681 section 4.2: what fills all or part of a gap is acknowledged at once.
    if filledGap || outOfOrder.hasBlocks { acknowledgments.makeDue() }
    return Reception(kept: start..<end, of: segment)
  }

  /// Measures the round trip by which the receive buffer is tuned: small segments may have been waiting for the peer's
  /// application, so they don't count.
  private mutating func tuneBuffer(_ header: TCPHeader, _ segment: ArrivingSegment) {
    guard segment.length >= Int(incoming.segmentSize) else { return }
    bufferTuning.dataArrived(
      next: incoming.next,
      window: incoming.window,
      echoedTime: echoedTime(header, at: segment.arrival),
      at: segment.arrival
    )
  }

  /// Data ahead of a gap is held (SHLD-31), and acknowledged at once with what is missing (MAY-13, RFC 5681 section 4.2).
  private mutating func holdOutOfOrder(_ range: Range<StreamOffset>, _ segment: ArrivingSegment) -> Reception {
    acknowledgments.makeDue()
    switch outOfOrder.insert(range) {
    case .inserted:
      counters.outOfOrderSegmentsReceived += UInt64(segment.count)
      return Reception(kept: range, of: segment)
    case .duplicate:
      counters.duplicateSegmentsReceived += UInt64(segment.count)
      return Reception()
    case .refused:
      counters.segmentsDroppedForRangeBudget += UInt64(segment.count)
      return Reception()
    }
  }

  /// The most data that one segment has carried is taken for the size of a full one. A coalesced one counts by its parts.
  private mutating func noteSegmentSize(_ segment: ArrivingSegment) {
    let each = segment.count == 1 ? segment.length : (segment.length + segment.count - 1) / segment.count
    guard each > Int(incoming.segmentSize) else { return }
    let announced = SegmentSize.announced(path: path, limit: configuration.maximumSegmentSize)
    incoming.segmentSize = max(incoming.segmentSize, min(UInt16(clamping: each), announced))
  }

  /// Eighth step: check the FIN bit.
  ///
  /// A FIN counts when all data before it has arrived; one that comes ahead of a gap is remembered until then. It needs no
  /// buffer, so it is taken even where the data before it has used up the window.
  mutating func receiveFinish(_ header: TCPHeader, _ segment: ArrivingSegment) {
    guard state.receivesData else { return }
    if header.flags.contains(.fin), segment.dataEnd >= incoming.next, segment.dataEnd <= incoming.edge {
      incoming.announcedFin = incoming.announcedFin ?? segment.dataEnd
    }
    guard let fin = incoming.announcedFin, incoming.next == fin else { return }
    incoming.fin = fin
    incoming.next = fin + 1
    outOfOrder.removeAll()
    events.insert(.peerClosed)
    acknowledgments.makeDue()
    switch state {
    case .established: state = .closeWait
    // A FIN of ours that was acknowledged in the fifth step has led to FIN-WAIT-2 already.
    case .finWait1: state = .closing
    case .finWait2: enterTimeWait(at: segment.arrival)
    case .closed, .listen, .synSent, .synReceived, .closeWait, .closing, .lastAck, .timeWait: break
    }
  }
}

extension Reception {
  /// Keep `range`, which lies inside the segment's data.
  init(kept range: Range<StreamOffset>, of segment: ArrivingSegment) {
    self.init()
    kept = (range.lowerBound - 1)..<(range.upperBound - 1)
    payloadOffset = Int(clamping: range.lowerBound - segment.dataStart)
  }
}
