extension Connection {
  /// Whether `nextSegment` may have something to say. False is a promise: it would answer false, and nothing would come of
  /// asking. True is none: a window, Nagle's rule or the pacer may hold back what there is.
  public var mayHaveSegment: Bool {
    if pendingReset != nil { return true }
    switch state {
    case .closed, .listen: return false
    // A handshake is short, and its timers are the loss recovery's.
    case .synSent, .synReceived: return true
    case .established, .finWait1, .closeWait, .closing, .lastAck:
      if outgoing.end > recovery.unacknowledged || persist.isDue { return true }
    case .finWait2, .timeWait: break
    }
    return acknowledgments.isDue || keepAlive.isDue
  }
}
