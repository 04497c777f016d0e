public import SockeyeTCP
internal import SockeyeWire

/// What applications do with stream sockets.
extension Host where Storage: ~Copyable {
  /// Makes a socket listen.
  ///
  /// - Parameter backlog: connections that may wait to be accepted; at least 1, at most 4096.
  /// - Throws: `SocketError`.
  public mutating func listen(_ handle: Handle, backlog: Int) throws(SocketError) {
    let place = try place(of: handle)
    let bounded = min(max(backlog, 1), 4096)
    switch sockets[place].role {
    case .listener(var listener):
      listener.backlog = bounded
      sockets[place].role = .listener(listener)
      return
    case .idle: break
    case .stream: throw .invalid
    case .datagram: throw .notSupported
    }
    if sockets[place].localPort == 0 { try bind(handle, to: sockets[place].localAddress, port: 0) }
    for other in listenersByPort[sockets[place].localPort] ?? [] {
      guard let index = sockets.index(of: other) else { continue }
      let own = sockets[place]
      if sockets[index].overlaps(own.localAddress, family: own.family, isIPv6Only: own.options.isIPv6Only) {
        throw .addressInUse
      }
    }
    sockets[place].role = .listener(Listener(backlog: bounded))
    listenersByPort[sockets[place].localPort, default: []].append(handle)
  }

  /// Takes the connection that has waited longest at a listener.
  ///
  /// - Throws: `SocketError.wouldBlock` if there is none.
  @specialized(where Storage == ByteRing)
  public mutating func accept(_ handle: Handle) throws(SocketError) -> Handle {
    let place = try place(of: handle)
    guard let waiting = sockets[place].withListener({ $0.ready.popFirst() }) else { throw .invalid }
    guard let index = waiting else { throw .wouldBlock }
    var socket = Socket(like: sockets[place], role: .stream(index))
    socket.localAddress = streams[index].local.address
    socket.localPort = streams[index].local.port
    let accepted = sockets.insert(socket)
    streams[index].listener = nil
    streams[index].owner = accepted
    apply(socket.options, to: index)
    return accepted
  }

  /// Begins to connect: a stream socket's connection is open when the socket becomes writable. A datagram socket is
  /// connected at once, again and again, and no more with an unspecified address.
  ///
  /// - Throws: `SocketError`; `inProgress` is what a stream socket's first call always gives.
  @specialized(where Storage == ByteRing)
  public mutating func connect(_ handle: Handle, to endpoint: Endpoint) throws(SocketError) {
    let place = try place(of: handle)
    let remote = Endpoint(endpoint.address.unmapped, port: endpoint.port)
    switch sockets[place].role {
    case .datagram(var queue):
      if remote.address.isUnspecified {
        queue.peer = nil
      } else {
        _ = try source(of: place, for: remote.address)
        if sockets[place].localPort == 0 { try bindDatagram(place, port: 0) }
        queue.peer = remote
        // What came from others before is not what the application asks for now, but it came: it stays.
      }
      sockets[place].role = .datagram(queue)
    case .listener:
      throw .invalid
    case .stream(let index):
      if let error = streams[index].error.take() { throw error }
      switch streams[index].phase {
      case .opening: throw .alreadyOpening
      case .open: throw .isConnected
      case .over: throw .invalid
      }
    case .idle:
      try open(place, to: remote)
      throw .inProgress
    }
  }

  private mutating func open(_ place: Int, to remote: Endpoint) throws(SocketError) {
    let source = try source(of: place, for: remote.address)
    // MUST-46: no connection to a group or to everyone.
    let isForMany = remote.address.isMulticast || routes.isBroadcast(remote.address)
    guard !isForMany, !remote.address.isUnspecified else { throw .unreachable }
    guard remote.port != 0 else { throw .addressNotAvailable }
    let port = sockets[place].localPort == 0 ? try choosePort(source, remote) : sockets[place].localPort
    let local = Endpoint(source, port: port)
    let tuple = Self.tuple(local, remote)
    guard stream(for: tuple) == nil, !timeWaits.contains(tuple) else { throw .addressNotAvailable }
    let options = sockets[place].options
    let connection = Connection(
      configuration: options.connection,
      path: path(isIPv4: remote.address.isIPv4),
      ports: tuple.ports,
      secrets: ConnectionSecrets(for: tuple, key: key, now: now),
      now: now
    )
    var stream = Stream<Storage>(
      connection: connection,
      tuple: tuple,
      local: local,
      remote: remote,
      options: options
    )
    stream.owner = sockets.handle(at: place)
    stream.connection.open(now: now)
    let index = insert(stream)
    sockets[place].role = .stream(index)
    sockets[place].localPort = port
    sockets[place].localAddress = source
    apply(options, to: index)
    settle(index)
  }

  private mutating func choosePort(_ source: IPAddress, _ remote: Endpoint) throws(SocketError) -> UInt16 {
    var chooser = ephemeralPorts
    let tuple = Self.tuple(Endpoint(source, port: 0), remote)
    let port = chooser.choose(for: tuple) { candidate in
      let tuple = Self.tuple(Endpoint(source, port: candidate), remote)
      return stream(for: tuple) == nil && !timeWaits.contains(tuple) && listenersByPort[candidate] == nil
    }
    ephemeralPorts = chooser
    guard let port else { throw .addressNotAvailable }
    return port
  }

  private func stream(of handle: Handle) throws(SocketError) -> Int {
    switch sockets[try place(of: handle)].role {
    case .stream(let index): return index
    case .idle, .listener: throw .notConnected
    case .datagram: throw .notSupported
    }
  }

  /// Writes bytes to be sent, as many as the send buffer takes.
  ///
  /// - Parameter pushes: whether they should not wait for more.
  /// - Returns: how many were taken, at least one.
  /// - Throws: `SocketError.wouldBlock` if none were taken, `closed` after `shutdown`, why the connection failed.
  @specialized(where Storage == ByteRing)
  public mutating func write(
    _ data: UnsafeRawBufferPointer,
    pushes: Bool = true,
    to handle: Handle
  ) throws(SocketError) -> Int {
    let index = try stream(of: handle)
    if let error = streams[index].error.take() { throw error }
    guard !streams[index].isWriteShut, streams[index].phase != .over else { throw .closed }
    guard !data.isEmpty else { return 0 }
    let taken = min(data.count, streams[index].connection.sendCapacity)
    guard taken > 0 else { throw .wouldBlock }
    let part = UnsafeRawBufferPointer(rebasing: data[..<taken])
    streams[index].outgoing.write(part.bytes, at: streams[index].written)
    streams[index].written += UInt64(taken)
    streams[index].connection.send(taken, push: pushes, now: now)
    settle(index)
    return taken
  }

  /// Reads what has arrived in order, as much as fits, and takes it out unless `peeks`.
  ///
  /// - Returns: how many bytes were read; 0 where the peer has closed and everything was read.
  /// - Throws: `SocketError.wouldBlock` if there is nothing yet, why the connection failed, once.
  @specialized(where Storage == ByteRing)
  public mutating func read(
    into buffer: UnsafeMutableRawBufferPointer,
    peeks: Bool = false,
    from handle: Handle
  ) throws(SocketError) -> Int {
    let index = try stream(of: handle)
    let count = min(buffer.count, readableCount(index))
    if count > 0 {
      var part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]).mutableBytes
      streams[index].incoming.read(from: streams[index].consumed, into: &part)
      guard !peeks else { return count }
      consume(count, of: index)
      return count
    }
    try endReading(index)
    if isAtEnd(index) || buffer.isEmpty { return 0 }
    throw .wouldBlock
  }

  /// Reads what has arrived in order where it lies, without a copy: one piece of it, of which `body` says how much it takes.
  ///
  /// - Returns: how many bytes were taken out; nil where the peer has closed and everything was read.
  /// - Throws: as `read(into:peeks:from:)`.
  @specialized(where Storage == ByteRing)
  public mutating func read(
    from handle: Handle,
    _ body: (UnsafeRawBufferPointer) -> Int
  ) throws(SocketError) -> Int? {
    let index = try stream(of: handle)
    let count = readableCount(index)
    if count > 0 {
      let taken = streams[index].incoming.withBytes(from: streams[index].consumed, count: count) { bytes in
        min(max(body(bytes), 0), bytes.count)
      }
      if taken > 0 { consume(taken, of: index) }
      return taken
    }
    try endReading(index)
    if isAtEnd(index) { return nil }
    throw .wouldBlock
  }

  /// Takes bytes out that the application has read.
  private mutating func consume(_ count: Int, of index: Int) {
    streams[index].consumed += UInt64(count)
    streams[index].incoming.discard(upTo: streams[index].consumed)
    streams[index].connection.read(count, now: now)
    settle(index)
  }

  /// Throws the error that a read finds when there are no bytes.
  private mutating func endReading(_ index: Int) throws(SocketError) {
    if let error = streams[index].error.take() { throw error }
    guard isAtEnd(index) || streams[index].phase == .open else { throw .notConnected }
  }

  /// Whether nothing more will come.
  private func isAtEnd(_ index: Int) -> Bool {
    streams[index].peerHasClosed || streams[index].isReadShut || streams[index].phase == .over
  }

  /// Bytes in order that were not read: none of a connection that failed, whose peer may have meant more.
  private func readableCount(_ index: Int) -> Int {
    streams[index].isReadShut ? 0 : streams[index].connection.readableCount
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
    let place = try place(of: handle)
    if case .datagram(var queue) = sockets[place].role {
      guard queue.peer != nil else { throw .notConnected }
      if direction != .writing { queue.isReadShut = true }
      if direction != .reading { queue.isWriteShut = true }
      sockets[place].role = .datagram(queue)
      return
    }
    let index = try stream(of: handle)
    guard streams[index].phase == .open else { throw .notConnected }
    if direction != .reading, !streams[index].isWriteShut {
      streams[index].isWriteShut = true
      streams[index].connection.close(now: now)
    }
    if direction != .writing {
      streams[index].isReadShut = true
      discardUnread(index)
    }
    settle(index)
  }

  func readiness(ofStream index: Int) -> Readiness {
    var ready: Readiness = []
    let isOver = streams[index].phase == .over
    if readableCount(index) > 0 { ready.insert(.readable) }
    if streams[index].peerHasClosed || streams[index].isReadShut { ready.formUnion([.readable, .peerClosed]) }
    if streams[index].error != nil { ready.formUnion([.failed, .readable, .writable]) }
    if isOver { ready.formUnion([.hungUp, .readable, .writable, .peerClosed]) }
    if streams[index].phase == .open {
      let isBoth = streams[index].isWriteShut && (streams[index].peerHasClosed || streams[index].isReadShut)
      if isBoth { ready.insert(.hungUp) }
      if streams[index].isWriteShut || hasWriteRoom(index) { ready.insert(.writable) }
    }
    return ready
  }

  /// Linux's rule: writable while at least a third of the buffer is free, so that writers wake to more than a few bytes.
  private func hasWriteRoom(_ index: Int) -> Bool {
    let capacity = streams[index].connection.sendCapacity
    return capacity > 0 && capacity * 3 >= Int(streams[index].connection.configuration.sendBuffer)
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
      let waiting = streams[index].written - min(metrics.bytesAcknowledged, streams[index].written)
      return (readableCount(index), Int(clamping: waiting))
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

  mutating func apply(_ options: SocketOptions, to index: Int) {
    streams[index].hopLimit = options.hopLimit
    streams[index].trafficClass = options.trafficClass
    streams[index].resetsOnClose = options.resetsOnClose
    let connection = options.connection
    streams[index].connection.setNagle(connection.nagle)
    streams[index].connection.setCork(options.isCorked)
    streams[index].connection.setSendBuffer(connection.sendBuffer)
    streams[index].connection.setUserTimeout(connection.userTimeout)
    streams[index].connection.setKeepAlive(
      idle: connection.keepAliveIdle,
      interval: connection.keepAliveInterval,
      probes: connection.keepAliveProbes
    )
    settle(index)
  }
}
