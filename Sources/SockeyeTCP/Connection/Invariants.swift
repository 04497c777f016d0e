/// A rule that holds for a connection between any two calls, whatever peer and application do.
///
/// Arithmetic on a peer's numbers saturates, which is right towards the peer and hides mistakes of this side. These rules
/// are where such a mistake shows.
public enum Invariant: UInt8, Sendable {
  /// The records of what is outstanding touch, from SND.UNA to SND.NXT, and none is empty.
  case recordsTouch
  /// What was selectively acknowledged is neither lost nor in flight again.
  case deliveredIsSettled
  /// The sums of the scoreboard are those of its records.
  case sumsAreOfRecords
  /// The furthest selective acknowledgment is the end of the last record that has one.
  case furthestDelivered
  /// No record that waits for its retransmission lies before where the search for it begins.
  case nothingToRepairBeforeHint
  /// No record whose fate is open lies before where the search for losses begins.
  case nothingOpenBeforeHint
  /// While something is outstanding its timer runs (RFC 6298 section 5.1).
  case retransmissionTimerRuns
  /// The congestion window lies between one segment and the greatest window.
  case congestionWindowInBounds
  /// A recovery ends, and a tail loss probe stands, at or before SND.NXT.
  case recoveryEndsWithinSent
  /// What the recovery knows of the controller is what the controller is.
  case controllerIsKnown
  /// SND.UNA ≤ SND.NXT ≤ the end of what the application has queued, marks of push, urgency and FIN within it.
  case sendSequence
  /// SND.WND is at most the greatest window offered, and what last set it acknowledged nothing that was not sent.
  case sendWindow
  /// What is consumed lies before RCV.NXT, and RCV.NXT in the window that was offered.
  case receiveSequence
  /// The ranges out of order are in order, with gaps between them, beyond RCV.NXT and within the window.
  case outOfOrderRanges
  /// Each state has the FINs sent, acknowledged and received that RFC 9293 section 3.3.2 says.
  case stateHasItsFins
  /// A timer is either running or due, and counts from a time at which it was begun.
  case timers
  /// Loss recovery at work has a time at which to go to rest.
  case storageIsGivenBack
  /// A probe of the path's MTU that is awaited is under way.
  case pathProbeIsUnderWay
  /// Segments are as large as the peer and what is known of the path allow (MUST-16).
  case segmentFitsPath
}

extension Connection {
  /// The first invariant that doesn't hold; nil where all do. It looks at all records of what is outstanding, so it is for
  /// tests, simulations and fuzzers; builds with assertions call it after each event while there are few.
  public func checkInvariants() -> Invariant? {
    guard !state.isClosed else { return nil }
    return checkOutgoing() ?? checkIncoming() ?? checkFins() ?? checkTimers() ?? recovery.checkInvariants()
      ?? checkPathMTU()
  }

  /// Stops a build with assertions where an invariant is broken; nothing in others.
  @inline(__always)
  func assertInvariants() {
    #if DEBUG
      guard recovery.recordCount <= 16 else { return }
      if let broken = checkInvariants() { assertionFailure("invariant \(broken.rawValue) of Invariant doesn't hold") }
    #endif
  }

  private func checkOutgoing() -> Invariant? {
    let (first, next) = (recovery.unacknowledged, recovery.next)
    // The SYN is offset 0, and may not have been sent.
    guard first <= next, next <= outgoing.end, outgoing.pushedEnd <= outgoing.dataEnd,
      outgoing.urgentEnd <= outgoing.dataEnd, outgoing.smallSegmentEnd <= outgoing.end,
      outgoing.speculativeEnd <= outgoing.end
    else { return .sendSequence }
    guard outgoing.window <= outgoing.maximumWindow, outgoing.windowUpdateAcknowledgment <= furthestSent else {
      return .sendWindow
    }
    return nil
  }

  private func checkIncoming() -> Invariant? {
    // A FIN may stand at the window's edge, for which the window has no room and needs none.
    guard incoming.consumed <= incoming.dataNext, incoming.dataNext <= incoming.next,
      incoming.dataNext <= max(incoming.edge, 1), incoming.lastAcknowledgmentSent <= incoming.next,
      incoming.fin.map({ $0 + 1 == incoming.next && incoming.announcedFin == $0 }) ?? true
    else { return .receiveSequence }
    return outOfOrder.areOrdered(above: incoming.next, upTo: incoming.edge) ? nil : .outOfOrderRanges
  }

  private func checkFins() -> Invariant? {
    let hasOpened = recovery.unacknowledged >= 1
    let isEnded = incoming.fin != nil
    let holds =
      switch state {
      case .closed, .listen: true
      case .synSent: !isEnded
      case .synReceived: !isEnded
      case .established: hasOpened && !outgoing.isClosed && !isEnded
      case .finWait1: hasOpened && outgoing.isClosed && !isFinishAcknowledged && !isEnded
      case .finWait2: isFinishAcknowledged && !isEnded
      case .closeWait: hasOpened && !outgoing.isClosed && isEnded
      case .closing, .lastAck: outgoing.isClosed && !isFinishAcknowledged && isEnded
      case .timeWait: isFinishAcknowledged && isEnded
      }
    return holds ? nil : .stateHasItsFins
  }

  private func checkTimers() -> Invariant? {
    guard !(persist.isDue && persist.deadline != .never), persist.backoff <= 30,
      persist.stalledSince != .never || (!persist.isDue && persist.deadline == .never)
    else { return .timers }
    // Ranges ahead of a gap may outlast the timer: only an arrival can make them go.
    return recovery.storageSize == 0 || storage.deadline != .never ? nil : .storageIsGivenBack
  }

  private func checkPathMTU() -> Invariant? {
    guard pathMTU.probe == 0 || recovery.hasPathProbe else { return .pathProbeIsUnderWay }
    return outgoing.segmentSize == effectiveSegmentSize ? nil : .segmentFitsPath
  }
}

extension OutOfOrderRanges {
  /// Whether the ranges are as `Invariant.outOfOrderRanges` says.
  func areOrdered(above next: StreamOffset, upTo edge: StreamOffset) -> Bool {
    var end = next
    for index in 0..<count {
      guard let range = range(at: index), range.lowerBound > end, range.upperBound > range.lowerBound else {
        return false
      }
      end = range.upperBound
    }
    return count == 0 || end <= edge
  }
}
