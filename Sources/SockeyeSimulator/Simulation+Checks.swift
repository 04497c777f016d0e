import SockeyeTCP

extension Simulation {
  /// Checks an endpoint's state after it has done all that could be done.
  mutating func checkState(_ index: Int) {
    let endpoint = endpoints[index]
    let kept = endpoint.pointee.observer.kept.contiguousEnd
    let readable = endpoint.pointee.application.read + UInt64(clamping: endpoint.pointee.connection.readableCount)
    // Nothing is readable any more once the connection is over or the program has gone.
    if readable != kept, endpoint.pointee.outcome == .open, !endpoint.pointee.application.isGone {
      return report(.readableOffKept, endpoint: index, detail: readable)
    }
    if let broken = endpoint.pointee.connection.checkInvariants() {
      return report(.invariantBroken, endpoint: index, detail: UInt64(broken.rawValue))
    }
    if checksGauges { checkGauges(index) }
  }

  private mutating func checkGauges(_ index: Int) {
    let endpoint = endpoints[index]
    guard endpoint.pointee.connection.state.isSynchronized else { return }
    let metrics = endpoint.pointee.connection.metrics(now: now)
    let leastWindow = max(1, metrics.sendSegmentSize)
    guard metrics.congestionWindow >= leastWindow, metrics.congestionWindow <= 1 << 40 else {
      return report(.congestionWindowOutOfBounds, endpoint: index, detail: UInt64(clamping: metrics.congestionWindow))
    }
    let acknowledged = endpoint.pointee.acknowledged
    let outstanding = endpoint.pointee.observer.sentEnd - min(acknowledged, endpoint.pointee.observer.sentEnd)
    // A byte sent again before its first copy is taken for lost is in flight twice (RFC 6675 section 4).
    guard metrics.bytesInFlight >= 0, UInt64(clamping: metrics.bytesInFlight) <= outstanding * 2 else {
      return report(.flightOutOfBounds, endpoint: index, detail: UInt64(clamping: metrics.bytesInFlight))
    }
  }

  /// Checks how the connections ended, when nothing is left to happen.
  mutating func checkEndings() {
    for index in endpoints.indices {
      checkEnding(index)
      guard violation == nil else { return }
    }
  }

  private mutating func checkEnding(_ index: Int) {
    let endpoint = endpoints[index]
    let peer = endpoints[index ^ 1]
    let read = endpoint.pointee.application.read
    let wantsAll = !endpoint.pointee.application.isGone && !endpoint.pointee.application.hasAborted
    switch endpoint.pointee.outcome {
    case .finished:
      if wantsAll, !peer.pointee.application.hasAborted, read != peer.pointee.application.written {
        report(.endedWithoutAllData, endpoint: index, detail: read)
      }
    case .failed(let failure):
      if !isExplained(failure, at: index) {
        report(.unexplainedFailure, endpoint: index, detail: UInt64(failure.rawValue))
      }
    case .open:
      if !mayStayOpen(index) { report(.stall, endpoint: index, detail: endpoint.pointee.observer.acknowledgedEnd) }
    }
  }

  /// Whether programs and network explain that a connection failed so.
  private func isExplained(_ failure: ConnectionFailure, at index: Int) -> Bool {
    let endpoint = endpoints[index]
    switch failure {
    case .aborted:
      return endpoint.pointee.application.hasAborted || endpoint.pointee.application.isGone
    case .reset, .refused:
      return hasPerished(index ^ 1) || endpoint.pointee.application.isGone || isAllSaid(index)
    case .timedOut, .userTimeout:
      return isHarsh(index) || hasPerished(index ^ 1)
    case .protocolUnreachable:
      return false
    }
  }

  /// Whether an endpoint's connection has ended, or come to nothing, in a way that its peer may not have heard of: then what
  /// the peer says is answered by a reset, if at all.
  private func hasPerished(_ index: Int) -> Bool {
    let endpoint = endpoints[index]
    let hasGivenUp = !endpoint.pointee.isOpen && isHarsh(index)
    return hasGivenUp || endpoint.pointee.application.hasAborted || endpoint.pointee.application.isGone
      || hasFailed(endpoint.pointee.outcome)
  }

  /// Whether both have everything, and only the acknowledgment of this side's FIN is missing. Where that gets lost until the
  /// peer's TIME-WAIT is over, which is drawn short, the FIN is answered by a reset (RFC 9293 section 3.10.7.1).
  private func isAllSaid(_ index: Int) -> Bool {
    let (endpoint, peer) = (endpoints[index], endpoints[index ^ 1])
    return isHarsh(index) && peer.pointee.outcome == .finished
      && peer.pointee.application.read == endpoint.pointee.application.written
      && endpoint.pointee.application.read == peer.pointee.application.written
  }

  private func hasFailed(_ outcome: ConnectionOutcome) -> Bool {
    if case .failed = outcome { true } else { false }
  }

  /// Whether a link between an endpoint and its peer loses so much that a connection may give up.
  private func isHarsh(_ index: Int) -> Bool {
    [index, index ^ 1].contains { index in
      let counters = links[endpoints[index].pointee.configuration.link].counters
      return counters.drops + counters.corrupted > 0
    }
  }

  /// Whether a connection may be open although nothing will happen any more: its program wants it so, it was never
  /// opened, or its peer ended without its having heard, and it has nothing to send by which it would.
  private func mayStayOpen(_ index: Int) -> Bool {
    let endpoint = endpoints[index]
    let peer = endpoints[index ^ 1]
    if !endpoint.pointee.isOpen { return peer.pointee.outcome != .finished }
    let hasNothingToSay =
      endpoint.pointee.observer.isEverythingAcknowledged
      && endpoint.pointee.acknowledged == endpoint.pointee.application.written
    if hasPerished(index ^ 1) { return hasNothingToSay }
    let neverEnds =
      endpoint.pointee.application.behaviour.ending == .never || peer.pointee.application.behaviour.ending == .never
    return neverEnds && hasNothingToSay && endpoint.pointee.application.hasWrittenEverything
  }
}
