public import SockeyeTCP
internal import SockeyeWire

extension Host where Storage: ~Copyable {
  /// When `advance(to:)` is to be called at the latest; `never` if nothing waits. It is now while there may be something to
  /// send: `transmit` comes first.
  public var nextDeadline: Instant {
    @specialized(where Storage == ByteRing)
    mutating get {
      guard sending.isEmpty, packets.isEmpty else { return now }
      return min(wheel.nextDeadline(), min(timeWaits.nextDeadline, fragments.nextDeadline))
    }
  }

  /// Sets the clock, which never goes back, and runs what is due.
  @specialized(where Storage == ByteRing)
  public mutating func advance(to time: Instant) {
    now = max(now, time)
    while let index = wheel.popExpired(now: now) {
      guard streams.isTaken(index) else { continue }
      streams[index].connection.advance(to: now)
      settle(index)
    }
    timeWaits.expire(now: now)
    while let expired = fragments.expire(now: now) {
      statistics.fragmentsExpired += 1
      if !expired.quote.isEmpty { reportReassemblyTimeout(expired) }
    }
  }

  /// Takes a connection's events, sets its timer, and lets it send. To be called after whatever was done with it.
  mutating func settle(_ index: Int) {
    while let event = streams[index].connection.nextEvent() { handle(event, of: index) }
    guard streams.isTaken(index) else { return }
    // A deadline that stays due waits for a segment to go: for `transmit`, which sets the timer again.
    let deadline = streams[index].connection.nextDeadline
    wheel.schedule(index, at: deadline > now ? deadline : .never)
    guard !streams[index].isQueued else { return }
    streams[index].isQueued = true
    sending.append(index)
  }

  private mutating func handle(_ event: ConnectionEvent, of index: Int) {
    switch event {
    case .established:
      becameOpen(index)
    case .acknowledged(let end):
      streams[index].outgoing.discard(upTo: end)
    case .peerClosed:
      streams[index].peerHasClosed = true
    case .failed(let reason):
      streams[index].phase = .over
      streams[index].failure = SocketError(reason)
      streams[index].error = SocketError(reason)
      leaveListener(index)
    case .returnedToListen:
      streams[index].phase = .over
      // Who accepted a fast open before its handshake was over finds it reset.
      if streams[index].owner != nil { (streams[index].failure, streams[index].error) = (.reset, .reset) }
      leaveListener(index)
    case .finished:
      streams[index].phase = .over
    case .readable, .urgent, .advice:
      break
    }
    noteChange(ofStream: index)
  }

  /// A connection is there for the application: it moves from its listener's first queue to the second. One that a fast
  /// open made is there at once, and its handshake's end changes nothing.
  mutating func becameOpen(_ index: Int) {
    guard streams[index].phase == .opening else { return }
    streams[index].phase = .open
    guard let handle = streams[index].listener, let place = sockets.index(of: handle) else { return }
    _ = sockets[place].withListener { listener in
      listener.openingCount -= 1
      listener.ready.append(index)
    }
    changed.append(place)
  }

  /// Takes a connection that failed before it was accepted out of its listener.
  private mutating func leaveListener(_ index: Int) {
    guard let handle = streams[index].listener, let place = sockets.index(of: handle) else { return }
    streams[index].listener = nil
    _ = sockets[place].withListener { listener in
      let before = listener.ready.count
      listener.ready.removeAll { $0 == index }
      if listener.ready.count == before { listener.openingCount -= 1 }
    }
  }

  /// Lets go of a connection that is over, or keeps only its TIME-WAIT state, once nobody holds it and nothing of it waits
  /// to be sent.
  mutating func retireIfDone(_ index: Int) {
    guard streams[index].owner == nil, streams[index].listener == nil else { return }
    if streams[index].connection.state.isClosed {
      remove(index)
    } else if let entry = streams[index].connection.timeWaitEntry {
      let tuple = streams[index].tuple
      remove(index)
      timeWaits.insert(entry, for: tuple)
    }
  }

  private mutating func remove(_ index: Int) {
    streamsByTuple.remove(index, for: streams[index].tuple)
    wheel.schedule(index, at: .never)
    _ = streams.remove(at: index)
  }
}
