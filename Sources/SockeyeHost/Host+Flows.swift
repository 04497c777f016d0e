internal import SockeyeTCP
internal import SockeyeWire

/// What a host that answers for every address does with SYNs to addresses that aren't its own: each flow is a question to its
/// owner, and its SYN,ACK waits for the answer.
///
/// RFC 9293 section 3.10.7.2 has a listener that decides at once. Here who asks to be connected learns no earlier than the
/// owner whether there is anybody at that address, and hears what the owner has heard. There are no cookies for such flows:
/// a cookie is an answer.
extension Host where Storage: ~Copyable {
  /// A segment that belongs to no connection, for an address that isn't the host's own.
  mutating func receive(_ passing: PassingSegment, codepoint: ECNCodepoint) {
    if passing.header.flags.contains(.rst) {
      flows.receiveReset(passing.header, tuple: passing.tuple)
      return
    }
    switch ListenDecision(about: passing.header, payloadLength: passing.payload.count) {
    case .ignore:
      return
    case .reset(let answer):
      sendReset(answer, from: passing.local, to: passing.remote)
    case .accept:
      // A SYN's data isn't kept: its peer sends it again.
      guard !memory.isExhausted, flows.insert(passing, codepoint: codepoint, now: now) else {
        statistics.synsDropped += 1
        return
      }
    }
  }

  /// Whether the host may have part in a conversation under that address: it answers for every one that is a single host's on a
  /// link (RFC 1122 section 3.2.1.3). Which of them are anybody's is its owner's question: silence would be no answer.
  func standsFor(_ address: IPAddress) -> Bool {
    configuration.answersEveryAddress && !address.isUnspecified && !address.isMulticast && !address.isLoopback
      && !routes.isBroadcast(address)
  }

  /// A flow that the owner wasn't asked about; nil when there is none left. It waits for `accept` or `refuse` for as long as
  /// the configuration says, and then is forgotten in silence.
  @specialized(where Storage == ByteRing)
  public mutating func nextFlow() -> IncomingFlow? {
    flows.nextUnasked()
  }

  /// How many flows wait for their owner's answer.
  public var pendingFlowCount: Int { flows.count }

  /// Whether a flow still waits for its answer: neither its peer nor its time has ended it.
  public func isPending(_ flow: IncomingFlow) -> Bool {
    flows.contains(flow.handle)
  }

  /// Lets a flow become a connection, whose handshake goes on.
  ///
  /// - Returns: its socket, which becomes writable when the handshake is over, with an error if it came to nothing.
  /// - Throws: `SocketError.badHandle` if the flow doesn't wait any more, `addressInUse` if there is such a connection already,
  ///   `noRoom` if all connections' buffers are full; then it still waits.
  @specialized(where Storage == ByteRing)
  public mutating func accept(_ flow: IncomingFlow) throws(SocketError) -> Handle {
    guard !memory.isExhausted else { throw .noRoom }
    guard let pending = flows.take(flow.handle) else { throw .badHandle }
    guard stream(for: pending.tuple) == nil else { throw .addressInUse }
    var secrets = ConnectionSecrets(for: pending.tuple, keys: connectionKeys, now: now)
    if let floor = pending.sequenceFloor { secrets.initialSequenceNumber = Self.above(floor, secrets) }
    var socket = Socket(family: flow.local.address.isIPv4 ? .v4 : .v6, options: initialOptions, role: .idle)
    socket.localAddress = flow.local.address
    socket.localPort = flow.local.port
    let place = sockets.insert(socket)
    let handle = sockets.handle(at: place)
    let connection = Connection(
      accepting: pending.syn,
      codepoint: pending.codepoint,
      configuration: socket.options.connection,
      path: path(isIPv4: flow.remote.address.isIPv4),
      ports: pending.tuple.ports,
      secrets: secrets,
      now: now
    )
    let stream = Stream<Storage>(
      connection: connection,
      tuple: pending.tuple,
      local: pending.local,
      remote: pending.remote,
      holder: .application(handle),
      options: socket.options
    )
    let index = insert(stream)
    sockets[place].role = .stream(index)
    settle(index)
    return handle
  }

  /// Turns a flow away. Nothing happens if it doesn't wait any more.
  ///
  /// - Parameters:
  ///   - flow: what the owner was asked about.
  ///   - answer: what its peer is told.
  @specialized(where Storage == ByteRing)
  public mutating func refuse(_ flow: IncomingFlow, with answer: FlowRefusal) {
    // Who is told nothing sends its SYN again, which is no new question: the flow waits on, for nothing.
    if case .silence = answer { return }
    guard let pending = flows.take(flow.handle) else { return }
    switch answer {
    case .silence: return
    case .reset:
      if let reset = ClosedPort.answer(to: pending.syn, payloadLength: 0) {
        sendReset(reset, from: pending.local, to: pending.remote)
      }
    case .unreachable(let reason): report(reason, about: pending)
    }
  }

  /// Reports that a flow's destination can't be reached. Of its packet, what is quoted is what its sender looks at: the
  /// addresses, the ports and the sequence number (RFC 5927 section 4.1).
  private mutating func report(_ reason: Unreachability, about flow: PendingFlows.Flow) {
    let envelope = IPEnvelope(from: flow.remote.address, to: flow.local.address)
    var header = flow.syn
    header.options = TCPOptions()
    var quote = [UInt8](repeating: 0, count: envelope.headerLength + header.length)
    quote.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      envelope.emit(header, payload: RawSpan(), into: &span)
    }
    report(reason, about: quote.span.bytes, from: flow.remote.address, to: flow.local.address)
  }

  /// Reports that a packet's destination can't be reached.
  mutating func report(
    _ reason: Unreachability,
    about packet: RawSpan,
    from source: IPAddress,
    to destination: IPAddress
  ) {
    let arrival = Arrival(
      source: source,
      destination: destination,
      codepoint: .notCapable,
      isForMany: false,
      checksumIsValid: true,
      segmentCount: 1
    )
    if destination.isIPv4 {
      reportError(ICMPv4Message.destinationUnreachable(reason.code4, mtu: 0), about: packet, arrival)
    } else {
      reportError(ICMPv6Message.destinationUnreachable(reason.code6), about: packet, arrival)
    }
  }
}

/// A flow that somebody has begun to an address that isn't the host's own.
public struct IncomingFlow: Hashable, Sendable {
  /// The address and port that the flow is to.
  public let local: Endpoint
  /// Who has begun it.
  public let remote: Endpoint
  let handle: Handle
}

/// What the peer of a flow is told that isn't accepted.
public enum FlowRefusal: Hashable, Sendable {
  /// A reset: nobody listens there.
  case reset
  /// An ICMP error.
  case unreachable(Unreachability)
  /// Nothing, and nothing is asked about that flow again while it would have waited.
  case silence
}

/// Why a destination can't be reached, as ICMP tells it.
public enum Unreachability: UInt8, Sendable {
  /// There is no way to its network.
  case network
  /// The host doesn't answer those who would deliver to it.
  case host
  /// Nobody listens at that port.
  case port
  /// A rule forbids it.
  case prohibited

  /// RFC 792, RFC 1812 section 5.2.7.1.
  var code4: ICMPv4Message.UnreachableCode {
    switch self {
    case .network: .network
    case .host: .host
    case .port: .port
    case .prohibited: .administrativelyProhibited
    }
  }

  /// RFC 4443 section 3.1.
  var code6: ICMPv6Message.UnreachableCode {
    switch self {
    case .network: .noRoute
    case .host: .address
    case .port: .port
    case .prohibited: .administrativelyProhibited
    }
  }
}
