/// One TCP connection (RFC 9293), as a value that does no I/O, reads no clock and never sees payload.
///
/// Its owner tells it what happened and when, and asks what to do:
///
/// 1. Make one with `init(…)` and call `open`, or make one from a listener's segment (`init(accepting:…)`).
/// 2. Give every segment of the connection to `receive`, and keep the bytes that the answer names.
/// 3. Tell it what the application does: `send`, `read`, `close`, `abort`.
/// 4. After any of these, and after `advance(to:)` when `nextDeadline` has come, call `nextSegment` until it
///    answers false, and `nextEvent` until it answers nil. Take a whole batch in before asking for output, so that
///    acknowledgments are aggregated (section 3.10.7.4, MUST-58, MUST-59).
/// 5. Drop it when `state` is closed; in TIME-WAIT, `timeWaitEntry` can stand for it in a few dozen bytes.
///
/// Positions in the public interface count bytes of data from zero, for each direction.
public struct Connection: ~Copyable {
  /// The state (RFC 9293 section 3.3.2).
  public internal(set) var state = ConnectionState.closed {
    didSet { passedStates.enter(state, from: oldValue) }
  }
  /// What the connection was told when it was made.
  public internal(set) var configuration: ConnectionConfiguration
  /// The local and the remote port.
  public let ports: PortPair
  /// What the network layer says about the way to the peer.
  public let path: NetworkPath
  /// What the handshake agreed on, so far.
  public internal(set) var options = NegotiatedOptions()
  /// Why the connection is over, where it was not closed in order.
  public internal(set) var failure: ConnectionFailure?

  // MARK: Sequence space

  var outgoing: OutgoingStream
  var incoming: IncomingStream
  var outOfOrder: OutOfOrderRanges
  var recovery: LossRecoveryStorage

  // MARK: Mechanisms

  var acknowledgments: AcknowledgmentSchedule
  var timestamps: TimestampClock
  var persist = PersistTimer()
  var keepAlive = KeepAliveTimer()
  var hold = HoldTimer()
  var limits = SendLimits()
  var storage = StorageTimer()
  var challenges: ChallengeBudget
  var congestion = CongestionNotification()
  var pathMTU: PathMTU
  var bufferTuning = ReceiveBufferTuning()
  var fastOpen = FastOpenState.none

  // MARK: What waits to go out

  /// A reset that answers a segment without ending the connection, or that ends it; where its sequence number stands.
  var pendingReset: PendingReset?
  /// The SYN is to be repeated as SYN,ACK without waiting for its timer (simultaneous open).
  var repeatsSYN = false
  /// The application has gone: see `release`.
  var isReleased = false
  /// R1 has been reported for the present row of timeouts.
  var adviceGiven = false
  var events = PendingEvents()
  var pendingAdvice: UInt8 = 0
  var passedStates = PassedStates()

  // MARK: Counters

  var counters = ConnectionCounters()
  /// When a segment last arrived that was acceptable.
  var lastArrival: Instant
  var lastDataArrival = Instant.never
  var lastDataSent = Instant.never

  /// A connection that is closed until `open` is called.
  ///
  /// - Parameters:
  ///   - configuration: the settings, read now; see the setters for those that may change later.
  ///   - path: what the network layer says about the way to the peer.
  ///   - ports: the local and the remote port.
  ///   - secrets: what must be unpredictable to others; see `ConnectionSecrets`.
  ///   - now: the time.
  public init(
    configuration: ConnectionConfiguration,
    path: NetworkPath,
    ports: PortPair,
    secrets: ConnectionSecrets,
    now: Instant
  ) {
    self.configuration = configuration
    self.path = path
    self.ports = ports
    let peer = SegmentSize.defaultSend(path.version)
    let size = SegmentSize.effective(
      peer: peer,
      path: path,
      maximumTransmissionUnit: path.maximumTransmissionUnit,
      limit: configuration.maximumSegmentSize,
      optionsLength: 0
    )
    outgoing = OutgoingStream(
      initial: SequenceNumber(secrets.initialSequenceNumber),
      peerSegmentSize: peer,
      segmentSize: size
    )
    incoming = IncomingStream(buffer: max(configuration.receiveBuffer, min(configuration.initialReceiveWindow, 65_535)))
    outOfOrder = OutOfOrderRanges(maximumCount: configuration.maximumOutOfOrderRanges)
    recovery = LossRecoveryStorage(
      configuration: configuration,
      segmentSize: UInt32(size),
      seed: UInt64(secrets.initialSequenceNumber)
    )
    acknowledgments = AcknowledgmentSchedule(configuration: configuration)
    timestamps = TimestampClock(offset: secrets.timestampOffset)
    challenges = ChallengeBudget(perSecond: configuration.challengeAcknowledgmentsPerSecond)
    pathMTU = PathMTU(path: path)
    lastArrival = now
  }
}

// What only looks at a connection and is asked for each segment is inlined, because the compiler hands a value that isn't
// to be changed over as a copy of it.
extension Connection {
  /// The shift of the receive window that this side offers; nil where it offers none.
  var offeredWindowShift: UInt8? {
    guard let shift = configuration.windowScale else { return nil }
    // Units of more than a quarter of the buffer are too coarse: what is lost to rounding would keep the window from
    // ever opening by half of the buffer, as the avoidance of silly windows wants before it opens.
    let greatest = UInt8(max(0, 29 - max(incoming.buffer, 1).leadingZeroBitCount))
    guard shift == ConnectionConfiguration.automaticWindowScale else { return min(min(shift, 14), greatest) }
    let most = configuration.autotune ? configuration.maximumReceiveBuffer : configuration.receiveBuffer
    return IncomingStream.windowShift(for: max(most, incoming.buffer))
  }

  /// SND.NXT, with what was sent ahead of the loss recovery's knowledge.
  @inline(__always)
  var furthestSent: StreamOffset { max(recovery.next, outgoing.speculativeEnd) }

  /// Where the peer's window ends.
  @inline(__always)
  var windowEnd: StreamOffset { recovery.unacknowledged + UInt64(outgoing.window) }

  /// Bytes of data, counted from zero, that the peer has acknowledged.
  @inline(__always)
  var acknowledgedCount: UInt64 { min(max(recovery.unacknowledged, 1), outgoing.dataEnd) - 1 }

  /// The FIN has been sent and acknowledged.
  @inline(__always)
  var isFinishAcknowledged: Bool { outgoing.isClosed && recovery.unacknowledged > outgoing.dataEnd }

  /// Eff.snd.MSS, by what is known of the peer and the path.
  var effectiveSegmentSize: UInt16 {
    SegmentSize.effective(
      peer: outgoing.peerSegmentSize,
      path: path,
      maximumTransmissionUnit: pathMTU.current,
      limit: configuration.maximumSegmentSize,
      optionsLength: options.contains(.timestamps) ? 12 : 0
    )
  }

  /// Recomputes Eff.snd.MSS and tells the loss recovery.
  mutating func updateSegmentSize(now: Instant) {
    let size = effectiveSegmentSize
    guard size != outgoing.segmentSize else { return }
    outgoing.segmentSize = size
    recovery.segmentSizeChanged(to: UInt32(size), now: now)
  }

  /// Enters CLOSED out of order and tells why (RFC 9293 section 3.10.7.4, MUST-12).
  mutating func fail(_ reason: ConnectionFailure) {
    state = .closed
    failure = reason
    events.insert(.failed)
    outOfOrder.removeAll()
  }

  /// Enters CLOSED in order.
  mutating func finish() {
    state = .closed
    events.insert(.finished)
  }
}

/// A reset that waits to be sent.
struct PendingReset {
  /// SEG.SEQ, as it goes into the header.
  var sequenceNumber: UInt32
  /// The reset also acknowledges RCV.NXT.
  var acknowledges: Bool
}

/// What is counted as segments come and go; the rest of `ConnectionMetrics` is known elsewhere.
struct ConnectionCounters {
  var segmentsSent: UInt64 = 0
  var segmentsReceived: UInt64 = 0
  var dataSegmentsSent: UInt64 = 0
  var dataSegmentsReceived: UInt64 = 0
  var segmentsRetransmitted: UInt64 = 0
  var outOfOrderSegmentsReceived: UInt64 = 0
  var duplicateSegmentsReceived: UInt64 = 0
  var challengeAcknowledgmentsSent: UInt64 = 0
  var segmentsDroppedAsOld: UInt64 = 0
  var segmentsDroppedForRangeBudget: UInt64 = 0
}

/// The two ports of a connection.
public struct PortPair: Sendable, Hashable {
  /// The port on this side.
  public var local: UInt16
  /// The peer's port.
  public var remote: UInt16

  /// The pair of the given ports.
  public init(local: UInt16, remote: UInt16) {
    self.local = local
    self.remote = remote
  }
}

/// What one connection takes from its host's secret key; see `InitialSequenceNumber`.
public struct ConnectionSecrets: Sendable {
  /// ISS (RFC 6528).
  public var initialSequenceNumber: UInt32
  /// What is added to the timestamp clock (RFC 7323 section 5.4).
  public var timestampOffset: UInt32

  /// The given values.
  public init(initialSequenceNumber: UInt32, timestampOffset: UInt32) {
    self.initialSequenceNumber = initialSequenceNumber
    self.timestampOffset = timestampOffset
  }
}
