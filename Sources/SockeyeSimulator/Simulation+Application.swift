import SockeyeTCP

extension Simulation {
  /// Takes what the engine has to tell.
  mutating func takeEvents(_ index: Int) {
    let endpoint = endpoints[index]
    while let event = endpoint.pointee.connection.nextEvent() {
      switch event {
      case .established:
        endpoint.pointee.establishedAt = now
      case .acknowledged(let count):
        if count < endpoint.pointee.acknowledged || count > endpoint.pointee.application.written {
          report(.acknowledgedCountWrong, endpoint: index, detail: count)
        }
        endpoint.pointee.acknowledged = count
      case .readable(let end):
        if end > endpoint.pointee.observer.kept.contiguousEnd {
          report(.readableOffKept, endpoint: index, detail: end)
        }
      case .peerClosed:
        endpoint.pointee.application.peerHasClosed = true
        endpoint.pointee.closedByPeerAt = now
        let kept = endpoint.pointee.observer.kept.contiguousEnd
        if endpoint.pointee.observer.finReceived != kept + 1 {
          report(.closedTooSoon, endpoint: index, detail: kept)
        }
      case .finished:
        if endpoint.pointee.outcome == .open { endpoint.pointee.outcome = .finished }
      case .failed(let failure):
        endpoint.pointee.outcome = .failed(failure)
      case .returnedToListen:
        endpoint.pointee.isOpen = false
      case .urgent, .advice:
        break
      }
    }
  }

  /// Lets the program write, read and end the connection, as its behaviour says.
  mutating func runApplication(_ index: Int) {
    let endpoint = endpoints[index]
    guard endpoint.pointee.isOpen else { return }
    // What arrived can be read after the connection has closed in order, not after it has failed.
    if endpoint.pointee.outcome == .open || endpoint.pointee.outcome == .finished { read(index) }
    guard endpoint.pointee.outcome == .open else { return }
    write(index)
    endIfDue(index)
  }

  private mutating func write(_ index: Int) {
    let endpoint = endpoints[index]
    while true {
      let capacity = endpoint.pointee.connection.sendCapacity
      let count = endpoint.pointee.application.writable(capacity: capacity, at: now)
      guard count > 0 else { return }
      if fidelity == .bytes {
        let start = endpoint.pointee.application.written
        for position in start..<start + UInt64(count) {
          endpoint.pointee.sending[position] = endpoint.pointee.pattern[position]
        }
      }
      let taken = endpoint.pointee.connection.send(count, now: now)
      guard taken > 0 else { return }
      endpoint.pointee.application.written += UInt64(taken)
      let interval = endpoint.pointee.application.behaviour.writeInterval
      if interval > .zero { endpoint.pointee.application.nextWrite = now + interval }
    }
  }

  private mutating func read(_ index: Int) {
    let endpoint = endpoints[index]
    while true {
      let readable = endpoint.pointee.connection.readableCount
      let count = endpoint.pointee.application.readable(count: readable, at: now)
      guard count > 0 else { break }
      if fidelity == .bytes {
        let start = endpoint.pointee.application.read
        for position in start..<start + UInt64(count)
        where endpoint.pointee.receiving[position] != endpoint.pointee.peerPattern[position] {
          return report(.wrongByte, endpoint: index, detail: position)
        }
      }
      endpoint.pointee.connection.read(count, now: now)
      endpoint.pointee.application.read += UInt64(count)
      endpoint.pointee.application.hasRead(at: now)
    }
  }

  /// Whether the time has passed that a program which could close lets pass before it does.
  private func isEndingDue(_ index: Int) -> Bool {
    let endpoint = endpoints[index]
    let behaviour = endpoint.pointee.application.behaviour
    guard behaviour.endingDelay > .zero, !behaviour.ending.isAbort else { return true }
    guard endpoint.pointee.establishedAt != nil, endpoint.pointee.application.hasWrittenEverything else { return false }
    if behaviour.ending == .closeAfterPeer, !endpoint.pointee.application.peerHasClosed { return false }
    let endsAt = endpoint.pointee.application.endsAt ?? now + behaviour.endingDelay
    endpoint.pointee.application.endsAt = endsAt
    return now >= endsAt
  }

  private mutating func endIfDue(_ index: Int) {
    let endpoint = endpoints[index]
    guard !endpoint.pointee.application.hasEnded else { return }
    guard isEndingDue(index) else { return }
    let application = endpoint.pointee.application
    // A program learns of its connection when it is established; closing one before would only take it back.
    guard endpoint.pointee.establishedAt != nil || application.behaviour.ending.isAbort else { return }
    switch application.behaviour.ending {
    case .closeWhenWritten where application.hasWrittenEverything,
      .closeAfterPeer where application.hasWrittenEverything && application.peerHasClosed:
      endpoint.pointee.application.stage = .closed
      endpoint.pointee.connection.close(now: now)
    case .releaseWhenWritten where application.hasWrittenEverything:
      endpoint.pointee.application.stage = .gone
      endpoint.pointee.connection.release(now: now)
    case .abortAfterWriting(let count) where application.written >= min(count, application.behaviour.bytesToSend),
      .abortAfterReading(let count) where application.read >= count || application.peerHasClosed:
      endpoint.pointee.application.stage = .aborted
      endpoint.pointee.connection.abort(now: now)
    default: break
    }
  }
}

extension SimulatedApplication {
  /// Notes a read, after which the program may wait or pause.
  mutating func hasRead(at now: Instant) {
    if behaviour.readInterval > .zero { nextRead = now + behaviour.readInterval }
    if let pause = behaviour.pausesReadingAt, !hasPaused, read >= pause {
      hasPaused = true
      nextRead = now + behaviour.readingPause
    }
  }
}
