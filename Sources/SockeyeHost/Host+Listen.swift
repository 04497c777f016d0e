internal import SockeyeTCP
internal import SockeyeWire

/// What listeners do with segments: SYNs become connections in the first queue, or cookies when it is full (RFC 4987).
extension Host where Storage: ~Copyable {
  /// Where the listener stands whose address fits best: the very address before any.
  func listener(for local: Endpoint) -> SocketPlace? {
    guard let handles = listenersByPort[local.port] else { return nil }
    var best: SocketPlace?
    for handle in handles {
      guard let place = sockets.place(of: handle), sockets[place].accepts(local.address) else { continue }
      if sockets[place].localAddress != nil { return place }
      if best == nil || sockets[place].family == .v4 { best = place }
    }
    return best
  }

  mutating func receive(
    _ passing: PassingSegment,
    _ segment: RawSpan,
    _ arrival: Arrival,
    atListener place: SocketPlace
  ) {
    let use = configuration.synCookies
    // Cookies are believed for as long as one that was sent can be right, or any ACK at any time would be a try.
    if passing.header.flags.contains(.ack), use != .never, sockets[place].believesCookies(now: now),
      let syn = cookies.check(passing.header, tuple: passing.tuple, now: now)
    {
      acceptCookie(syn, passing, segment, arrival, at: place)
      return
    }
    switch ListenDecision(about: passing.header, payloadLength: passing.payload.count) {
    case .ignore:
      return
    case .reset(let answer):
      sendReset(answer, from: passing.local, to: passing.remote)
    case .accept:
      accept(passing, segment, arrival, at: place)
    }
  }

  /// Whether a handshake under way was dropped in favour of the one that `header` ends by bringing a cookie back.
  ///
  /// A SYN that was answered by a cookie may come again when its listener has room for it, and then begins a handshake with
  /// another sequence number. The peer goes by the first answer that it got: to insist on the second would reset it.
  mutating func givesWay(_ index: StreamPlace, to header: TCPHeader) -> Bool {
    guard streams[index].phase == .opening, case .listener(let handle) = streams[index].holder,
      let place = sockets.place(of: handle), sockets[place].believesCookies(now: now),
      cookies.check(header, tuple: streams[index].tuple, now: now) != nil
    else { return false }
    streams[index].connection.forget()
    settle(index)
    return true
  }

  private mutating func accept(
    _ passing: PassingSegment,
    _ segment: RawSpan,
    _ arrival: Arrival,
    at place: SocketPlace
  ) {
    guard case .listener(let listener) = sockets[place].role else { return }
    // A full second queue means that the application is behind: a handshake more would not help (as in Linux).
    guard listener.ready.count < listener.backlog, !memory.isExhausted else {
      statistics.synsDropped += 1
      return
    }
    let isFull = listener.openingCount >= listener.openingLimit
    let options = sockets[place].options
    if configuration.synCookies == .always || (isFull && configuration.synCookies == .whenFull) {
      let answer = cookies.answer(
        to: passing.header,
        tuple: passing.tuple,
        configuration: options.connection,
        path: path(isIPv4: passing.remote.address.isIPv4),
        now: now
      )
      statistics.cookiesSent += 1
      _ = sockets[place].withListener { $0.cookiesEnd = now + SYNCookies.lifetime }
      send(answer, from: passing.local, to: passing.remote)
      return
    }
    guard !isFull else {
      statistics.synsDropped += 1
      return
    }
    var secrets = ConnectionSecrets(for: passing.tuple, keys: connectionKeys, now: now)
    if let floor = passing.sequenceFloor { secrets.initialSequenceNumber = Self.above(floor, secrets) }
    let decision = decideFastOpen(about: passing, at: place, options)
    let connection = Connection(
      accepting: passing.header,
      payloadLength: passing.payload.count,
      fastOpen: decision,
      codepoint: arrival.codepoint,
      configuration: options.connection,
      path: path(isIPv4: passing.remote.address.isIPv4),
      ports: passing.tuple.ports,
      secrets: secrets,
      now: now
    )
    let index = insertOpening(connection, passing, at: place)
    if decision == .accept {
      // What the connection took of the SYN's data is what its window allows, as it says by what is readable.
      let taken = min(streams[index].connection.readableCount, passing.payload.count)
      if taken > 0 {
        let start = passing.payload.lowerBound
        streams[index].incoming.write(segment.extracting(start..<start + taken), at: 0)
      }
    }
    if decision == .accept {
      _ = sockets[place].withListener { $0.fastOpens.begin() }
      streams[index].fastOpenListener = sockets.handle(at: place)
      if streams[index].open() { enterAcceptQueue(index) }
    }
    settle(index)
  }

  /// What becomes of a SYN's fast-open cookie and data.
  private mutating func decideFastOpen(
    about passing: PassingSegment,
    at place: SocketPlace,
    _ options: SocketOptions
  ) -> FastOpenDecision {
    guard options.connection.fastOpen else { return .none }
    let isAllowed = sockets[place].withListener { $0.fastOpens.hasRoom(limit: options.fastOpenLimit, now: now) }
    return FastOpenDecision(
      about: passing.header,
      tuple: passing.tuple,
      cookies: fastOpenCookies,
      isAllowed: isAllowed ?? false,
      now: now
    )
  }

  /// Lets a listener forget a connection that a fast open made, once its handshake is over.
  mutating func endFastOpen(_ index: StreamPlace) {
    guard let handle = streams[index].fastOpenListener else { return }
    let end: FastOpenQueue.End
    switch streams[index].connection.state {
    case .synReceived: return
    case .listen: end = .reset
    case .closed: end = .failed
    default: end = .completed
    }
    streams[index].fastOpenListener = nil
    guard let place = sockets.place(of: handle) else { return }
    _ = sockets[place].withListener { $0.fastOpens.end(end, now: now) }
  }

  /// An initial sequence number beyond what the connection before it used (RFC 9293 section 3.10.7.4, MAY-2).
  static func above(_ floor: UInt32, _ secrets: ConnectionSecrets) -> UInt32 {
    let drawn = SequenceNumber(secrets.initialSequenceNumber)
    return drawn - SequenceNumber(floor) > 0 ? drawn.value : (SequenceNumber(floor) + 65_537).value
  }

  /// A connection from the ACK that brought a cookie back. It needs a place in the second queue only.
  private mutating func acceptCookie(
    _ syn: RememberedSYN,
    _ passing: PassingSegment,
    _ segment: RawSpan,
    _ arrival: Arrival,
    at place: SocketPlace
  ) {
    guard case .listener(let listener) = sockets[place].role, listener.ready.count < listener.backlog,
      !memory.isExhausted
    else {
      statistics.synsDropped += 1
      return
    }
    let options = sockets[place].options
    let connection = Connection(
      remembered: syn,
      configuration: options.connection,
      path: path(isIPv4: passing.remote.address.isIPv4),
      tuple: passing.tuple,
      keys: connectionKeys,
      now: now
    )
    statistics.cookiesAccepted += 1
    let index = insertOpening(connection, passing, at: place)
    receive(passing.header, segment, passing.payload, arrival, at: index)
  }

  /// Takes a connection into a listener's first queue, and returns where it stands.
  private mutating func insertOpening(
    _ connection: consuming Connection,
    _ passing: PassingSegment,
    at place: SocketPlace
  ) -> StreamPlace {
    _ = sockets[place].withListener { $0.openingCount += 1 }
    let stream = Stream<Storage>(
      connection: connection,
      tuple: passing.tuple,
      local: passing.local,
      remote: passing.remote,
      holder: .listener(sockets.handle(at: place)),
      options: sockets[place].options
    )
    return insert(stream)
  }
}
