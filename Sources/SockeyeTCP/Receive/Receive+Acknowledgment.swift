internal import SockeyeWire

/// RFC 9293 section 3.10.7.4, fifth step: check the ACK field.
extension Connection {
  /// - Returns: whether the segment goes on to the sixth step.
  mutating func receiveAcknowledgment(_ header: TCPHeader, _ segment: ArrivingSegment) -> Bool {
    let offset = acknowledgmentOffset(header)

    if case .synReceived(let side) = state {
      // SND.UNA < SEG.ACK =< SND.NXT enters ESTABLISHED; anything else is reset: <SEQ=SEG.ACK><CTL=RST>.
      guard let offset, offset > recovery.unacknowledged, offset <= furthestSent else {
        pendingReset = PendingReset(sequenceNumber: header.acknowledgmentNumber, acknowledges: false)
        return false
      }
      let isSimultaneous = side == .active && header.flags.contains(.syn)
      outgoing.window = UInt32(header.window) << UInt32(isSimultaneous ? 0 : outgoing.windowShift)
      outgoing.maximumWindow = max(outgoing.maximumWindow, outgoing.window)
      outgoing.windowUpdateStart = segment.start
      outgoing.windowUpdateAcknowledgment = offset
      congestion.takeHandshakeACK(header.flags)
      enterEstablished(acknowledging: offset, header, segment)
      return true
    }

    guard let offset, offset >= recovery.unacknowledged else {
      // SEG.ACK < SND.UNA: a duplicate that can be ignored, though its text can't. RFC 5961 section 5.2 (MAY-12) wants
      // SND.UNA - MAX.SND.WND =< SEG.ACK, or the text may be a blind injection: discard it and send an ACK.
      let age = recovery.unacknowledged - (offset ?? recovery.unacknowledged)
      let isRecent = offset != nil && age <= UInt64(outgoing.maximumWindow)
      if isRecent || !configuration.challengesBlindAttacks { return true }
      challenge(at: segment.arrival)
      return false
    }
    // SEG.ACK > SND.NXT acknowledges what was never sent: send an ACK, and drop the segment.
    guard offset <= furthestSent else {
      challenge(at: segment.arrival)
      return false
    }

    takeAcknowledgment(offset, header, segment)
    return followAcknowledgment(header.flags, segment)
  }

  /// SND.UNA =< SEG.ACK =< SND.NXT: advance, and update the window.
  private mutating func takeAcknowledgment(_ offset: StreamOffset, _ header: TCPHeader, _ segment: ArrivingSegment) {
    let previous = recovery.unacknowledged
    let changesWindow = outgoing.updateWindow(field: header.window, start: segment.start, acknowledgment: offset)
    if recovery.next == offset, furthestSent == offset, previous == offset, header.options.sackBlocks.isEmpty,
      congestion.mode == .off
    {
      // What a side that only receives is told with each segment of data: there is nothing more to learn from it.
      persist.peerAnswered(window: outgoing.window)
      return
    }
    var acknowledgment = Acknowledgment(cumulative: offset)
    acknowledgment.changesWindow = changesWindow
    acknowledgment.occupiesSequenceSpace = segment.end(header.flags) > segment.start
    acknowledgment.echoedTime = echoedTime(header, at: segment.arrival)
    if options.contains(.selectiveAcknowledgment), !header.options.sackBlocks.isEmpty {
      takeSelectiveAcknowledgments(header.options.sackBlocks, &acknowledgment)
    }
    acknowledgment.congestionEcho = congestion.isEcho(header.flags)
    acknowledgment.markedBytes = congestion.newlyMarkedBytes(header, segmentSize: outgoing.segmentSize)
    registerSpeculation(upTo: offset)
    let outcome = recovery.acknowledged(acknowledgment, at: segment.arrival)
    if outcome.pathProbe != .unknown { followPathProbe(outcome.pathProbe, at: segment.arrival) }
    persist.peerAnswered(window: outgoing.window)
    guard offset > previous else { return }
    hold.acknowledged()
    limits.change(to: presentLimit(), at: segment.arrival)
    if acknowledgedCount > previous - 1 { events.insert(.acknowledged) }
    adviceGiven = false
    if outgoing.urgentEnd <= offset { outgoing.urgentEnd = 0 }
  }

  /// Turns SACK blocks into offsets. They may lie: whatever does not lie between SND.UNA and SND.NXT is left out, except
  /// duplicates, which may lie below (RFC 2883).
  private func takeSelectiveAcknowledgments(_ blocks: SACKBlocks, _ acknowledgment: inout Acknowledgment) {
    for index in blocks.indices {
      let block = blocks[index]
      guard
        let left = SequenceNumber(block.left).offset(near: recovery.unacknowledged, initial: outgoing.initial),
        let right = SequenceNumber(block.right).offset(near: recovery.unacknowledged, initial: outgoing.initial),
        left < right, right <= recovery.next
      else { continue }
      acknowledgment.selective.append(from: left, to: right)
    }
  }

  /// A segment that probed the path MTU has arrived or was lost (RFC 4821 section 7.6).
  private mutating func followPathProbe(_ outcome: PathProbeOutcome, at now: Instant) {
    switch outcome {
    case .unknown: break
    case .lost: pathMTU.probeLost(at: now)
    case .delivered:
      pathMTU.probeDelivered()
      updateSegmentSize(now: now)
    }
  }

  /// What the acknowledgment means for the state.
  ///
  /// - Returns: whether the segment goes on to the sixth step.
  private mutating func followAcknowledgment(_ flags: TCPFlags, _ segment: ArrivingSegment) -> Bool {
    switch state {
    case .finWait1:
      // The FIN is acknowledged: FIN-WAIT-2, and go on there. With the application gone it doesn't last for ever.
      if isFinishAcknowledged {
        state = .finWait2(expiry: isReleased ? segment.arrival + configuration.finWait2Timeout : .never)
      }
      return true
    case .closing:
      if isFinishAcknowledged { enterTimeWait(at: segment.arrival) }
      return isFinishAcknowledged
    case .lastAck:
      if isFinishAcknowledged { finish() }
      return !isFinishAcknowledged
    case .timeWait:
      // Only the peer's FIN can rightly come again, and that lies before the window. What lies in it is somebody else's: it
      // is acknowledged, as all that takes up sequence numbers is, and starts nothing anew.
      if segment.end(flags) > segment.start { acknowledgments.makeDue() }
      return true
    case .established, .finWait2, .closeWait:
      return true
    case .closed, .listen, .synSent, .synReceived:
      return false
    }
  }

  /// Enters TIME-WAIT, for two maximum segment lifetimes (MUST-13). All other timers stand still.
  mutating func enterTimeWait(at now: Instant) {
    restartTimeWait(at: now)
    events.insert(.finished)
  }

  /// Starts the 2 MSL timeout, or starts it again.
  mutating func restartTimeWait(at now: Instant) {
    state = .timeWait(expiry: now + configuration.maximumSegmentLifetime * 2)
  }
}
