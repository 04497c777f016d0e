internal import SockeyeTCP
public import SockeyeWire

/// What applications do with sockets of either kind.
extension Host where Storage: ~Copyable {
  /// A new socket.
  public mutating func makeSocket(_ kind: SocketKind, _ family: AddressFamily) -> Handle {
    let role: Socket.Role = kind == .stream ? .idle : .datagram(DatagramQueue())
    return sockets.handle(at: sockets.insert(Socket(family: family, options: initialOptions, role: role)))
  }

  func place(of handle: Handle) throws(SocketError) -> SocketPlace {
    guard let place = sockets.place(of: handle) else { throw .badHandle }
    return place
  }

  /// Binds a socket to one of the host's addresses, or to any for nil, and to a port, to any free one for 0.
  ///
  /// - Throws: `SocketError`.
  public mutating func bind(_ handle: Handle, to address: IPAddress?, port: UInt16) throws(SocketError) {
    let place = try place(of: handle)
    guard sockets[place].localPort == 0 else { throw .invalid }
    var wanted = address?.unmapped
    if let some = wanted, some.isUnspecified { wanted = nil }
    if let wanted {
      guard sockets[place].accepts(wanted) else { throw .addressFamily }
      let isOwn = routes.isLocal(wanted) || standsFor(wanted)
      guard isOwn || wanted.isMulticast || routes.isBroadcast(wanted) else { throw .addressNotAvailable }
      // MUST-46 and its like: no connection has such an address.
      if case .idle = sockets[place].role, !isOwn { throw .addressNotAvailable }
    }
    let before = sockets[place].localAddress
    sockets[place].localAddress = wanted
    do throws(SocketError) {
      switch sockets[place].role {
      case .datagram: try bindDatagram(place, port: port)
      case .idle: try bindStream(place, port: port)
      case .listener, .stream: throw .invalid
      }
    } catch {
      sockets[place].localAddress = before
      throw error
    }
  }

  private mutating func bindStream(_ place: SocketPlace, port: UInt16) throws(SocketError) {
    let own = sockets[place]
    if port != 0 {
      guard !isTaken(port, by: own) else { throw .addressInUse }
      sockets[place].localPort = port
      return
    }
    let start = random.next()
    let range = ephemeralPorts.range
    for step in 0..<UInt64(range.count) {
      let candidate = UInt16(UInt64(range.lowerBound) + (start &+ step) % UInt64(range.count))
      guard !isTaken(candidate, by: own) else { continue }
      sockets[place].localPort = candidate
      return
    }
    throw .addressInUse
  }

  /// Whether a listener, or a socket that may become one, has the port for addresses that `socket` wants.
  private func isTaken(_ port: UInt16, by socket: Socket) -> Bool {
    var next = sockets.firstTaken(from: 0)
    while let index = next {
      next = sockets.firstTaken(from: index.index + 1)
      guard sockets[index].localPort == port else { continue }
      switch sockets[index].role {
      case .idle, .listener: break
      case .stream, .datagram: continue
      }
      if case .idle = sockets[index].role, sockets[index].options.reusesAddress, socket.options.reusesAddress {
        continue
      }
      if sockets[index].overlaps(socket.localAddress, family: socket.family, isIPv6Only: socket.options.isIPv6Only) {
        return true
      }
    }
    return false
  }

  /// The address and port of this side; port 0 while there is none.
  ///
  /// - Throws: `SocketError.badHandle`.
  public func localEndpoint(of handle: Handle) throws(SocketError) -> Endpoint {
    let place = try place(of: handle)
    var any: IPAddress = sockets[place].family == .v4 ? .v4(.unspecified) : .v6(.unspecified)
    switch sockets[place].role {
    case .stream(let index): return streams[index].local
    case .datagram(let queue): any = queue.source ?? any
    case .idle, .listener: break
    }
    return Endpoint(sockets[place].localAddress ?? any, port: sockets[place].localPort)
  }

  /// The address and port of the peer.
  ///
  /// - Throws: `SocketError.notConnected`, `badHandle`.
  public func remoteEndpoint(of handle: Handle) throws(SocketError) -> Endpoint {
    let place = try place(of: handle)
    switch sockets[place].role {
    case .stream(let index): return streams[index].remote
    case .datagram(let queue):
      guard let peer = queue.peer else { throw .notConnected }
      return peer
    case .idle, .listener: throw .notConnected
    }
  }

  /// The family that a socket was made for.
  ///
  /// - Throws: `SocketError.badHandle`.
  public func family(of handle: Handle) throws(SocketError) -> AddressFamily {
    sockets[try place(of: handle)].family
  }

  /// What a socket carries.
  ///
  /// - Throws: `SocketError.badHandle`.
  public func kind(of handle: Handle) throws(SocketError) -> SocketKind {
    if case .datagram = sockets[try place(of: handle)].role { return .datagram }
    return .stream
  }

  /// Lets go of a socket. A connection goes on to send what was written, then closes, unless it is to be reset: its
  /// application has gone (RFC 9293 section 3.6.1).
  ///
  /// - Throws: `SocketError.badHandle`.
  @specialized(where Storage == ByteRing)
  public mutating func close(_ handle: Handle) throws(SocketError) {
    let place = try place(of: handle)
    switch sockets[place].role {
    case .idle:
      break
    case .datagram:
      let port = sockets[place].localPort
      Self.forget(handle, in: &datagramsByPort, port: port)
    case .stream(let index):
      streams[index].release(now: now)
      settle(index)
    case .listener:
      let port = sockets[place].localPort
      Self.forget(handle, in: &listenersByPort, port: port)
      // What nobody will accept any more is reset, as everywhere.
      var next = streams.firstTaken(from: 0)
      while let index = next {
        next = streams.firstTaken(from: index.index + 1)
        guard streams[index].holder == .listener(handle) else { continue }
        streams[index].holder = .nobody
        streams[index].connection.abort(now: now)
        settle(index)
      }
    }
    _ = sockets.remove(at: place)
  }

  private static func forget(_ handle: Handle, in table: inout [UInt16: [Handle]], port: UInt16) {
    table[port]?.removeAll { $0 == handle }
    if table[port]?.isEmpty == true { table[port] = nil }
  }

  /// What a socket's options are.
  ///
  /// - Throws: `SocketError.badHandle`.
  public func options(of handle: Handle) throws(SocketError) -> SocketOptions {
    sockets[try place(of: handle)].options
  }

  /// Changes a socket's options. Those of a connection that exists take effect as far as they can then.
  ///
  /// - Throws: `SocketError.badHandle`.
  public mutating func setOptions(_ options: SocketOptions, of handle: Handle) throws(SocketError) {
    let place = try place(of: handle)
    let (old, new) = (sockets[place].options.connection, options.connection)
    sockets[place].options = options
    guard case .stream(let index) = sockets[place].role else { return }
    if new.receiveBuffer != old.receiveBuffer || new.autotune != old.autotune {
      streams[index].connection.setReceiveBuffer(new.receiveBuffer, autotune: new.autotune)
    }
    streams[index].apply(options, now: now)
    settle(index)
  }

  /// Takes the error that waits at a socket (SO_ERROR); nil if there is none.
  ///
  /// - Throws: `SocketError.badHandle`.
  public mutating func takeError(of handle: Handle) throws(SocketError) -> SocketError? {
    let place = try place(of: handle)
    switch sockets[place].role {
    case .idle, .listener: return nil
    case .stream(let index): return streams[index].error.take()
    case .datagram(var queue):
      defer { sockets[place].role = .datagram(queue) }
      return queue.error.take()
    }
  }
}
