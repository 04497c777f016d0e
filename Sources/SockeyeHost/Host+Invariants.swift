internal import SockeyeTCP

/// What is always true of a host between calls. Clamping keeps a peer's numbers harmless, and would keep our own mistakes
/// unseen: this is where they show.
extension Host where Storage: ~Copyable {
  /// Checks all that the host's parts must agree on; a mistake traps. It looks at everything, so it's for tests, simulations
  /// and fuzzers: `sockeye.h` has no such call, and a debug build makes none by itself.
  public func checkInvariants() {
    checkStreams()
    checkListeners()
    checkQueues()
    timeWaits.checkInvariants()
    flows.checkInvariants()
    wheel.checkInvariants()
    streamsByTuple.checkInvariants()
  }

  private func checkStreams() {
    var (reachable, queued, charged) = (0, 0, 0)
    var next = streams.firstTaken(from: 0)
    while let index = next {
      next = streams.firstTaken(from: index.index + 1)
      charged += streams[index].chargedCount
      if streams[index].isReachable { reachable += 1 }
      if streams[index].isQueued { queued += 1 }
      checkStream(index)
    }
    precondition(reachable == streamsByTuple.count, "the table of tuples and the connections disagree")
    precondition(queued == sending.count, "the line of senders and the connections disagree")
    precondition(charged == memory.used, "the memory of all buffers isn't the sum of each")
  }

  private func checkStream(_ index: StreamPlace) {
    let isClosed = streams[index].connection.state.isClosed
    if streams[index].isReachable {
      precondition(stream(for: streams[index].tuple) == index, "a connection that its tuple doesn't find")
      precondition(!isClosed, "a connection that is over stands in its successor's way")
    }
    precondition(
      streams[index].chargedCount == streams[index].outgoing.allocatedCount + streams[index].incoming.allocatedCount,
      "buffers have changed that nobody has counted"
    )
    precondition(
      streams[index].isQueued || !streams[index].connection.mayHaveSegment || !isDue(index),
      "a connection with something to send waits for nothing"
    )
    switch streams[index].holder {
    case .application(let handle):
      guard let place = sockets.place(of: handle), case .stream(index) = sockets[place].role else {
        preconditionFailure("a connection whose socket doesn't know it")
      }
    case .listener(let handle):
      guard let place = sockets.place(of: handle), case .listener = sockets[place].role else {
        preconditionFailure("a connection whose listener is gone")
      }
    case .nobody:
      precondition(!isClosed || streams[index].isQueued, "a connection that nobody needs is still there")
    }
  }

  /// Whether the engine wants to be called at the present time, with no timer of the host's to call it.
  private func isDue(_ index: StreamPlace) -> Bool {
    streams[index].connection.nextDeadline <= now && wheel.deadline(of: index.index) == .never
  }

  private func checkListeners() {
    var waiting: [Handle: (opening: Int, ready: Int)] = [:]
    var next = streams.firstTaken(from: 0)
    while let index = next {
      next = streams.firstTaken(from: index.index + 1)
      guard case .listener(let handle) = streams[index].holder else { continue }
      if streams[index].phase == .opening {
        waiting[handle, default: (0, 0)].opening += 1
      } else {
        waiting[handle, default: (0, 0)].ready += 1
      }
    }
    var place = sockets.firstTaken(from: 0)
    while let found = place {
      place = sockets.firstTaken(from: found.index + 1)
      guard case .listener(let listener) = sockets[found].role else { continue }
      let expected = waiting[sockets.handle(at: found)] ?? (0, 0)
      precondition(listener.openingCount == expected.opening, "handshakes of a listener that aren't there")
      precondition(listener.ready.count == expected.ready, "connections of a listener that aren't there")
      precondition(listenersByPort[sockets[found].localPort]?.contains(sockets.handle(at: found)) == true)
    }
  }

  private func checkQueues() {
    for index in 0..<sending.count {
      let place = sending[index]
      precondition(streams.isTaken(place) && streams[place].isQueued, "somebody in line who isn't there")
    }
    packets.checkInvariants()
    strays.checkInvariants(limit: configuration.strayQueueLimit)
  }
}
