internal import SockeyeTCP
internal import SockeyeWire

/// ICMP, both ways: echoes are answered, errors are sent within a rate and believed only if they match what was sent.
extension Host where Storage: ~Copyable {
  // MARK: Arriving

  mutating func receiveICMPv4(_ message: RawSpan, _ arrival: Arrival) {
    guard let (parsed, payload) = try? ICMPv4Message.parse(message) else {
      statistics.malformed += 1
      return
    }
    switch parsed {
    case .echoRequest(let identifier, let sequence) where isStray(arrival):
      enqueueStray(.echo(identifier: identifier, sequence: sequence), message.extracting(payload), arrival)
    case .echoRequest(let identifier, let sequence):
      // RFC 1122 section 3.2.2.6 lets a host ignore an echo to many, and amplification asks it to.
      guard !arrival.isForMany, admitsEcho(from: arrival.source) else { return }
      let data = message.extracting(payload)
      sendEchoReply(identifier, sequence, data, from: arrival.destination, to: arrival.source)
    case .destinationUnreachable(let code, let mtu):
      believe(Self.error(code, mtu: mtu), quoting: message.extracting(payload))
    case .timeExceeded(let code):
      if code == 0 { believe(.timeExceeded, quoting: message.extracting(payload)) }
    case .parameterProblem:
      believe(.parameterProblem, quoting: message.extracting(payload))
    case .echoReply, .redirect, .other:
      // There is one way out, so there is no better one.
      return
    }
  }

  /// Whether one more echo request is answered in this second.
  private mutating func admitsEcho(from peer: IPAddress) -> Bool {
    let isAdmitted = echoLimit.allows(peer, now: now, using: &random)
    if !isAdmitted { statistics.echoesDropped += 1 }
    return isAdmitted
  }

  private static func error(_ code: ICMPv4Message.UnreachableCode, mtu: UInt16) -> NetworkError {
    switch code {
    case .fragmentationNeeded: .packetTooBig(maximumTransmissionUnit: Int(mtu))
    case .protocol, .port, .administrativelyProhibited: .protocolUnreachable
    default: .unreachable
    }
  }

  mutating func receiveICMPv6(_ message: RawSpan, _ arrival: Arrival) {
    guard case .v6(let source) = arrival.source, case .v6(let destination) = arrival.destination,
      let (parsed, payload) = try? ICMPv6Message.parse(message, from: source, to: destination)
    else {
      statistics.malformed += 1
      return
    }
    switch parsed {
    case .echoRequest(let identifier, let sequence) where isStray(arrival):
      enqueueStray(.echo(identifier: identifier, sequence: sequence), message.extracting(payload), arrival)
    case .echoRequest(let identifier, let sequence):
      guard !arrival.isForMany, admitsEcho(from: arrival.source) else { return }
      let data = message.extracting(payload)
      sendEchoReply(identifier, sequence, data, from: arrival.destination, to: arrival.source)
    case .destinationUnreachable(let code):
      let isHard = code == .port || code == .administrativelyProhibited
      believe(isHard ? .protocolUnreachable : .unreachable, quoting: message.extracting(payload))
    case .packetTooBig(let mtu):
      believe(.packetTooBig(maximumTransmissionUnit: Int(clamping: mtu)), quoting: message.extracting(payload))
    case .timeExceeded(let code):
      if code == 0 { believe(.timeExceeded, quoting: message.extracting(payload)) }
    case .parameterProblem:
      believe(.parameterProblem, quoting: message.extracting(payload))
    case .echoReply, .other:
      return
    }
  }

  /// Passes an error on to whom it is about. A TCP connection checks the quoted sequence number (RFC 5927 section 4.1); a
  /// UDP socket must be connected to the quoted destination, for only then is it told.
  private mutating func believe(_ error: NetworkError, quoting quoted: RawSpan) {
    guard let quote = try? ICMPQuote.parse(quoted), routes.isLocal(quote.source) || configuration.answersEveryAddress
    else { return }
    let local = Endpoint(quote.source, port: quote.sourcePort)
    let remote = Endpoint(quote.destination, port: quote.destinationPort)
    switch quote.protocolNumber {
    case TCPHeader.protocolNumber:
      guard let index = stream(for: Self.tuple(local, remote)) else { return }
      if streams[index].connection.receive(error, quotedSequenceNumber: quote.sequenceNumber, now: now) {
        settle(index)
      }
    case UDPHeader.protocolNumber:
      guard case .protocolUnreachable = error else { return }
      reportRefusal(from: remote, to: local)
    default:
      return
    }
  }

  // MARK: Sending

  /// Answers an echo request with its data. Returns whether the link's queue had room for it.
  @discardableResult
  mutating func sendEchoReply(
    _ identifier: UInt16,
    _ sequence: UInt16,
    _ data: RawSpan,
    from source: IPAddress,
    to destination: IPAddress
  ) -> Bool {
    var bytes = [UInt8](repeating: 0, count: ICMPv4Message.headerLength + data.byteCount)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      if source.isIPv4 {
        ICMPv4Message.echoReply(identifier: identifier, sequence: sequence).emit(into: &span, payload: data)
      } else {
        ICMPv6Message.echoReply(identifier: identifier, sequence: sequence)
          .emit(into: &span, from: source.asIPv6, to: destination.asIPv6, payload: data)
      }
    }
    let protocolNumber = source.isIPv4 ? ICMPv4Message.protocolNumber : ICMPv6Message.protocolNumber
    return send(bytes, protocolNumber: protocolNumber, from: source, to: destination)
  }

  /// Reports an error about an IPv4 packet, which `packet` is the whole of.
  ///
  /// RFC 1122 section 3.2.2: never about an ICMP error, a packet to many, or a fragment that isn't the first; and within a
  /// rate. As much is quoted as fits in 576 bytes (RFC 1812 section 4.3.2.3).
  mutating func reportError(_ message: ICMPv4Message, about packet: RawSpan, _ arrival: Arrival) {
    guard !arrival.isForMany, !Self.isICMPError(packet), mayReport(to: arrival.source) else { return }
    let quoted = packet.extracting(0..<min(packet.byteCount, 576 - IPv4Header.minimumLength - 8))
    var bytes = [UInt8](repeating: 0, count: ICMPv4Message.headerLength + quoted.byteCount)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      message.emit(into: &span, payload: quoted)
    }
    send(bytes, protocolNumber: ICMPv4Message.protocolNumber, from: arrival.destination, to: arrival.source)
  }

  /// Reports an error about an IPv6 packet, which `packet` is the whole of, unless it was for many.
  mutating func reportError(_ message: ICMPv6Message, about packet: RawSpan, _ arrival: Arrival) {
    guard !arrival.isForMany else { return }
    reportErrorEvenIfForMany(message, about: packet, arrival)
  }

  /// Reports an error about an IPv6 packet (RFC 4443 section 2.4): never about an ICMPv6 error, and within a rate. As much
  /// is quoted as fits in 1280 bytes.
  mutating func reportErrorEvenIfForMany(_ message: ICMPv6Message, about packet: RawSpan, _ arrival: Arrival) {
    guard !Self.isICMPError(packet), let address = routes.source(for: arrival.source) else { return }
    let from = arrival.isForMany ? address : arrival.destination
    guard case .v6(let source) = from, case .v6(let destination) = arrival.source, mayReport(to: arrival.source) else {
      return
    }
    let quoted = packet.extracting(0..<min(packet.byteCount, 1280 - IPv6Header.length - 8))
    var bytes = [UInt8](repeating: 0, count: ICMPv6Message.headerLength + quoted.byteCount)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      message.emit(into: &span, from: source, to: destination, payload: quoted)
    }
    send(bytes, protocolNumber: ICMPv6Message.protocolNumber, from: from, to: arrival.source)
  }

  /// Whether the limits leave room for one more error to a peer.
  private mutating func mayReport(to peer: IPAddress) -> Bool {
    errorLimit.allows(peer, now: now, using: &random)
  }

  /// Whether the packet is an ICMP error, or can't be told from one: its type is not one of those that are none.
  private static func isICMPError(_ packet: RawSpan) -> Bool {
    if let (header, payload) = try? IPv4Header.parseQuoted(packet) {
      guard header.protocolNumber == ICMPv4Message.protocolNumber else { return false }
      guard header.fragmentOffset == 0, !payload.isEmpty else { return true }
      let type = packet[payload.lowerBound]
      return type == 3 || type == 4 || type == 5 || type == 11 || type == 12
    }
    guard let (header, payload) = try? IPv6Header.parseQuoted(packet) else { return true }
    guard let headers = try? IPv6ExtensionHeaders.parse(packet, header: header, payload: payload) else {
      // The chain is broken where the report points. Whether ICMPv6 would have followed isn't known; a first header that
      // names it is told, an extension header that does isn't.
      return header.nextHeader == ICMPv6Message.protocolNumber
    }
    guard headers.nextHeader == ICMPv6Message.protocolNumber else { return false }
    return headers.payload.isEmpty || packet[headers.payload.lowerBound] < 128
  }

  /// Tells the sender that its packet never became whole: time exceeded, code 1 (RFC 792, RFC 4443 section 3.3).
  mutating func reportReassemblyTimeout(_ expired: FragmentReassembly.Expired) {
    let arrival = Arrival(
      source: expired.key.source,
      destination: expired.key.destination,
      codepoint: .notCapable,
      isForMany: expired.key.destination.isMulticast || routes.isBroadcast(expired.key.destination),
      checksumIsValid: true,
      segmentCount: 1
    )
    let quote = expired.quote
    if expired.key.destination.isIPv4 {
      reportError(ICMPv4Message.timeExceeded(code: 1), about: quote.span.bytes, arrival)
    } else {
      reportError(ICMPv6Message.timeExceeded(code: 1), about: quote.span.bytes, arrival)
    }
  }
}
