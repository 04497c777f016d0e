internal import SockeyeTCP

/// What sockets are ready for, asked for by socket or told as it changes.
extension Host where Storage: ~Copyable {
  /// What a socket is ready for.
  ///
  /// - Throws: `SocketError.badHandle`.
  @specialized(where Storage == ByteRing)
  public func readiness(of handle: Handle) throws(SocketError) -> Readiness {
    let place = try place(of: handle)
    switch sockets[place].role {
    case .idle: return [.writable, .hungUp]
    case .listener(let listener): return listener.ready.isEmpty ? [] : .readable
    case .stream(let index): return readiness(ofStream: index)
    case .datagram(let queue):
      var ready: Readiness = packets.hasRoom(2048) ? .writable : []
      if !queue.waiting.isEmpty || queue.isReadShut { ready.insert(.readable) }
      if queue.error != nil { ready.formUnion([.failed, .readable]) }
      return ready
    }
  }

  /// A socket whose readiness may have changed by what arrived or by time since it was last answered here; nil when there
  /// is none left.
  ///
  /// As with an edge-triggered `epoll`, whoever takes a socket from here reads, writes or accepts until the call would
  /// block. What was there before a connection was accepted is not told: look when it is.
  @specialized(where Storage == ByteRing)
  public mutating func nextReady() -> Handle? {
    while let place = changed.popFirst() {
      if sockets.isTaken(place) { return sockets.handle(at: place) }
    }
    return nil
  }

  /// Notes that the socket that owns a connection may have become ready.
  mutating func noteChange(ofStream index: Int) {
    guard let owner = streams[index].owner, let place = sockets.index(of: owner) else { return }
    changed.append(place)
  }
}
