internal import SockeyeTCP
public import SockeyeWire

/// What a host that answers for every address does with datagrams and echo requests to addresses that aren't its own: they
/// wait for its owner, who answers in the name of whom they are for, or tells why nobody does.
extension Host where Storage: ~Copyable {
  /// Whether what has arrived is for an address that the host answers for, and doesn't have.
  func isStray(_ arrival: Arrival) -> Bool {
    configuration.answersEveryAddress && !arrival.isForMany && !routes.isLocal(arrival.destination)
  }

  /// Takes in a message to an address that isn't the host's. What finds no room is dropped, as on a busy link.
  mutating func enqueueStray(_ carrier: StrayMessage.Carrier, _ payload: RawSpan, _ arrival: Arrival) {
    let cost = payload.byteCount + StrayMessage.overhead
    guard strays.size + cost <= configuration.strayQueueLimit else {
      statistics.datagramsDropped += 1
      return
    }
    strays.size += cost
    strays.waiting.append(
      StrayMessage(
        carrier: carrier,
        source: arrival.source,
        destination: arrival.destination,
        hopLimit: arrival.hopLimit,
        payload: payload.withUnsafeBytes { [UInt8](copying: $0) }
      )
    )
  }

  /// The message to an address that isn't the host's which has waited longest; nil if there is none.
  @specialized(where Storage == ByteRing)
  public mutating func nextStray() -> StrayMessage? {
    guard let message = strays.waiting.popFirst() else { return nil }
    strays.size -= message.payload.count + StrayMessage.overhead
    return message
  }

  /// Sends a message in the name of its source: a datagram, or an echo reply.
  ///
  /// - Returns: whether there was room for it, in a packet and in the link's queue.
  @discardableResult
  @specialized(where Storage == ByteRing)
  public mutating func send(_ message: StrayMessage) -> Bool {
    guard message.source.isIPv4 == message.destination.isIPv4 else { return false }
    let headers = UDPHeader.length + (message.source.isIPv4 ? IPv4Header.minimumLength : 0)
    guard message.payload.count <= UDPHeader.maximumDatagramLength - headers else { return false }
    let data = message.payload.span.bytes
    switch message.carrier {
    case .datagram(let from, let to):
      return send(
        Self.datagram(data, from: Endpoint(message.source, port: from), to: Endpoint(message.destination, port: to)),
        protocolNumber: UDPHeader.protocolNumber,
        from: message.source,
        to: message.destination
      )
    case .echo(let identifier, let sequence):
      return sendEchoReply(identifier, sequence, data, from: message.source, to: message.destination)
    }
  }

  /// Tells who sent a message why it isn't delivered. Of its packet, what is quoted is what its sender looks at.
  @specialized(where Storage == ByteRing)
  public mutating func report(_ reason: Undeliverability, about message: StrayMessage) {
    let quote = message.quote
    switch (reason, message.source.isIPv4) {
    case (.unreachable(let reason), _):
      report(reason, about: quote.span.bytes, from: message.source, to: message.destination)
    // RFC 1191 section 4, RFC 4443 section 3.2; what a host may say at least is IPv4's 68, IPv6's 1280 bytes.
    case (.tooLong(let most), true):
      let mtu = UInt16(clamping: max(most, 68))
      reportError(
        ICMPv4Message.destinationUnreachable(.fragmentationNeeded, mtu: mtu),
        about: quote.span.bytes,
        message.arrival
      )
    case (.tooLong(let most), false):
      let mtu = UInt32(clamping: max(most, 1280))
      reportError(ICMPv6Message.packetTooBig(mtu: mtu), about: quote.span.bytes, message.arrival)
    // RFC 792, RFC 4443 section 3.3: whoever had to take the last hop says so.
    case (.hopLimitExceeded(let router), true):
      reportError(ICMPv4Message.timeExceeded(code: 0), about: quote.span.bytes, message.arrival(at: router))
    case (.hopLimitExceeded(let router), false):
      reportError(ICMPv6Message.timeExceeded(code: 0), about: quote.span.bytes, message.arrival(at: router))
    }
  }
}

/// Messages to addresses that aren't the host's, which wait for its owner.
struct StrayQueue {
  var waiting = RingQueue<StrayMessage>()
  /// Their bytes, overhead included.
  var size = 0

  /// Checks that the size is that of what waits.
  func checkInvariants(limit: Int) {
    var sum = 0
    for index in 0..<waiting.count { sum += waiting[index].payload.count + StrayMessage.overhead }
    precondition(sum == size && size <= limit, "the size of a queue isn't that of its messages")
  }
}

/// A datagram or an echo between a host's link and an address that isn't the host's.
public struct StrayMessage: Hashable, Sendable {
  /// What carries it.
  public enum Carrier: Hashable, Sendable {
    /// UDP, between ports.
    case datagram(sourcePort: UInt16, destinationPort: UInt16)
    /// ICMP: a request where it arrives, a reply where it is sent.
    case echo(identifier: UInt16, sequence: UInt16)
  }

  /// What a message costs beside its bytes.
  static let overhead = 128

  /// What carries it.
  public var carrier: Carrier
  /// Who sends it.
  public var source: IPAddress
  /// Whom it is for.
  public var destination: IPAddress
  /// What was left of its hop limit.
  public var hopLimit: UInt8
  /// Its data.
  public var payload: [UInt8]

  /// A message from its fields.
  public init(
    carrier: Carrier,
    source: IPAddress,
    destination: IPAddress,
    hopLimit: UInt8 = 64,
    payload: [UInt8]
  ) {
    self.carrier = carrier
    self.source = source
    self.destination = destination
    self.hopLimit = hopLimit
    self.payload = payload
  }

  /// The message that answers this one with that data.
  public func answer(_ payload: [UInt8]) -> StrayMessage {
    var answer = StrayMessage(
      carrier: carrier,
      source: destination,
      destination: source,
      hopLimit: 64,
      payload: payload
    )
    if case .datagram(let sourcePort, let destinationPort) = carrier {
      answer.carrier = .datagram(sourcePort: destinationPort, destinationPort: sourcePort)
    }
    return answer
  }

  fileprivate var arrival: Arrival {
    Arrival(
      source: source,
      destination: destination,
      codepoint: .notCapable,
      isForMany: false,
      checksumIsValid: true,
      segmentCount: 1
    )
  }

  /// What errors about it are told by, where its packet has come no further than a router of its family.
  fileprivate func arrival(at router: IPAddress) -> Arrival {
    var arrival = arrival
    if router.isIPv4 == source.isIPv4 { arrival.destination = router }
    return arrival
  }

  /// The front of the packet that it came in, as far as an error has to quote it: the addresses, and the eight bytes behind
  /// them (RFC 792).
  fileprivate var quote: [UInt8] {
    let header = source.isIPv4 ? IPv4Header.minimumLength : IPv6Header.length
    var bytes = [UInt8](repeating: 0, count: header + 8)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      let length = UDPHeader.length + payload.count
      switch (source, destination, carrier) {
      case (.v4(let source), .v4(let destination), .datagram(let from, let to)):
        IPv4Header(protocolNumber: UDPHeader.protocolNumber, source: source, destination: destination)
          .emit(into: &span, payloadLength: length)
        UDPHeader(sourcePort: from, destinationPort: to).emit(into: &span, at: header, payloadLength: payload.count)
      case (.v4(let source), .v4(let destination), .echo(let identifier, let sequence)):
        IPv4Header(protocolNumber: ICMPv4Message.protocolNumber, source: source, destination: destination)
          .emit(into: &span, payloadLength: length)
        ICMPv4Message.echoRequest(identifier: identifier, sequence: sequence)
          .emit(into: &span, at: header, payload: RawSpan())
      case (let source, let destination, .datagram(let from, let to)):
        IPv6Header(nextHeader: UDPHeader.protocolNumber, source: source.asIPv6, destination: destination.asIPv6)
          .emit(into: &span, payloadLength: length)
        UDPHeader(sourcePort: from, destinationPort: to).emit(into: &span, at: header, payloadLength: payload.count)
      case (let source, let destination, .echo(let identifier, let sequence)):
        IPv6Header(nextHeader: ICMPv6Message.protocolNumber, source: source.asIPv6, destination: destination.asIPv6)
          .emit(into: &span, payloadLength: length)
        ICMPv6Message.echoRequest(identifier: identifier, sequence: sequence)
          .emit(into: &span, at: header, from: source.asIPv6, to: destination.asIPv6, payload: RawSpan())
      }
    }
    return bytes
  }
}

/// Why a message to somebody else isn't delivered.
public enum Undeliverability: Hashable, Sendable {
  /// Nobody is reached.
  case unreachable(Unreachability)
  /// Its packet is longer than the path takes, which is so many bytes.
  case tooLong(most: Int)
  /// Its packet may go no further than a router, in whose name that is told.
  case hopLimitExceeded(at: IPAddress)
}
