public import SockeyeWire

/// What is left of a connection in TIME-WAIT: enough to answer its stray segments (RFC 9293 section 3.10.7.4), in a few
/// dozen bytes, so that a host need not keep the `Connection`.
public struct TimeWaitEntry: Sendable {
  /// When the entry may be dropped: two maximum segment lifetimes after the last FIN.
  public private(set) var expiry: Instant
  private let lifetimeMilliseconds: UInt32
  private let sendNext: SequenceNumber
  private let receiveNext: SequenceNumber
  private let recentTimestamp: UInt32
  private let timestampOffset: UInt32
  private let window: UInt16
  /// The second of the clock, its low 16 bits, in which challenges were last sent.
  private var challengeSecond: UInt16 = 0
  /// How many more may be sent in that second, and how many in each.
  private var challengesLeft: UInt8
  private let challengesPerSecond: UInt8
  private let hasTimestamps: Bool
  private let challengesBlindAttacks: Bool

  init(
    expiry: Instant,
    lifetime: Interval,
    sendNext: SequenceNumber,
    receiveNext: SequenceNumber,
    timestamps: TimestampClock?,
    window: UInt16,
    configuration: borrowing ConnectionConfiguration
  ) {
    self.expiry = expiry
    lifetimeMilliseconds = UInt32(clamping: lifetime.milliseconds)
    self.sendNext = sendNext
    self.receiveNext = receiveNext
    self.window = window
    hasTimestamps = timestamps != nil
    recentTimestamp = timestamps?.recent ?? 0
    timestampOffset = timestamps?.offset ?? 0
    challengesBlindAttacks = configuration.challengesBlindAttacks
    challengesPerSecond = configuration.challengeAcknowledgmentsPerSecond
    challengesLeft = challengesPerSecond
  }

  /// What to do with a segment of the connection.
  public enum Answer: Sendable, Equatable {
    /// Nothing.
    case ignore
    /// Send this segment.
    case acknowledge(TCPHeader)
    /// Drop the entry: the peer reset the connection.
    case drop
    /// The segment is a SYN that may open a new connection in place of this one: drop the entry and give the segment to
    /// the listener. The new connection's initial sequence number should lie beyond this one.
    case reuse(above: UInt32)
  }

  /// SEGMENT ARRIVES, in TIME-WAIT.
  public mutating func answer(to header: TCPHeader, payloadLength: Int, now: Instant) -> Answer {
    // RFC 6191 comes before the sequence number check, which is not for a new connection's SYN.
    if mayReuse(header) { return .reuse(above: greatestSequenceNumber) }
    // First: the sequence number. Nothing is left to receive, so only an empty segment at RCV.NXT is in place.
    let distance = SequenceNumber(header.sequenceNumber) - receiveNext
    let length = header.sequenceLength(payloadLength: payloadLength)
    // Second: the RST bit. RFC 1337 would ignore it, for the sake of old duplicates; RFC 5961 asks it to be exact.
    if header.flags.contains(.rst) {
      return distance == 0 || (!challengesBlindAttacks && distance >= 0 && distance < Int32(window)) ? .drop : .ignore
    }
    if length == 0, distance == 0 { return .ignore }
    // The FIN again restarts the timeout, and is acknowledged as everything else is. Another FIN is somebody else's, who
    // could keep the entry for ever.
    if header.flags.contains(.fin), distance == -Int32(truncatingIfNeeded: length) {
      expiry = now + .milliseconds(Int64(lifetimeMilliseconds))
    }
    if length == 0, !mayChallenge(at: now) { return .ignore }
    return .acknowledge(acknowledgment(of: header, now: now))
  }

  /// Whether a segment that is off the mark may be answered (RFC 5961 section 7): so often in each second of the clock.
  private mutating func mayChallenge(at now: Instant) -> Bool {
    let second = UInt16(truncatingIfNeeded: now.nanoseconds / 1_000_000_000)
    if second != challengeSecond {
      challengeSecond = second
      challengesLeft = challengesPerSecond
    }
    guard challengesLeft > 0 else { return false }
    challengesLeft -= 1
    return true
  }

  /// SND.NXT, which a new connection's sequence numbers should lie beyond.
  var greatestSequenceNumber: UInt32 { sendNext.value }

  /// Whether a segment is a SYN that may open a new connection.
  func mayReuse(_ header: TCPHeader) -> Bool {
    header.flags.contains(.syn) && header.flags.isDisjoint(with: [.ack, .rst]) && acceptsReuse(by: header)
  }

  /// Whether a SYN may open a new connection (RFC 6191 section 2, MAY-2, SHLD-4; RFC 1122 section 4.2.2.13).
  ///
  /// It may if it can't be an old duplicate: its timestamp is later than any that the old connection sent, or, where
  /// they don't tell, its sequence number lies beyond all of the old one's.
  private func acceptsReuse(by header: TCPHeader) -> Bool {
    let isBeyond = SequenceNumber(header.sequenceNumber) - receiveNext > 0
    guard let timestamp = header.options.timestamp, hasTimestamps else {
      // One of the two has no timestamps. If the new one has them its clock proves nothing about the old.
      return isBeyond
    }
    let distance = timestamp.value.wrappingDistance(from: recentTimestamp)
    return distance > 0 || (distance == 0 && isBeyond)
  }

  /// <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>
  private func acknowledgment(of header: TCPHeader, now: Instant) -> TCPHeader {
    var sent = TCPHeader(
      sourcePort: header.destinationPort,
      destinationPort: header.sourcePort,
      sequenceNumber: sendNext.value,
      acknowledgmentNumber: receiveNext.value,
      flags: .ack,
      window: window
    )
    if hasTimestamps {
      let clock = TimestampClock(offset: timestampOffset)
      sent.options.timestamp = TCPOptions.Timestamp(value: clock.value(at: now), echo: recentTimestamp)
    }
    return sent
  }
}

extension Connection {
  /// What can stand for this connection in TIME-WAIT; nil in other states, and while something waits to be sent.
  public var timeWaitEntry: TimeWaitEntry? {
    guard !acknowledgments.isPending, pendingReset == nil else { return nil }
    return timeWait
  }

  /// In TIME-WAIT, whether a segment is a SYN that may open a new connection in place of this one (RFC 6191, RFC 9293
  /// MAY-2), although the application has not let go of this one. Ask before `receive`; where the answer isn't nil, give
  /// the segment to the listener instead.
  ///
  /// - Returns: what the new connection's initial sequence number should lie above; nil where the segment is this
  ///   connection's.
  public func reuse(by header: TCPHeader) -> UInt32? {
    guard header.flags.contains(.syn), let entry = timeWait else { return nil }
    return entry.mayReuse(header) ? entry.greatestSequenceNumber : nil
  }

  private var timeWait: TimeWaitEntry? {
    guard case .timeWait(let expiry) = state else { return nil }
    return TimeWaitEntry(
      expiry: expiry,
      lifetime: configuration.maximumSegmentLifetime * 2,
      sendNext: SequenceNumber(outgoing.sequenceNumber(recovery.next)),
      receiveNext: SequenceNumber(incoming.sequenceNumber(incoming.next)),
      timestamps: options.contains(.timestamps) ? timestamps : nil,
      window: UInt16(clamping: incoming.window >> UInt64(incoming.windowShift)),
      configuration: configuration
    )
  }
}
