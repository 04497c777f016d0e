internal import SockeyeTCP

/// What the host does after whatever was done with a connection: listeners, demultiplexing, the wheel and the queues follow it.
extension Host where Storage: ~Copyable {
  /// Takes a connection's events, sets its timer, and lets it send. To be called after whatever was done with it, after
  /// which it may be gone.
  mutating func settle(_ index: StreamPlace) {
    let outcome = streams[index].takeEvents(memory)
    tellStates(of: index)
    memory.change(by: streams[index].takeChange())
    if memory.isPressed { streams[index].connection.shrinkReceiveBuffer(to: BufferMemory.pressedReceiveBuffer) }
    // RFC 9293 section 3.10.7.1: a connection that doesn't exist has no part in what arrives, though its application still
    // has a socket.
    if streams[index].connection.state.isClosed { makeUnreachable(index) }
    if outcome.contains(.opened) { enterAcceptQueue(index) }
    if outcome.contains(.failed) { leaveListener(index) }
    if outcome.contains(.changed) { noteChange(ofStream: index) }
    endFastOpen(index)
    let deadline = streams[index].connection.nextDeadline
    guard streams[index].connection.mayHaveSegment else {
      wheel.schedule(index.index, at: deadline)
      retireIfDone(index)
      return
    }
    // A deadline that is due waits for a segment to go: for `transmit`, which sets the timer again.
    wheel.schedule(index.index, at: deadline > now ? deadline : .never)
    guard !streams[index].isQueued else { return }
    streams[index].isQueued = true
    sending.append(index)
  }

  /// Notes that the socket that has a connection may have become ready.
  private mutating func noteChange(ofStream index: StreamPlace) {
    guard case .application(let handle) = streams[index].holder, let place = sockets.place(of: handle) else { return }
    changed.append(place)
  }

  /// A connection is there for the application: it moves from its listener's first queue to the second.
  mutating func enterAcceptQueue(_ index: StreamPlace) {
    guard case .listener(let handle) = streams[index].holder, let place = sockets.place(of: handle) else { return }
    _ = sockets[place].withListener { listener in
      listener.openingCount -= 1
      listener.ready.append(index)
    }
    changed.append(place)
  }

  /// Takes a connection whose handshake came to nothing out of its listener. One that was open and waits to be accepted stays,
  /// as on Linux: what arrived can be read, and then its error tells what became of it.
  private mutating func leaveListener(_ index: StreamPlace) {
    guard case .listener(let handle) = streams[index].holder, let place = sockets.place(of: handle) else { return }
    let wasOpen = streams[index].connection.state != .listen
    let stays = sockets[place].withListener { listener in
      if wasOpen, listener.ready.contains(index) { return true }
      let before = listener.ready.count
      listener.ready.removeAll { $0 == index }
      if listener.ready.count == before { listener.openingCount -= 1 }
      return false
    }
    if stays != true { streams[index].holder = .nobody }
  }

  /// Once nothing of a connection waits to be sent: TIME-WAIT answers for it by itself, whether or not its application has
  /// closed its socket, and what is over and held by nobody is let go of.
  mutating func retireIfDone(_ index: StreamPlace) {
    guard !streams[index].isQueued else { return }
    if streams[index].isReachable, let entry = streams[index].connection.timeWaitEntry {
      makeUnreachable(index)
      if let forgotten = timeWaits.insert(entry, for: streams[index].tuple) { tellEnd(ofTimeWait: forgotten) }
    }
    guard streams[index].holder == .nobody, !streams[index].isReachable else { return }
    wheel.schedule(index.index, at: .never)
    memory.change(by: -streams[index].chargedCount)
    _ = streams.remove(at: index)
  }

  /// Segments don't find the connection any more.
  private mutating func makeUnreachable(_ index: StreamPlace) {
    guard streams[index].isReachable else { return }
    streams[index].isReachable = false
    streamsByTuple.remove(index.index, for: streams[index].tuple)
  }

  /// Takes a connection in, and returns where it stands.
  mutating func insert(_ stream: consuming Stream<Storage>) -> StreamPlace {
    let tuple = stream.tuple
    let index = streams.insert(stream)
    streamsByTuple.insert(index.index, for: tuple)
    return index
  }
}
