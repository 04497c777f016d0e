/// Timeouts (RFC 9293 section 3.10.8).
extension Connection {
  /// When `advance(to:)` must be called at the latest; `never` if nothing is due.
  public var nextDeadline: Instant {
    switch state {
    case .closed, .listen: return .never
    case .timeWait(let expiry): return min(expiry, acknowledgments.deadline)
    case .finWait2(let expiry): return min(expiry, acknowledgments.deadline, keepAliveDeadline)
    case .synSent, .synReceived, .established, .finWait1, .closeWait, .closing, .lastAck: break
    }
    return min(
      min(recovery.nextDeadline, acknowledgments.deadline, persist.deadline),
      min(hold.deadline, keepAliveDeadline, storage.deadline),
      min(userTimeoutDeadline, orphanDeadline)
    )
  }

  /// Runs the timers that are due.
  public mutating func advance(to now: Instant) {
    defer { assertInvariants() }
    switch state {
    case .closed, .listen:
      return
    case .timeWait(let expiry):
      // TIME-WAIT TIMEOUT: nothing of this connection can be in the network any more.
      if expiry <= now { state = .closed }
    case .finWait2(let expiry):
      if expiry <= now {
        finish()
        return
      }
    case .synSent, .synReceived, .established, .finWait1, .closeWait, .closing, .lastAck:
      break
    }
    if storage.deadline <= now { releaseStorage(now: now) }
    acknowledgments.advance(to: now)
    persist.advance(to: now)
    // R2 holds for probes of a closed window that nothing answers as for other segments (RFC 9293 section 3.8.3, RFC 6429
    // section 3); answered ones keep the connection (MUST-37).
    if persist.isDue, persist.unanswered >= configuration.dataRetries {
      fail(.timedOut)
      return
    }
    if hold.deadline <= now {
      hold.deadline = .never
      hold.isOver = true
    }
    advanceRetransmission(to: now)
    // USER TIMEOUT: "connection aborted due to user timeout".
    if !state.isClosed, userTimeoutDeadline <= now { fail(.userTimeout) }
    // RFC 6429 section 4: a peer that answers probes and takes nothing may not hold what nobody waits for any more.
    if !state.isClosed, orphanDeadline <= now { abort(now: now) }
    advanceKeepAlive(to: now)
  }
}

extension Connection {
  /// RETRANSMISSION TIMEOUT, and what follows from many in a row (RFC 9293 section 3.8.3).
  private mutating func advanceRetransmission(to now: Instant) {
    guard recovery.nextDeadline <= now else { return }
    guard recovery.deadlineReached(at: now) == .timedOut else { return }
    let timeouts = recovery.consecutiveTimeouts
    // R1: ask the network layer for another path, and tell the application (MUST-20, SHLD-9, SHLD-10).
    if timeouts >= configuration.adviceRetries, !adviceGiven {
      adviceGiven = true
      advise(.pathIsSuspect)
    }
    // As often as that, what vanishes may be too large for the path (RFC 4821 section 7.7); as often again, the size that
    // nearly every path takes may be.
    let isSuspect = timeouts.isMultiple(of: max(configuration.adviceRetries, 1))
    if isSuspect, configuration.pathMTUProbing, state.isSynchronized, pathMTU.blackHoleSuspected(at: now) {
      updateSegmentSize(now: now)
    }
    // R2: close the connection (MUST-20, SHLD-11); a SYN has a count of its own (MUST-22, MUST-23).
    let isOpening = !state.isSynchronized
    let limit = isOpening ? configuration.synRetries : configuration.dataRetries
    guard timeouts > limit else { return }
    // Data beyond the window of a peer that shrank it, and that goes on to answer, is no reason (SHLD-17, MUST-34).
    if !isOpening, outgoing.window == 0, now - lastArrival < configuration.maximumRetransmissionTimeout * 2 { return }
    if case .synReceived(from: .passive) = state {
      state = .listen
      events.insert(.returnedToListen)
      return
    }
    fail(.timedOut)
  }

  /// When data reaches the user timeout (RFC 5482) that is not acknowledged, or waits for a window that stays closed: who
  /// sets a timeout doesn't want to be held for ever by a peer that answers probes (RFC 6429 section 3).
  private var userTimeoutDeadline: Instant {
    let stalledSince = min(recovery.stalledSince, persist.stalledSince)
    guard let timeout = configuration.userTimeout, stalledSince != .never else { return .never }
    return stalledSince + timeout
  }

  /// When a connection ends whose application has gone and whose peer's window has been closed since long: as long as data
  /// may stay unacknowledged at least (R2, SHLD-11). Of a peer that has not answered the last probe nobody knows whether its
  /// window is still closed, and R2 itself decides.
  private var orphanDeadline: Instant {
    guard isReleased, persist.stalledSince != .never, persist.unanswered == 0 else { return .never }
    return persist.stalledSince + ConnectionConfiguration.orphanTimeout
  }

  /// When the next keep-alive probe is due (RFC 9293 section 3.8.4): only while nothing else is in flight or waits to go
  /// out, since that finds out as well (MUST-26).
  private var keepAliveDeadline: Instant {
    guard let idle = configuration.keepAliveIdle, keepsAlive, !keepAlive.isDue else { return .never }
    guard keepAlive.unanswered > 0 else { return lastArrival + idle }
    return keepAlive.lastProbe + configuration.keepAliveInterval
  }

  private var keepsAlive: Bool {
    switch state {
    case .established, .closeWait, .finWait2:
      return recovery.unacknowledged == recovery.next && outgoing.end == recovery.next
    case .closed, .listen, .synSent, .synReceived, .finWait1, .closing, .lastAck, .timeWait:
      return false
    }
  }

  private mutating func advanceKeepAlive(to now: Instant) {
    guard keepAliveDeadline <= now else { return }
    // A probe or its answer may be lost, so it takes several without an answer (MUST-29).
    guard keepAlive.unanswered < configuration.keepAliveProbes else {
      // The peer is told, should it be there and only its answers be lost: it has nothing to send that would find out.
      pendingReset = PendingReset(sequenceNumber: outgoing.sequenceNumber(recovery.next), acknowledges: true)
      fail(.timedOut)
      return
    }
    keepAlive.isDue = true
  }
}

/// Storage, which is had before a segment is processed and given back when the connection is idle.
extension Connection {
  /// Room for one more range ahead of a gap and, while something is outstanding, for the records that a selective
  /// acknowledgment may split.
  mutating func makeRoomToReceive(ahead: Bool, now: Instant) {
    if ahead, outOfOrder.needsRoom { outOfOrder.makeRoom() }
    // Ranges may have outlasted the timer; only an arrival can make them go.
    if storage.deadline == .never, outOfOrder.storageSize > 0 { storage.start(at: now) }
    if furthestSent > recovery.unacknowledged { makeRoomToSend(now: now) }
  }

  /// Room for the records of what is about to be sent.
  mutating func makeRoomToSend(now: Instant) {
    guard recovery.needsRoom else { return }
    recovery.makeRoom(at: now)
    storage.start(at: now)
  }

  private mutating func releaseStorage(now: Instant) {
    let idle = min(now - lastArrival, lastDataSent == .never ? .longest : now - lastDataSent)
    guard idle >= StorageTimer.period, recovery.unacknowledged == furthestSent else {
      storage.start(at: now)
      return
    }
    // Ranges ahead of a gap stay, and to look at them again and again would wake a host for ever, if the peer is gone.
    outOfOrder.releaseRoom()
    recovery.rest()
    storage.stop()
  }
}
