internal import SockeyeTCP
internal import SockeyeWire

/// What follows for the host from what the engine has decided about a connection.
struct StreamOutcome: OptionSet {
  let rawValue: UInt8

  /// The application may find the connection ready for something new.
  static var changed: StreamOutcome { StreamOutcome(rawValue: 1) }
  /// The connection is there for the application.
  static var opened: StreamOutcome { StreamOutcome(rawValue: 2) }
  /// The connection has come to an end that leaves nothing to accept.
  static var failed: StreamOutcome { StreamOutcome(rawValue: 4) }
}

extension Stream where Storage: ~Copyable {
  /// Takes in what the engine has decided. To be called after whatever was done with the connection.
  mutating func takeEvents(_ memory: BufferMemory) -> StreamOutcome {
    var outcome: StreamOutcome = []
    while let event = connection.nextEvent() { outcome.formUnion(apply(event, memory)) }
    return outcome
  }

  private mutating func apply(_ event: ConnectionEvent, _ memory: BufferMemory) -> StreamOutcome {
    switch event {
    case .established:
      return open() ? [.opened, .changed] : .changed
    case .acknowledged(let end):
      outgoing.discard(upTo: end)
      // Whoever waits for room isn't woken for less than the room that it waits for.
      return hasWriteRoom(memory) ? .changed : []
    case .readable:
      return .changed
    case .peerClosed:
      peerHasClosed = true
      return .changed
    case .finished:
      phase = .over
      return .changed
    case .failed(let reason):
      phase = .over
      error = SocketError(reason)
      return [.failed, .changed]
    case .returnedToListen:
      // Who accepts a fast open whose handshake came to nothing finds it reset, and so does who has accepted a flow.
      if phase == .open || holder.isApplication { error = .reset }
      phase = .over
      return [.failed, .changed]
    case .urgent, .advice:
      return []
    }
  }

  /// The connection is there for the application. One that a fast open made is there at once, and its handshake's end
  /// changes nothing: the answer tells whether this did.
  mutating func open() -> Bool {
    guard phase == .opening else { return false }
    phase = .open
    return true
  }

  /// How much more its buffers take than when this was last asked.
  mutating func takeChange() -> Int {
    let count = outgoing.allocatedCount + incoming.allocatedCount
    let change = count - chargedCount
    chargedCount = count
    return change
  }

  /// SEGMENT ARRIVES: takes in what of the payload the engine keeps.
  mutating func receive(
    _ header: TCPHeader,
    _ segment: RawSpan,
    _ payload: Range<Int>,
    segmentCount: Int,
    codepoint: ECNCodepoint,
    now: Instant
  ) {
    let reception = connection.receive(
      header,
      payloadLength: payload.count,
      segmentCount: segmentCount,
      codepoint: codepoint,
      arrival: now
    )
    let count = Int(clamping: reception.kept.upperBound - reception.kept.lowerBound)
    guard count > 0 else { return }
    if shut.contains(.reading) {
      // Nobody will read it; the peer needn't know.
      discardUnread(now: now)
    } else {
      let start = payload.lowerBound + reception.payloadOffset
      incoming.write(segment.extracting(start..<start + count), at: reception.kept.lowerBound)
    }
  }

  /// What shutdown(SHUT_RD) does to bytes in order: they count as read.
  mutating func discardUnread(now: Instant) {
    let count = connection.readableCount
    guard count > 0 else { return }
    connection.read(count, now: now)
    consumed += UInt64(count)
    incoming.discard(upTo: consumed)
  }
}
