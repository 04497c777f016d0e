internal import SockeyeTCP
internal import SockeyeWire

/// Segments that arrive: to their connection, to what TIME-WAIT has kept of one, to a listener, or to nobody.
extension Host where Storage: ~Copyable {
  static func tuple(_ local: Endpoint, _ remote: Endpoint) -> FourTuple {
    // As mapped addresses, IPv4 can't be taken for IPv6.
    let (here, there) = (local.address.asIPv6, remote.address.asIPv6)
    return FourTuple(
      localAddress: (here.high, here.low),
      remoteAddress: (there.high, there.low),
      ports: PortPair(local: local.port, remote: remote.port)
    )
  }

  /// Where the connection with that tuple stands.
  func stream(for tuple: FourTuple) -> StreamPlace? {
    streamsByTuple.number(of: tuple) { streams[StreamPlace($0)].tuple == tuple }.map { StreamPlace($0) }
  }

  mutating func receiveTCP(_ segment: RawSpan, _ arrival: Arrival) {
    guard let (header, payload) = try? TCPHeader.parse(segment) else {
      statistics.malformed += 1
      return
    }
    // MUST-57: a segment to many is discarded in silence. Port 0 is nobody's.
    guard !arrival.isForMany, header.sourcePort != 0, header.destinationPort != 0 else {
      statistics.misaddressed += 1
      return
    }
    let local = Endpoint(arrival.destination, port: header.destinationPort)
    let remote = Endpoint(arrival.source, port: header.sourcePort)
    let tuple = Self.tuple(local, remote)
    if let index = stream(for: tuple), !givesWay(index, to: header) {
      receive(header, segment, payload, arrival, at: index)
      return
    }
    var floor: UInt32?
    switch timeWaits.answer(to: header, payloadLength: payload.count, tuple: tuple, now: now) {
    case .ignore: return
    case .drop:
      tellEnd(ofTimeWait: tuple)
      return
    case .acknowledge(let answer):
      send(answer, from: local, to: remote)
      return
    case .reuse(let above):
      tellEnd(ofTimeWait: tuple)
      floor = above
    case nil: break
    }
    let passing = PassingSegment(
      header: header,
      payload: payload,
      local: local,
      remote: remote,
      tuple: tuple,
      sequenceFloor: floor
    )
    guard let place = listener(for: local), case .listener = sockets[place].role else {
      if isStray(arrival) {
        receive(passing, codepoint: arrival.codepoint)
        return
      }
      if let answer = ClosedPort.answer(to: header, payloadLength: payload.count) {
        sendReset(answer, from: local, to: remote)
      }
      return
    }
    receive(passing, segment, arrival, atListener: place)
  }

  /// SEGMENT ARRIVES at a connection, which tells what of the payload to keep.
  mutating func receive(
    _ header: TCPHeader,
    _ segment: RawSpan,
    _ payload: Range<Int>,
    _ arrival: Arrival,
    at index: StreamPlace
  ) {
    var (header, payload) = (header, payload)
    if memory.isExhausted, !payload.isEmpty, streams[index].incoming.allocatedCount >= BufferMemory.leastBuffer {
      // As if it had been lost on the way; what it acknowledges counts.
      statistics.payloadsDropped += 1
      header.flags.subtract(.fin)
      payload = payload.lowerBound..<payload.lowerBound
    }
    streams[index].receive(
      header,
      segment,
      payload,
      segmentCount: arrival.segmentCount,
      codepoint: arrival.codepoint,
      now: now
    )
    settle(index)
  }

  /// Sends a reset that no connection stands behind, within a rate: a forged segment has it sent to whom it names.
  mutating func sendReset(_ header: TCPHeader, from local: Endpoint, to remote: Endpoint) {
    guard resetLimit.allows(remote.address, now: now, using: &random) else {
      statistics.resetsWithheld += 1
      return
    }
    send(header, from: local, to: remote)
  }

  /// Sends a segment that no connection stands behind.
  mutating func send(_ header: TCPHeader, from local: Endpoint, to remote: Endpoint) {
    var bytes = [UInt8](repeating: 0, count: header.length)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      let length = header.emit(into: &span)
      var sum = InternetChecksum(
        pseudoHeaderFrom: local.address,
        to: remote.address,
        protocolNumber: TCPHeader.protocolNumber,
        length: length
      )
      sum.add(span, in: 0..<length)
      buffer.storeBytes(of: sum.checksum.bigEndian, toByteOffset: TCPHeader.checksumOffset, as: UInt16.self)
    }
    send(
      bytes,
      protocolNumber: TCPHeader.protocolNumber,
      from: local.address,
      to: remote.address,
      mayFragment: false
    )
  }

  func path(isIPv4: Bool) -> NetworkPath {
    NetworkPath(version: isIPv4 ? .v4 : .v6, maximumTransmissionUnit: configuration.maximumTransmissionUnit)
  }
}

/// A segment that belongs to no connection yet.
struct PassingSegment {
  var header: TCPHeader
  var payload: Range<Int>
  var local: Endpoint
  var remote: Endpoint
  var tuple: FourTuple
  /// What the initial sequence number is to lie above, where the tuple has just left TIME-WAIT.
  var sequenceFloor: UInt32?
}
