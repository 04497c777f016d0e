internal import SockeyeTCP
internal import SockeyeWire

/// What applications do with stream sockets.
extension Host where Storage: ~Copyable {
  /// Makes a socket listen.
  ///
  /// - Parameters:
  ///   - handle: a stream socket; without a port, it is given one.
  ///   - backlog: connections that may wait to be accepted; at least 1, at most 4096.
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
      guard let index = sockets.place(of: other) else { continue }
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
    let handle = sockets.handle(at: accepted)
    streams[index].holder = .application(handle)
    streams[index].apply(socket.options, now: now)
    // What came before its application could see it is told as if it came now.
    if !streams[index].readiness(memory).isDisjoint(with: [.readable, .failed, .peerClosed]) {
      changed.append(accepted)
    }
    settle(index)
    return handle
  }

  /// Begins to connect: a stream socket's connection is open when the socket becomes writable. A datagram socket is
  /// connected at once, again and again, and no more with an unspecified address.
  ///
  /// - Returns: `inProgress` for a stream socket, `connected` for a datagram socket.
  /// - Throws: `SocketError`: `alreadyOpening` or `isConnected` if it was asked for before, why that came to nothing, once,
  ///   or why nothing can be sent to `endpoint`.
  @specialized(where Storage == ByteRing)
  @discardableResult
  public mutating func connect(_ handle: Handle, to endpoint: Endpoint) throws(SocketError) -> ConnectProgress {
    let place = try place(of: handle)
    let remote = Endpoint(endpoint.address.unmapped, port: endpoint.port)
    switch sockets[place].role {
    case .datagram(var queue):
      if remote.address.isUnspecified {
        queue.peer = nil
        queue.source = nil
      } else {
        let source = try source(of: place, for: remote.address)
        if sockets[place].localPort == 0 { try bindDatagram(place, port: 0) }
        queue.peer = remote
        queue.source = source
        // What came from others before is not what the application asks for now, but it came: it stays.
      }
      sockets[place].role = .datagram(queue)
      return .connected
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
      return .inProgress
    }
  }

  /// Resets all connections that no socket has any more: those that were closed and haven't ended.
  public mutating func abortUnheld() {
    var next = streams.firstTaken(from: 0)
    while let index = next {
      next = streams.firstTaken(from: index.index + 1)
      guard streams[index].holder == .nobody else { continue }
      streams[index].connection.abort(now: now)
      settle(index)
    }
  }

  private mutating func open(_ place: SocketPlace, to remote: Endpoint) throws(SocketError) {
    let source = try source(of: place, for: remote.address)
    // MUST-46: no connection to a group or to everyone.
    let isForMany = remote.address.isMulticast || routes.isBroadcast(remote.address)
    guard !isForMany, !remote.address.isUnspecified else { throw .unreachable }
    guard remote.port != 0 else { throw .addressNotAvailable }
    guard !memory.isExhausted else { throw .noRoom }
    let port = sockets[place].localPort == 0 ? try choosePort(source, remote) : sockets[place].localPort
    let local = Endpoint(source, port: port)
    let tuple = Self.tuple(local, remote)
    guard stream(for: tuple) == nil, !timeWaits.contains(tuple) else { throw .addressNotAvailable }
    let options = sockets[place].options
    let connection = Connection(
      configuration: options.connection,
      path: path(isIPv4: remote.address.isIPv4),
      ports: tuple.ports,
      secrets: ConnectionSecrets(for: tuple, keys: connectionKeys, now: now),
      now: now
    )
    var stream = Stream<Storage>(
      connection: connection,
      tuple: tuple,
      local: local,
      remote: remote,
      holder: .application(sockets.handle(at: place)),
      options: options
    )
    stream.connection.open(now: now)
    let index = insert(stream)
    sockets[place].role = .stream(index)
    sockets[place].localPort = port
    sockets[place].localAddress = source
    streams[index].apply(options, now: now)
    settle(index)
  }

  private mutating func choosePort(_ source: IPAddress, _ remote: Endpoint) throws(SocketError) -> UInt16 {
    let tuple = Self.tuple(Endpoint(source, port: 0), remote)
    // Out of the host while it asks the host, so that its table isn't copied.
    var chooser = EphemeralPorts(key: SecretKey(0, 0))
    swap(&chooser, &ephemeralPorts)
    var generator = random
    let port = chooser.choose(for: tuple, using: &generator) { candidate in
      let tuple = Self.tuple(Endpoint(source, port: candidate), remote)
      return stream(for: tuple) == nil && !timeWaits.contains(tuple) && listenersByPort[candidate] == nil
    }
    random = generator
    swap(&chooser, &ephemeralPorts)
    guard let port else { throw .addressNotAvailable }
    return port
  }
}

/// How far `connect` has come.
public enum ConnectProgress: UInt8, Sendable {
  /// The socket is connected.
  case connected
  /// The handshake is under way: the socket becomes writable when it is over, with an error if it came to nothing.
  case inProgress
}
