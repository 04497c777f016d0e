internal import SockeyeWire

/// Segments that ask a silent peer whether it is still there. The loss recovery isn't told of them.
extension Connection {
  /// A zero-window probe: the next byte, or the FIN, though the window doesn't admit it (RFC 9293 section 3.8.6.1,
  /// MUST-36). If the window has opened meanwhile it is taken; if not, the peer answers with its window.
  mutating func planWindowProbe(now: Instant, into plan: inout SegmentPlan) -> Bool {
    guard persist.isDue else { return false }
    guard recovery.unacknowledged == recovery.next, outgoing.end > recovery.next else {
      persist.stop()
      return false
    }
    let offset = recovery.next
    fill(&plan, from: offset, flags: .ack, now: now)
    if offset < outgoing.dataEnd {
      plan.payload = (offset - 1)..<offset
      if offset + 1 == outgoing.dataEnd { plan.header.flags.insert(.psh) }
      counters.dataSegmentsSent += 1
    } else {
      plan.header.flags.insert(.fin)
    }
    outgoing.speculationIsRepeated = outgoing.speculativeEnd > offset
    outgoing.speculativeEnd = max(outgoing.speculativeEnd, offset + 1)
    outgoing.speculativeTime = now
    persist.sent()
    persist.start(
      at: now,
      retransmissionTimeout: recovery.retransmissionTimeout,
      maximum: configuration.maximumRetransmissionTimeout
    )
    return true
  }

  /// A keep-alive probe: <SEQ=SND.NXT-1>, without data (RFC 9293 section 3.8.4, SHLD-12). It lies before the peer's
  /// window, so the peer must answer.
  mutating func planKeepAlive(now: Instant, into plan: inout SegmentPlan) -> Bool {
    keepAlive.isDue = false
    fill(&plan, from: max(recovery.next, 1) - 1, flags: .ack, now: now)
    keepAlive.unanswered = keepAlive.unanswered == .max ? .max : keepAlive.unanswered + 1
    keepAlive.lastProbe = now
    return true
  }
}
