internal import SockeyeWire

/// RFC 9293 section 3.10.7.4, second to fourth step: check the RST bit, the security and the SYN bit.
extension Connection {
  /// Second step: check the RST bit. The segment lies in the window.
  mutating func receiveReset(_ segment: ArrivingSegment) {
    // RFC 5961 section 3.2: exactly at RCV.NXT it resets; elsewhere in the window it is challenged, because it may be
    // a guess. The true peer answers the challenge with a reset that is exact.
    guard segment.start == incoming.next || !configuration.challengesBlindAttacks else {
      challenge(at: segment.arrival)
      return
    }
    switch state {
    case .synReceived(from: .passive):
      // Back to LISTEN, which a host's listener has never left. The user need not be informed.
      state = .listen
      events.insert(.returnedToListen)
    case .synReceived(from: .active):
      fail(.refused)
    case .established, .finWait1, .finWait2, .closeWait:
      fail(.reset)
    case .closing, .lastAck:
      // The RFC enters CLOSED without a word. But where the peer has not acknowledged all data it is lost, and the
      // application, which took its close for orderly, must hear of it (MUST-12), as it does from other stacks.
      if recovery.unacknowledged < outgoing.dataEnd { fail(.reset) } else { finish() }
    case .timeWait:
      finish()
    case .closed, .listen, .synSent:
      break
    }
  }

  /// Fourth step: check the SYN bit.
  ///
  /// - Returns: whether the segment goes on to the fifth step.
  mutating func receiveSynchronize(_ header: TCPHeader, _ segment: inout ArrivingSegment) -> Bool {
    if case .synReceived(let side) = state {
      // The peer's SYN again, with the ACK of ours: a simultaneous open goes on with the ACK.
      if side == .active, segment.start == 0 { return true }
      // A new SYN in the window, from LISTEN: back to it, as if this connection had never been. RFC 9293 always does so;
      // here a SYN is challenged then too, since whoever guesses one could end any connection that is opening.
      if side == .passive, segment.start != 0, !configuration.challengesBlindAttacks {
        state = .listen
        events.insert(.returnedToListen)
        return false
      }
    }
    // RFC 5961 section 4.2: whatever its sequence number, a SYN in a synchronized state is challenged and dropped.
    guard configuration.challengesBlindAttacks else {
      // RFC 793: a SYN in the window is an error, so both sides are reset.
      pendingReset = PendingReset(sequenceNumber: outgoing.sequenceNumber(recovery.next), acknowledges: true)
      fail(.reset)
      return false
    }
    challenge(at: segment.arrival)
    return false
  }

  /// Sends a challenge acknowledgment, <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>, if the budget allows (RFC 5961 section 7).
  mutating func challenge(at now: Instant) {
    guard challenges.spend(at: now) else { return }
    counters.challengeAcknowledgmentsSent += 1
    acknowledgments.makeDue()
  }
}
