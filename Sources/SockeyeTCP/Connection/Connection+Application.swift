public import SockeyeWire

/// The calls of the application (RFC 9293 section 3.10.1 to 3.10.5).
extension Connection {
  /// OPEN, active (RFC 9293 section 3.10.1): the SYN is sent by the next `nextSegment`.
  ///
  /// - Parameters:
  ///   - cookie: with `ConnectionConfiguration.fastOpen`, the cookie that the peer granted earlier (RFC 7413): what is
  ///     queued by `send` before the first `nextSegment` then goes with the SYN, as far as it fits, and the peer may
  ///     take it. Without one a cookie is asked for; see `grantedFastOpenCookie`.
  ///   - now: the time.
  public mutating func open(cookie: FastOpenCookie? = nil, now: Instant) {
    guard state.isClosed, recovery.next == 0, failure == nil else { return }
    if configuration.fastOpen { fastOpen = .offers(cookie ?? .request) }
    state = .synSent
    lastArrival = now
  }

  /// Bytes that `send` takes now.
  public var sendCapacity: Int {
    guard acceptsData else { return 0 }
    let (queued, buffer) = (queuedCount, sendBuffer)
    return queued < buffer ? Int(clamping: buffer - queued) : 0
  }

  /// Bytes that were sent or wait to be, and are not acknowledged.
  public var queuedCount: UInt64 { outgoing.dataEnd - min(max(recovery.unacknowledged, 1), outgoing.dataEnd) }

  /// How many such bytes there may be: `configuration.sendBuffer`, or with `autotunesSendBuffer` what the peer has shown
  /// that it drains, up to that. Two congestion windows keep a sender busy, one under way and one behind it (Linux's
  /// tcp_sndbuf_expand), so a peer that takes nothing holds no more than a start.
  public var sendBuffer: UInt64 {
    let most = UInt64(configuration.sendBuffer)
    guard configuration.autotunesSendBuffer else { return most }
    return min(most, max(ConnectionConfiguration.leastSendBuffer, 2 * min(recovery.congestionWindow, most)))
  }

  /// SEND (RFC 9293 section 3.10.2): queues bytes that the owner keeps until they are acknowledged.
  ///
  /// Data may be queued from SYN-SENT on; it is sent once the connection is established.
  ///
  /// - Parameters:
  ///   - count: how many bytes were added to the end of the outgoing stream.
  ///   - push: the data should not wait for more (MAY-15). Without it a segment that is not full waits a fifth of a
  ///     second for company, so it is never held back indefinitely (MUST-60).
  ///   - now: the time.
  /// - Returns: how many were taken; fewer than `count` where `sendCapacity` was less, none after `close`.
  @discardableResult
  public mutating func send(_ count: Int, push: Bool = true, now: Instant) -> Int {
    let taken = min(max(count, 0), sendCapacity)
    outgoing.dataEnd += UInt64(taken)
    if push { outgoing.pushedEnd = outgoing.dataEnd }
    limits.change(to: presentLimit(), at: now)
    return taken
  }

  /// SEND with the URGENT flag (RFC 9293 section 3.8.5): all data queued so far is urgent, however much it is (MUST-31).
  ///
  /// New applications should not use it (SHLD-13, RFC 6093).
  public mutating func markUrgent() {
    guard acceptsData else { return }
    outgoing.urgentEnd = outgoing.dataEnd
  }

  /// Bytes in order that the application has not read.
  public var readableCount: Int { Int(clamping: incoming.readableCount) }

  /// How many of the readable bytes are urgent: up to where the peer's urgent pointer points (MUST-33).
  public var urgentCount: Int {
    incoming.urgentEnd > incoming.consumed ? Int(clamping: incoming.urgentEnd - incoming.consumed) : 0
  }

  /// RECEIVE (RFC 9293 section 3.10.3): the application has consumed `count` bytes; at most `readableCount` count.
  public mutating func read(_ count: Int, now: Instant) {
    let taken = min(UInt64(max(count, 0)), incoming.readableCount)
    guard taken > 0 else { return }
    incoming.consumed += taken
    if configuration.autotune {
      incoming.buffer = bufferTuning.read(
        upTo: incoming.consumed,
        buffer: incoming.buffer,
        maximum: configuration.maximumReceiveBuffer,
        segmentSize: incoming.segmentSize,
        at: now
      )
    }
    guard state.receivesData else { return }
    if incoming.deservesWindowUpdate(segmentSize: UInt32(incoming.segmentSize)) { acknowledgments.makeDue() }
  }

  /// CLOSE (RFC 9293 section 3.10.4): no more will be sent; a FIN follows what is queued. Reading goes on (MAY-1).
  public mutating func close(now: Instant) {
    switch state {
    case .closed, .listen:
      break
    case .synSent:
      // Nothing has reached the peer's application: the connection may just as well never have been.
      finish()
    case .synReceived:
      // The FIN is sent once the connection is established: the state follows then.
      outgoing.isClosed = true
      outgoing.pushedEnd = outgoing.dataEnd
    case .established:
      enterClosing(.finWait1)
    case .closeWait:
      enterClosing(.lastAck)
    case .finWait1, .finWait2, .closing, .lastAck, .timeWait:
      break
    }
  }

  private mutating func enterClosing(_ next: ConnectionState) {
    outgoing.isClosed = true
    outgoing.pushedEnd = outgoing.dataEnd
    state = next
  }

  /// The application has gone: it neither sends nor reads any more. Queued data and a FIN are still sent, unless
  /// data was received and not read, or arrives: then the connection is reset, so that the peer learns that data was
  /// lost (RFC 9293 section 3.6.1, SHLD-3).
  public mutating func release(now: Instant) {
    guard !isReleased else { return }
    isReleased = true
    if incoming.readableCount > 0 || !outOfOrder.isEmpty {
      abort(now: now)
      return
    }
    close(now: now)
    if case .finWait2 = state { state = .finWait2(expiry: now + configuration.finWait2Timeout) }
  }

  /// ABORT (RFC 9293 section 3.10.5): a reset is sent where the state asks for one, and the connection is over.
  public mutating func abort(now: Instant) {
    switch state {
    case .closed, .listen:
      return
    case .synReceived, .established, .finWait1, .finWait2, .closeWait:
      pendingReset = PendingReset(sequenceNumber: outgoing.sequenceNumber(recovery.next), acknowledges: true)
    case .synSent, .closing, .lastAck, .timeWait:
      break
    }
    fail(.aborted)
  }

  /// Lets go of a handshake that a listener has begun, without a word to the peer, which believes in another one.
  public mutating func forget() {
    guard case .synReceived(from: .passive) = state else { return }
    state = .listen
    pendingReset = nil
    events.insert(.returnedToListen)
  }

  /// Whether SEND is allowed: the connection is opening or open, and this side has not closed.
  private var acceptsData: Bool {
    guard !outgoing.isClosed, !isReleased else { return false }
    switch state {
    case .synSent, .synReceived, .established, .closeWait: return true
    case .closed, .listen, .finWait1, .finWait2, .closing, .lastAck, .timeWait: return false
    }
  }
}

extension Connection {
  /// Turns Nagle's rule off or on (RFC 9293 section 3.7.4, MUST-17). Turning it off, even again, sends what is held back
  /// now, as on Linux.
  public mutating func setNagle(_ isOn: Bool) {
    configuration.nagle = isOn
    if !isOn, hold.deadline != .never { hold.isOver = true }
  }

  /// Chooses the algorithm that governs the congestion window. It goes on with the window as it is, as on Linux.
  public mutating func setCongestionControl(_ algorithm: CongestionControlAlgorithm, now: Instant) {
    guard algorithm != configuration.congestionControl, !state.isClosed else { return }
    configuration.congestionControl = algorithm
    recovery.change(to: algorithm, at: now)
    if storage.deadline == .never { storage.start(at: now) }
  }

  /// While corked, segments that are not full wait for more data, for at most a fifth of a second.
  public mutating func setCork(_ isCorked: Bool) {
    guard isCorked != hold.isCorked else { return }
    hold.isCorked = isCorked
    hold.deadline = .never
  }

  /// Acknowledges what arrives at once for a while, as at the start of a connection, or holds acknowledgments back from now
  /// on (Linux's TCP_QUICKACK).
  public mutating func setQuickAcknowledgments(_ isOn: Bool) {
    acknowledgments.setQuick(isOn ? max(configuration.quickAcknowledgments, 1) : 0)
  }

  /// Sets how many bytes may be queued and not acknowledged. What is queued already stays.
  public mutating func setSendBuffer(_ count: UInt32, autotunes: Bool = false) {
    configuration.sendBuffer = count
    configuration.autotunesSendBuffer = autotunes
  }

  /// Makes a receive buffer that is tuned smaller, if it is larger than `count`. What has been offered to the peer stays
  /// offered, and the buffer grows again with what is read.
  public mutating func shrinkReceiveBuffer(to count: UInt32) {
    guard configuration.autotune else { return }
    incoming.buffer = min(incoming.buffer, max(count, configuration.initialReceiveWindow))
  }

  /// Sets how often a SYN is sent again, and how long a connection waits in FIN-WAIT-2 once its application has gone.
  public mutating func setPatience(synRetries: UInt8, finWait2Timeout: Interval) {
    configuration.synRetries = synRetries
    configuration.finWait2Timeout = finWait2Timeout
  }

  /// Sets how many bytes may be received and not read, and whether that is tuned from now on. What has been offered to the
  /// peer stays offered (RFC 9293 section 3.8.6, SHLD-14).
  public mutating func setReceiveBuffer(_ count: UInt32, autotune: Bool) {
    configuration.receiveBuffer = count
    configuration.autotune = autotune
    incoming.buffer = count
  }

  /// Sets how long data may stay unacknowledged before the connection fails (RFC 5482); nil leaves it to R2 (MUST-21).
  public mutating func setUserTimeout(_ timeout: Interval?) {
    configuration.userTimeout = timeout
  }

  /// Turns keep-alive probes on, after `idle` without a segment from the peer, or off (RFC 9293 section 3.8.4, MUST-24).
  public mutating func setKeepAlive(idle: Interval?, interval: Interval, probes: UInt8) {
    configuration.keepAliveIdle = idle
    configuration.keepAliveInterval = interval
    configuration.keepAliveProbes = probes
    // A peer that is silent doesn't come to life by what is set here.
    if idle == nil { keepAlive.unanswered = 0 }
  }
}
