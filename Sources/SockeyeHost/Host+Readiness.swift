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
    case .stream(let index): return streams[index].readiness(memory)
    case .datagram(let queue):
      var ready: Readiness = packets.hasRoom(2048) ? .writable : []
      if !queue.waiting.isEmpty || queue.shut.contains(.reading) { ready.insert(.readable) }
      if queue.error != nil { ready.formUnion([.failed, .readable]) }
      return ready
    }
  }

  /// A socket whose readiness may have changed by what arrived or by time since it was last answered here; nil when there
  /// is none left.
  ///
  /// As with an edge-triggered `epoll`, whoever takes a socket from here reads, writes or accepts until the call would
  /// block. What had come, or ended, before a connection was accepted is told once it is.
  @specialized(where Storage == ByteRing)
  public mutating func nextReady() -> Handle? {
    while let place = changed.popFirst() {
      if sockets.isTaken(place) { return sockets.handle(at: place) }
    }
    return nil
  }
}
