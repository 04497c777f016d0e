internal import SockeyeTCP
internal import SockeyeWire

/// What applications do with datagram sockets.
extension Host where Storage: ~Copyable {
  /// Sends a datagram.
  ///
  /// - Parameters:
  ///   - data: its bytes, 0 to 65,507 over IPv4 and 65,527 over IPv6.
  ///   - destination: whom it is for; nil for the peer that the socket is connected to.
  ///   - hopLimit: IPv4's time to live or IPv6's hop limit; nil for the socket's.
  ///   - handle: the datagram socket that it comes from.
  /// - Throws: `SocketError`; an error that ICMP reported of an earlier datagram is told once.
  @specialized(where Storage == ByteRing)
  public mutating func send(
    _ data: RawSpan,
    to destination: Endpoint?,
    hopLimit: UInt8? = nil,
    from handle: Handle
  ) throws(SocketError) {
    let place = try place(of: handle)
    guard case .datagram(let queue) = sockets[place].role else { throw .notSupported }
    if let error = takeDatagramError(at: place) { throw error }
    guard !queue.shut.contains(.writing) else { throw .closed }
    guard let remote = destination.map({ Endpoint($0.address.unmapped, port: $0.port) }) ?? queue.peer else {
      throw .noDestination
    }
    guard remote.port != 0 else { throw .invalid }
    let source = try source(of: place, for: remote.address)
    if sockets[place].localPort == 0 { try bindDatagram(place, port: 0) }
    let limit = UDPHeader.maximumDatagramLength - UDPHeader.length - (remote.address.isIPv4 ? 20 : 0)
    guard data.byteCount <= limit else { throw .tooLong }
    let bytes = Self.datagram(data, from: Endpoint(source, port: sockets[place].localPort), to: remote)
    let wasSent = send(
      bytes,
      protocolNumber: UDPHeader.protocolNumber,
      from: source,
      to: remote.address,
      hopLimit: hopLimit ?? sockets[place].options.hopLimit,
      trafficClass: sockets[place].options.trafficClass
    )
    // What an empty queue has no room for never has any: who waited for it would wait for ever.
    guard wasSent else { throw packets.isEmpty ? .tooLong : .wouldBlock }
  }

  /// A datagram with its header and checksum, which IP can carry.
  static func datagram(_ data: RawSpan, from source: Endpoint, to destination: Endpoint) -> [UInt8] {
    let header = UDPHeader(sourcePort: source.port, destinationPort: destination.port)
    var bytes = [UInt8](repeating: 0, count: UDPHeader.length + data.byteCount)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      header.emit(into: &span, payloadLength: data.byteCount)
      data.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: buffer[UDPHeader.length...]).copyMemory(from: $0) }
      var sum = InternetChecksum(
        pseudoHeaderFrom: source.address,
        to: destination.address,
        protocolNumber: UDPHeader.protocolNumber,
        length: buffer.count
      )
      sum.add(span, in: 0..<buffer.count)
      buffer.storeBytes(of: sum.udpChecksum.bigEndian, toByteOffset: UDPHeader.checksumOffset, as: UInt16.self)
    }
    return bytes
  }

  /// Copies the datagram that has waited longest into `buffer`, as much as fits, and takes it out unless `peeks`.
  ///
  /// - Returns: the datagram's whole length, which may be more than was copied, and who sent it.
  /// - Throws: `SocketError`; an error that ICMP reported is told once.
  @specialized(where Storage == ByteRing)
  public mutating func receiveDatagram(
    into buffer: inout MutableRawSpan,
    peeks: Bool = false,
    from handle: Handle
  ) throws(SocketError) -> (length: Int, source: Endpoint) {
    let place = try place(of: handle)
    guard case .datagram(var queue) = sockets[place].role else { throw .notSupported }
    if let error = takeDatagramError(at: place) { throw error }
    guard let datagram = queue.waiting.front else { throw .wouldBlock }
    buffer.copy(datagram.bytes.span.bytes)
    if !peeks {
      sockets[place].role = .idle
      _ = queue.waiting.popFirst()
      queue.size -= datagram.bytes.count + DatagramQueue.overhead
      sockets[place].role = .datagram(queue)
    }
    return (datagram.bytes.count, datagram.source)
  }

  /// What was left of the hop limit of the datagram that has waited longest; nil if there is none. Whoever answers every
  /// datagram answers with less: two that answer each other then come to an end, as a packet in a loop of routers does.
  ///
  /// - Throws: `SocketError`.
  public func hopLimitOfNextDatagram(at handle: Handle) throws(SocketError) -> UInt8? {
    guard case .datagram(let queue) = sockets[try place(of: handle)].role else { throw .notSupported }
    return queue.waiting.front?.hopLimit
  }

  private mutating func takeDatagramError(at place: SocketPlace) -> SocketError? {
    guard case .datagram(var queue) = sockets[place].role, let error = queue.error else { return nil }
    sockets[place].role = .idle
    queue.error = nil
    sockets[place].role = .datagram(queue)
    return error
  }

  /// The address that a socket sends from to `destination`.
  func source(of place: SocketPlace, for destination: IPAddress) throws(SocketError) -> IPAddress {
    guard sockets[place].accepts(destination) || sockets[place].localAddress != nil else { throw .addressFamily }
    guard let source = routes.source(for: destination) else { throw .unreachable }
    guard let own = sockets[place].localAddress else { return source }
    guard own.isIPv4 == destination.isIPv4 else { throw .addressFamily }
    return own
  }

  /// Gives a datagram socket its port, any free one for 0.
  mutating func bindDatagram(_ place: SocketPlace, port: UInt16) throws(SocketError) {
    let handle = sockets.handle(at: place)
    var chosen = port
    if port == 0 {
      let start = random.next()
      let range = ephemeralPorts.range
      let count = UInt64(range.count)
      let free = (0..<count).first { datagramsByPort[UInt16(UInt64(range.lowerBound) + (start &+ $0) % count)] == nil }
      guard let free else { throw .addressInUse }
      chosen = UInt16(UInt64(range.lowerBound) + (start &+ free) % count)
    } else if !sockets[place].options.reusesAddress {
      for other in datagramsByPort[port] ?? [] {
        guard let index = sockets.place(of: other) else { continue }
        let own = sockets[place]
        if sockets[index].overlaps(own.localAddress, family: own.family, isIPv6Only: own.options.isIPv6Only) {
          throw .addressInUse
        }
      }
    }
    sockets[place].localPort = chosen
    datagramsByPort[chosen, default: []].append(handle)
  }
}
