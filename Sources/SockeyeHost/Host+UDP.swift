internal import SockeyeTCP
internal import SockeyeWire

/// Datagrams that arrive.
extension Host where Storage: ~Copyable {
  mutating func receiveUDP(_ packet: RawSpan, _ payload: Range<Int>, _ arrival: Arrival) {
    let datagram = packet.extracting(payload)
    guard let (header, data) = try? UDPHeader.parse(datagram) else {
      statistics.malformed += 1
      return
    }
    // Over IPv6 a datagram without a checksum is discarded (RFC 8200 section 8.1).
    guard header.hasChecksum || arrival.destination.isIPv4 else {
      statistics.malformed += 1
      return
    }
    let covered = payload.lowerBound..<payload.lowerBound + data.upperBound
    if header.hasChecksum {
      guard verifies(packet, covered, protocolNumber: UDPHeader.protocolNumber, arrival) else { return }
    }
    let local = Endpoint(arrival.destination, port: header.destinationPort)
    let remote = Endpoint(arrival.source, port: header.sourcePort)
    if arrival.isForMany {
      // RFC 1122 section 4.1.3.5: each socket that asked for the port gets a copy.
      for handle in datagramsByPort[local.port] ?? [] {
        guard let place = sockets.place(of: handle), isMatch(place, local, remote, isForMany: true) else { continue }
        enqueue(datagram.extracting(data), from: remote, hopLimit: arrival.hopLimit, at: place)
      }
      return
    }
    guard let place = datagramSocket(for: local, from: remote) else {
      if isStray(arrival) {
        let carrier = StrayMessage.Carrier.datagram(sourcePort: remote.port, destinationPort: local.port)
        enqueueStray(carrier, datagram.extracting(data), arrival)
        return
      }
      if arrival.destination.isIPv4 {
        reportError(ICMPv4Message.destinationUnreachable(.port, mtu: 0), about: packet, arrival)
      } else {
        reportError(ICMPv6Message.destinationUnreachable(.port), about: packet, arrival)
      }
      return
    }
    enqueue(datagram.extracting(data), from: remote, hopLimit: arrival.hopLimit, at: place)
  }

  /// Where the socket stands that fits best: connected to the very peer, then bound to the address, then any.
  private func datagramSocket(for local: Endpoint, from remote: Endpoint) -> SocketPlace? {
    var best: (place: SocketPlace, score: Int)?
    for handle in datagramsByPort[local.port] ?? [] {
      guard let place = sockets.place(of: handle), isMatch(place, local, remote, isForMany: false) else { continue }
      guard case .datagram(let queue) = sockets[place].role else { continue }
      let score =
        (queue.peer == nil ? 0 : 4) + (sockets[place].localAddress == nil ? 0 : 2)
        + (sockets[place].family == .v4 ? 1 : 0)
      if best == nil || score > best?.score ?? 0 { best = (place, score) }
    }
    return best?.place
  }

  private func isMatch(_ place: SocketPlace, _ local: Endpoint, _ remote: Endpoint, isForMany: Bool) -> Bool {
    guard case .datagram(let queue) = sockets[place].role else { return false }
    if let peer = queue.peer, peer != remote { return false }
    if let source = queue.source, source != local.address { return false }
    if isForMany { return sockets[place].localAddress == nil && sockets[place].accepts(local.address) }
    return sockets[place].accepts(local.address)
  }

  private mutating func enqueue(
    _ data: RawSpan,
    from source: Endpoint,
    hopLimit: UInt8,
    at place: SocketPlace
  ) {
    guard case .datagram(var queue) = sockets[place].role, !queue.shut.contains(.reading) else { return }
    let cost = data.byteCount + DatagramQueue.overhead
    guard queue.size + cost <= sockets[place].options.datagramQueueLimit else {
      statistics.datagramsDropped += 1
      return
    }
    // Out of its socket while it changes, so that the queue isn't copied.
    sockets[place].role = .idle
    queue.size += cost
    queue.waiting.append(
      DatagramQueue.Datagram(bytes: data.withUnsafeBytes { [UInt8](copying: $0) }, source: source, hopLimit: hopLimit)
    )
    sockets[place].role = .datagram(queue)
    changed.append(place)
  }

  /// ICMP says that nobody takes what a socket sent to `remote`: a socket connected there is told (RFC 1122 section
  /// 4.1.3.3).
  mutating func reportRefusal(from remote: Endpoint, to local: Endpoint) {
    for handle in datagramsByPort[local.port] ?? [] {
      guard let place = sockets.place(of: handle), case .datagram(var queue) = sockets[place].role else { continue }
      guard queue.peer == remote, sockets[place].accepts(local.address) else { continue }
      sockets[place].role = .idle
      queue.error = .refused
      sockets[place].role = .datagram(queue)
      changed.append(place)
    }
  }
}
