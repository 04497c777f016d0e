public import SockeyeTCP

/// How bytes get into and out of stream sockets, and how their directions end.
extension Host where Storage: ~Copyable {
  func stream(of handle: Handle) throws(SocketError) -> StreamPlace {
    switch sockets[try place(of: handle)].role {
    case .stream(let index): return index
    case .idle, .listener: throw .notConnected
    case .datagram: throw .notSupported
    }
  }

  /// Writes bytes to be sent, as many as the send buffer takes.
  ///
  /// - Parameters:
  ///   - data: what is to be sent.
  ///   - pushes: whether it should not wait for more.
  ///   - handle: a stream socket whose connection is open.
  /// - Returns: how many were taken, at least one unless `data` is empty.
  /// - Throws: `SocketError.wouldBlock` if none were taken, `closed` after `shutdown`, why the connection failed.
  @specialized(where Storage == ByteRing)
  public mutating func write(
    _ data: RawSpan,
    pushes: Bool = true,
    to handle: Handle
  ) throws(SocketError) -> Int {
    let index = try stream(of: handle)
    let count = try streams[index].writeCapacity(data.byteCount, memory)
    guard count > 0 else { return 0 }
    streams[index].outgoing.write(data.extracting(0..<count), at: streams[index].written)
    streams[index].wrote(count, pushes: pushes, now: now)
    settle(index)
    return count
  }

  /// Reads what has arrived in order, as much as fits, and takes it out unless `peeks`.
  ///
  /// - Returns: how many bytes were read, from the start of `buffer` on; 0 where the peer has closed and everything was read.
  /// - Throws: `SocketError.wouldBlock` if there is nothing yet, why the connection failed, once.
  @specialized(where Storage == ByteRing)
  public mutating func read(
    into buffer: inout MutableRawSpan,
    peeks: Bool = false,
    from handle: Handle
  ) throws(SocketError) -> Int {
    let index = try stream(of: handle)
    let count = try streams[index].readCapacity(buffer.byteCount)
    guard count > 0 else { return 0 }
    streams[index].incoming.read(from: streams[index].consumed, count: count, into: &buffer, at: 0)
    if !peeks { consume(count, of: index) }
    return count
  }

  /// Reads what has arrived in order where it lies, without a copy: one piece of it, of which `body` says how much it takes.
  ///
  /// - Returns: how many bytes were taken out; nil where the peer has closed and everything was read.
  /// - Throws: as `read(into:peeks:from:)`, and what `body` throws, which then has taken nothing.
  @specialized(where Storage == ByteRing)
  public mutating func read(
    from handle: Handle,
    _ body: (RawSpan) throws(SocketError) -> Int
  ) throws(SocketError) -> Int? {
    let index = try stream(of: handle)
    let count = try streams[index].readCapacity(.max)
    guard count > 0 else { return nil }
    let taken = try streams[index].incoming.withBytes(from: streams[index].consumed, count: count) {
      (bytes) throws(SocketError) in
      min(max(try body(bytes), 0), bytes.byteCount)
    }
    if taken > 0 { consume(taken, of: index) }
    return taken
  }

  private mutating func consume(_ count: Int, of index: StreamPlace) {
    streams[index].consume(count, now: now)
    settle(index)
  }

  /// Which directions `shutdown` ends.
  public enum Direction: UInt8, Sendable {
    /// Nothing more will be read.
    case reading
    /// Nothing more will be written: a FIN follows what was.
    case writing
    /// Both.
    case both
  }

  /// Ends one direction of a connected socket, or both.
  ///
  /// - Throws: `SocketError.notConnected`.
  @specialized(where Storage == ByteRing)
  public mutating func shutdown(_ handle: Handle, _ direction: Direction) throws(SocketError) {
    let directions: ShutDirections =
      switch direction {
      case .reading: .reading
      case .writing: .writing
      case .both: [.reading, .writing]
      }
    let place = try place(of: handle)
    if case .datagram(var queue) = sockets[place].role {
      guard queue.peer != nil else { throw .notConnected }
      queue.shut.formUnion(directions)
      sockets[place].role = .datagram(queue)
      return
    }
    let index = try stream(of: handle)
    try streams[index].shutDown(directions, now: now)
    settle(index)
  }

  /// Bytes that can be read, and bytes that were written and are not acknowledged.
  ///
  /// - Throws: `SocketError`.
  public func queuedCounts(of handle: Handle) throws(SocketError) -> (readable: Int, unacknowledged: Int) {
    let place = try place(of: handle)
    switch sockets[place].role {
    case .idle, .listener: throw .invalid
    case .stream(let index):
      let metrics = streams[index].connection.metrics(now: now)
      return (streams[index].readableCount, streams[index].unacknowledgedCount(metrics))
    case .datagram(let queue): return (queue.waiting.front?.bytes.count ?? 0, 0)
    }
  }

  /// The counters and gauges of a socket's connection.
  ///
  /// - Throws: `SocketError.notConnected`.
  public func metrics(of handle: Handle) throws(SocketError) -> ConnectionMetrics {
    streams[try stream(of: handle)].connection.metrics(now: now)
  }

  /// Acknowledges what arrives at once for a while, or holds acknowledgments back from now on (TCP_QUICKACK).
  ///
  /// - Throws: `SocketError.notConnected`.
  public mutating func setQuickAcknowledgments(_ isOn: Bool, of handle: Handle) throws(SocketError) {
    let index = try stream(of: handle)
    streams[index].connection.setQuickAcknowledgments(isOn)
    settle(index)
  }
}

/// Hosts whose storage takes an application's buffers by reference.
extension Host where Storage: BufferedStreamStorage & ~Copyable {
  /// Writes bytes to be sent without a copy: the front of `buffer` as far as the send buffer goes, which is taken out of it.
  ///
  /// - Parameters:
  ///   - buffer: what is to be sent, without what was taken when this returns.
  ///   - pushes: whether it should not wait for more.
  ///   - handle: a stream socket whose connection is open.
  /// - Returns: how many were taken, at least one unless `buffer` is empty.
  /// - Throws: as `write(_:pushes:to:)` of bytes.
  public mutating func write(
    _ buffer: inout Storage.Buffer,
    pushes: Bool = true,
    to handle: Handle
  ) throws(SocketError) -> Int {
    let index = try stream(of: handle)
    let count = try streams[index].writeCapacity(Storage.count(of: buffer), memory)
    guard count > 0 else { return 0 }
    streams[index].outgoing.append(count, of: &buffer, at: streams[index].written)
    streams[index].wrote(count, pushes: pushes, now: now)
    settle(index)
    return count
  }

  /// Reads what has arrived in order without a copy: one buffer of it, of at most `limit` bytes, 1 at least.
  ///
  /// - Returns: the buffer; nil where the peer has closed and everything was read.
  /// - Throws: `SocketError.wouldBlock` if there is nothing yet, why the connection failed, once.
  public mutating func read(upTo limit: Int, from handle: Handle) throws(SocketError) -> Storage.Buffer? {
    let index = try stream(of: handle)
    let count = try streams[index].readCapacity(max(limit, 1))
    guard count > 0 else { return nil }
    let buffer = streams[index].incoming.buffer(from: streams[index].consumed, count: count)
    streams[index].consume(Storage.count(of: buffer), now: now)
    settle(index)
    return buffer
  }
}
