internal import SockeyeTCP
internal import SockeyeWire

extension Host where Storage: ~Copyable {
  /// Writes the next packet to be sent into `buffer`, which has room for the link's largest. Returns nil if there
  /// is none.
  ///
  /// With segmentation offload a TCP packet may be as large as `buffer` and 65,535 bytes allow, to be cut by the link into
  /// segments of `offload` bytes of data. With checksum offload the sum of the pseudo-header stands in the place of the TCP
  /// checksum, for the link to complete.
  ///
  /// Connections take turns with each other, and all of them with answers and datagrams, packet by packet: a flood of one
  /// kind leaves half of the link to the other.
  @specialized(where Storage == ByteRing)
  public mutating func transmit(into buffer: inout MutableRawSpan) -> Transmission? {
    while true {
      if isRepliesTurn || sending.isEmpty, let packet = packets.popFirst() {
        isRepliesTurn = false
        guard packet.count <= buffer.byteCount else { continue }
        if loops(packet.span.bytes) { continue }
        buffer.copy(packet.span.bytes)
        return Transmission(length: packet.count)
      }
      isRepliesTurn = true
      guard let index = sending.popFirst() else {
        if packets.isEmpty { return nil }
        continue
      }
      streams[index].isQueued = false
      guard let transmission = transmit(index, into: &buffer) else {
        wheel.schedule(index.index, at: streams[index].connection.nextDeadline)
        retireIfDone(index)
        continue
      }
      // A connection that may have more to send takes turns with the others.
      settle(index)
      if loops(buffer.bytes.extracting(0..<transmission.length)) { continue }
      return transmission
    }
  }

  /// Writes the next segment of a connection.
  private mutating func transmit(_ index: StreamPlace, into buffer: inout MutableRawSpan) -> Transmission? {
    let isIPv4 = streams[index].remote.address.isIPv4
    let networkHeader = isIPv4 ? IPv4Header.minimumLength : IPv6Header.length
    let most = networkHeader + TCPHeader.maximumLength
    guard buffer.byteCount > most else { return nil }
    // What comes back to the host itself is never on the link.
    let isLocal = routes.isLocal(streams[index].remote.address)
    let leavesChecksum = configuration.checksumOffload && !isLocal
    let segments = isLocal ? 1 : segmentLimit(buffer: buffer.byteCount, headers: most)
    guard streams[index].connection.nextSegment(now: now, maximumSegments: segments, into: &plan) else { return nil }
    let count = Int(clamping: plan.payload.upperBound - plan.payload.lowerBound)
    let length = plan.header.length + count
    guard networkHeader + length <= min(buffer.byteCount, IPv4Header.maximumPacketLength) else { return nil }
    let trafficClass = streams[index].trafficClass & 0xFC | plan.codepoint.rawValue
    emitNetworkHeader(of: index, trafficClass: trafficClass, payloadLength: length, into: &buffer)
    let start = networkHeader + plan.header.emit(into: &buffer, at: networkHeader)
    streams[index].outgoing.read(from: plan.payload.lowerBound, count: count, into: &buffer, at: start)
    var sum = InternetChecksum(
      pseudoHeaderFrom: streams[index].local.address,
      to: streams[index].remote.address,
      protocolNumber: TCPHeader.protocolNumber,
      length: length
    )
    let field = networkHeader + TCPHeader.checksumOffset
    if leavesChecksum {
      buffer.store(sum.partial, at: field)
    } else {
      sum.add(buffer, in: networkHeader..<networkHeader + length)
      buffer.store(sum.checksum, at: field)
    }
    return Transmission(
      length: networkHeader + length,
      checksumStart: leavesChecksum ? networkHeader : nil,
      offload: count > plan.segmentSize ? plan.segmentSize : nil
    )
  }

  /// How many segments one packet of this connection may cover: as many as the link takes, the buffer has room for, and IP
  /// can say.
  private func segmentLimit(buffer: Int, headers: Int) -> Int {
    guard configuration.segmentationOffload > 1 else { return 1 }
    let room = min(buffer, IPv4Header.maximumPacketLength) - headers
    // No segment has more data than this.
    let size = max(Int(configuration.maximumTransmissionUnit) - IPv4Header.minimumLength - TCPHeader.minimumLength, 1)
    return max(1, min(configuration.segmentationOffload, room / size))
  }

  private mutating func emitNetworkHeader(
    of index: StreamPlace,
    trafficClass: UInt8,
    payloadLength: Int,
    into bytes: inout MutableRawSpan
  ) {
    switch (streams[index].local.address, streams[index].remote.address) {
    case (.v4(let source), .v4(let destination)):
      // It can't be fragmented, so there is nothing to identify (RFC 6864 section 4.1).
      let header = IPv4Header(
        trafficClass: trafficClass,
        identification: 0,
        dontFragment: true,
        timeToLive: streams[index].hopLimit,
        protocolNumber: TCPHeader.protocolNumber,
        source: source,
        destination: destination
      )
      header.emit(into: &bytes, payloadLength: payloadLength)
    case (let source, let destination):
      let header = IPv6Header(
        trafficClass: trafficClass,
        nextHeader: TCPHeader.protocolNumber,
        hopLimit: streams[index].hopLimit,
        source: source.asIPv6,
        destination: destination.asIPv6
      )
      header.emit(into: &bytes, payloadLength: payloadLength)
    }
  }

  /// Whether the packet was for this host itself and has been received by it.
  private mutating func loops(_ packet: RawSpan) -> Bool {
    guard let destination = Self.destination(of: packet), routes.isLocal(destination) else {
      statistics.packetsSent += 1
      return false
    }
    // The packet is copied, because what it causes may be written to the same buffer.
    let copy = packet.withUnsafeBytes { [UInt8](copying: $0) }
    receive(copy.span.bytes, isLooped: true, checksumsAreValid: true, segmentCount: 1)
    return true
  }

  private static func destination(of packet: RawSpan) -> IPAddress? {
    if let (header, _) = try? IPv4Header.parseQuoted(packet) { return .v4(header.destination) }
    if let (header, _) = try? IPv6Header.parseQuoted(packet) { return .v6(header.destination) }
    return nil
  }
}

/// A packet that was written for the link.
public struct Transmission: Equatable, Sendable {
  /// The packet's length in bytes.
  public var length: Int
  /// Where the TCP header starts whose checksum the link is to fill in; nil if there is nothing to fill in.
  public var checksumStart: Int?
  /// Bytes of data in each segment that the link is to cut it into; nil for a packet that is one segment.
  public var offload: Int?

  /// A packet of `length` bytes, whole unless said.
  public init(length: Int, checksumStart: Int? = nil, offload: Int? = nil) {
    self.length = length
    self.checksumStart = checksumStart
    self.offload = offload
  }
}

extension Host where Storage: ~Copyable {
  /// Sends `payload` in as many packets as the link's MTU asks for. Returns whether there was room for them.
  ///
  /// - Parameter mayFragment: whether routers may cut an IPv4 packet up; one that is larger than the MTU they may.
  @discardableResult
  mutating func send(
    _ payload: [UInt8],
    protocolNumber: UInt8,
    from source: IPAddress,
    to destination: IPAddress,
    hopLimit: UInt8 = 64,
    trafficClass: UInt8 = 0,
    mayFragment: Bool = true
  ) -> Bool {
    let mtu = Int(configuration.maximumTransmissionUnit)
    switch (source, destination) {
    case (.v4(let source), .v4(let destination)):
      let fits = payload.count <= mtu - IPv4Header.minimumLength
      let isWhole = fits && !mayFragment
      let header = IPv4Header(
        trafficClass: trafficClass,
        identification: isWhole
          ? 0
          : identifications.next(from: source, to: destination, protocolNumber: protocolNumber, using: &random),
        dontFragment: isWhole,
        timeToLive: hopLimit,
        protocolNumber: protocolNumber,
        source: source,
        destination: destination
      )
      let room = fits ? payload.count : (mtu - IPv4Header.minimumLength) & ~7
      return enqueue(payload, piece: room, headers: IPv4Header.minimumLength) { bytes, range in
        var part = header
        part.fragmentOffset = UInt16(truncatingIfNeeded: range.lowerBound)
        part.moreFragments = range.upperBound < payload.count
        part.emit(into: &bytes, payloadLength: range.count)
      }
    case (let source, let destination):
      let fits = payload.count <= mtu - IPv6Header.length
      let room = fits ? payload.count : (mtu - IPv6Header.length - IPv6FragmentHeader.length) & ~7
      let extra = fits ? 0 : IPv6FragmentHeader.length
      let identification = fits ? 0 : identifications.next(using: &random)
      let header = IPv6Header(
        trafficClass: trafficClass,
        nextHeader: fits ? protocolNumber : IPv6FragmentHeader.protocolNumber,
        hopLimit: hopLimit,
        source: source.asIPv6,
        destination: destination.asIPv6
      )
      return enqueue(payload, piece: room, headers: IPv6Header.length + extra) { bytes, range in
        header.emit(into: &bytes, payloadLength: extra + range.count)
        guard extra > 0 else { return }
        let fragment = IPv6FragmentHeader(
          nextHeader: protocolNumber,
          offset: UInt16(truncatingIfNeeded: range.lowerBound),
          moreFragments: range.upperBound < payload.count,
          identification: identification
        )
        fragment.emit(into: &bytes, at: IPv6Header.length)
      }
    }
  }

  /// Queues `payload` in pieces of at most `piece` bytes, each behind the headers that `emit` writes.
  private mutating func enqueue(
    _ payload: [UInt8],
    piece: Int,
    headers: Int,
    emit: (inout MutableRawSpan, Range<Int>) -> Void
  ) -> Bool {
    let pieces = payload.isEmpty ? 1 : (payload.count + piece - 1) / max(piece, 1)
    guard payload.count <= IPv4Header.maximumPacketLength, packets.hasRoom(payload.count + pieces * (headers + 64))
    else {
      statistics.packetsDropped += 1
      return false
    }
    for index in 0..<pieces {
      let range = index * piece..<min(payload.count, (index + 1) * piece)
      var packet = [UInt8](repeating: 0, count: headers + range.count)
      packet.withUnsafeMutableBytes { buffer in
        var bytes = buffer.mutableBytes
        emit(&bytes, range)
        UnsafeMutableRawBufferPointer(rebasing: buffer[headers...]).copyBytes(from: payload[range])
      }
      packets.append(packet)
    }
    return true
  }
}
