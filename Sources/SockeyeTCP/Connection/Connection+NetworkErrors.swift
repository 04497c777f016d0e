/// What the network layer reports about a segment that was sent: an ICMP message (RFC 9293 section 3.9.2.2, MUST-54).
public enum NetworkError: Sendable, Equatable {
  /// The packet was too big for a link (ICMPv4 type 3 code 4, ICMPv6 type 2), which takes so many bytes; 0 where the
  /// router doesn't say.
  case packetTooBig(maximumTransmissionUnit: Int)
  /// A soft error: network or host unreachable, source route failed (ICMPv4 codes 0, 1, 5; ICMPv6 codes 0, 3).
  case unreachable
  /// A hard error: protocol or port unreachable (ICMPv4 codes 2, 3; ICMPv6 code 4), or administratively prohibited.
  case protocolUnreachable
  /// The time to live ran out.
  case timeExceeded
  /// A header field was wrong.
  case parameterProblem
  /// Source quench, which means nothing any more (RFC 6633).
  case sourceQuench
}

extension Connection {
  /// The network layer reports an error about a segment of this connection.
  ///
  /// RFC 5927 section 4.1: the message must quote a sequence number that is outstanding, or it was guessed.
  ///
  /// - Parameters:
  ///   - error: what the message says.
  ///   - quotedSequenceNumber: the sequence number in the part of the segment that the message quotes.
  ///   - now: the time.
  /// - Returns: whether the message was believed.
  @discardableResult
  public mutating func receive(_ error: NetworkError, quotedSequenceNumber: UInt32, now: Instant) -> Bool {
    guard !state.isClosed, isOutstanding(quotedSequenceNumber) else { return false }
    switch error {
    case .packetTooBig(let size):
      return receivePacketTooBig(size, now: now)
    case .sourceQuench:
      // MUST-55: silently discard.
      return false
    case .unreachable:
      // MUST-56: not a reason to abort. SHLD-25: tell the application.
      advise(.unreachable)
    case .timeExceeded:
      advise(.timeExceeded)
    case .parameterProblem:
      advise(.parameterProblem)
    case .protocolUnreachable:
      // SHLD-26 would abort. RFC 5927 section 5.2 shows why a connection that is open should not: its peer has proved
      // that it speaks TCP on that port. So only one that is opening aborts, as in Linux.
      if state.isSynchronized { advise(.unreachable) } else { fail(.protocolUnreachable) }
    }
    return true
  }

  private func isOutstanding(_ sequenceNumber: UInt32) -> Bool {
    let number = SequenceNumber(sequenceNumber)
    guard let offset = number.offset(near: recovery.unacknowledged, initial: outgoing.initial) else { return false }
    return recovery.unacknowledged <= offset && offset < furthestSent
  }

  private mutating func receivePacketTooBig(_ size: Int, now: Instant) -> Bool {
    guard pathMTU.tooBig(size, at: now) else { return false }
    updateSegmentSize(now: now)
    // What is outstanding was too big as well: send it again in smaller segments, at once and without blame.
    if state.isSynchronized { recovery.outstandingTooBig(at: now) }
    return true
  }
}
