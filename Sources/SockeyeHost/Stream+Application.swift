internal import SockeyeTCP

/// What an application does with a connection.
extension Stream where Storage: ~Copyable {
  // MARK: Writing

  /// How many of `count` bytes can be written now.
  ///
  /// - Throws: as `Host.write`.
  mutating func writeCapacity(_ count: Int, _ memory: BufferMemory) throws(SocketError) -> Int {
    if let error = error.take() { throw error }
    guard !shut.contains(.writing), phase != .over else { throw .closed }
    guard count > 0 else { return 0 }
    let capacity = min(count, memory.allowed(connection.sendCapacity, queued: Int(clamping: connection.queuedCount)))
    guard capacity > 0 else { throw .wouldBlock }
    return capacity
  }

  /// Notes that `count` bytes more have been stored to be sent.
  mutating func wrote(_ count: Int, pushes: Bool, now: Instant) {
    written += UInt64(count)
    connection.send(count, push: pushes, now: now)
  }

  /// Bytes that were written and are not acknowledged.
  func unacknowledgedCount(_ metrics: ConnectionMetrics) -> Int {
    Int(clamping: written - min(metrics.bytesAcknowledged, written))
  }

  // MARK: Reading

  /// Bytes in order that were not read.
  var readableCount: Int { shut.contains(.reading) ? 0 : connection.readableCount }

  /// How many of at most `count` bytes can be read; 0 where nothing more will come.
  ///
  /// - Throws: as `Host.read`.
  mutating func readCapacity(_ count: Int) throws(SocketError) -> Int {
    let available = min(count, readableCount)
    if available > 0 { return available }
    if let error = error.take() { throw error }
    // RFC 9293 section 3.10.3: a RECEIVE before the connection is open waits for it.
    guard isAtEnd || count == 0 else { throw .wouldBlock }
    return 0
  }

  /// Takes bytes out that the application has read.
  mutating func consume(_ count: Int, now: Instant) {
    consumed += UInt64(count)
    incoming.discard(upTo: consumed)
    connection.read(count, now: now)
  }

  /// Whether nothing more will come.
  var isAtEnd: Bool { peerHasClosed || shut.contains(.reading) || phase == .over }

  // MARK: Ending

  /// Ends directions.
  ///
  /// - Throws: `SocketError.notConnected`.
  mutating func shutDown(_ directions: ShutDirections, now: Instant) throws(SocketError) {
    guard phase == .open else { throw .notConnected }
    if directions.contains(.writing), shut.insert(.writing).inserted { connection.close(now: now) }
    if directions.contains(.reading) {
      shut.insert(.reading)
      discardUnread(now: now)
    }
  }

  /// The application has gone (RFC 9293 section 3.6.1).
  mutating func release(now: Instant) {
    holder = .nobody
    if resetsOnClose {
      connection.abort(now: now)
    } else {
      connection.release(now: now)
    }
  }

  // MARK: Readiness

  func readiness(_ memory: BufferMemory) -> Readiness {
    var ready: Readiness = []
    if readableCount > 0 { ready.insert(.readable) }
    if peerHasClosed || shut.contains(.reading) { ready.formUnion([.readable, .peerClosed]) }
    if error != nil { ready.formUnion([.failed, .readable, .writable]) }
    switch phase {
    case .opening: break
    case .open:
      let isWriteShut = shut.contains(.writing)
      if isWriteShut, ready.contains(.peerClosed) { ready.insert(.hungUp) }
      if isWriteShut || hasWriteRoom(memory) { ready.insert(.writable) }
    case .over: ready.formUnion([.hungUp, .readable, .writable, .peerClosed])
    }
    return ready
  }

  /// Linux's rule: writable while at least a third of the buffer is free, so that writers wake to more than a few bytes.
  func hasWriteRoom(_ memory: BufferMemory) -> Bool {
    let buffer = Int(clamping: connection.sendBuffer)
    let capacity = memory.allowed(connection.sendCapacity, queued: Int(clamping: connection.queuedCount))
    return capacity > 0 && capacity * 3 >= (memory.isPressed ? min(buffer, BufferMemory.leastBuffer) : buffer)
  }

  // MARK: Options

  /// Options that the host itself heeds, and those that the engine takes of a connection that exists.
  mutating func apply(_ options: SocketOptions, now: Instant) {
    hopLimit = options.hopLimit
    trafficClass = options.trafficClass
    resetsOnClose = options.resetsOnClose
    let wanted = options.connection
    connection.setCongestionControl(wanted.congestionControl, now: now)
    connection.setNagle(wanted.nagle)
    connection.setCork(options.isCorked)
    connection.setSendBuffer(wanted.sendBuffer, autotunes: wanted.autotunesSendBuffer)
    connection.setUserTimeout(wanted.userTimeout)
    connection.setPatience(synRetries: wanted.synRetries, finWait2Timeout: wanted.finWait2Timeout)
    connection.setKeepAlive(
      idle: wanted.keepAliveIdle,
      interval: wanted.keepAliveInterval,
      probes: wanted.keepAliveProbes
    )
  }
}
