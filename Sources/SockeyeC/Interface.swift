internal import SockeyeHost
internal import SockeyeTCP
internal import SockeyeWire

// The functions of sockeye.h.

/// Makes a host, as the header says of `sockeye_host_create`.
@_cdecl("sockeye_host_create")
public func hostCreate(
  _ configuration: UnsafePointer<CChar>?,
  _ secret: UnsafeRawPointer?,
  _ secretLength: Int,
  _ now: UInt64,
  _ why: UnsafeMutablePointer<CChar>?,
  _ whyCapacity: Int
) -> UnsafeMutableRawPointer? {
  let room = UnsafeMutableBufferPointer(start: why, count: why == nil ? 0 : max(whyCapacity, 0))
  do throws(ConfigurationProblem) {
    let text = try ConfigurationText(configuration.map { String(cString: $0) } ?? "")
    let bytes = secret.map { UnsafeRawBufferPointer(start: $0, count: max(secretLength, 0)) }
    var parsed = text.configuration
    parsed.secret = try .choose(given: bytes, seed: text.seed)
    write("", to: room)
    return Unmanaged.passRetained(Library(parsed, now: Instant(microseconds: now))).toOpaque()
  } catch {
    write(error.text, to: room)
    return nil
  }
}

/// Writes as much of a line as fits, ended by a NUL.
private func write(_ text: String, to room: UnsafeMutableBufferPointer<CChar>) {
  guard !room.isEmpty else { return }
  var count = 0
  for byte in text.utf8.prefix(room.count - 1) {
    room[count] = CChar(bitPattern: byte)
    count += 1
  }
  room[count] = 0
}

/// Makes a host without saying why not, as the header says of `sockeye_host_new`.
@_cdecl("sockeye_host_new")
public func hostNew(_ configuration: UnsafePointer<CChar>?, _ now: UInt64) -> UnsafeMutableRawPointer? {
  hostCreate(configuration, nil, 0, now, nil, 0)
}

/// Ends a host, as the header says of `sockeye_host_free`.
@_cdecl("sockeye_host_free")
public func hostFree(_ host: UnsafeMutableRawPointer?) {
  guard let host else { return }
  Unmanaged<Library>.fromOpaque(host).release()
}

/// Takes a packet in, as the header says of `sockeye_input`.
@_cdecl("sockeye_input")
public func input(_ host: UnsafeMutableRawPointer?, _ packet: UnsafeRawPointer?, _ length: Int, _ now: UInt64) {
  _ = withLibrary(host) { library in
    let bytes = UnsafeRawBufferPointer(start: packet, count: packet == nil ? 0 : max(length, 0))
    // A packet beyond the MTU has come together from so many segments on the way.
    let mtu = Int(library.host.configuration.maximumTransmissionUnit)
    library.host.receive(
      bytes.bytes,
      segmentCount: max(1, (bytes.count + mtu - 1) / mtu),
      at: Instant(microseconds: now)
    )
    return 0
  }
}

/// Gives the next packet out, as the header says of `sockeye_output`.
@_cdecl("sockeye_output")
public func output(
  _ host: UnsafeMutableRawPointer?,
  _ buffer: UnsafeMutableRawPointer?,
  _ capacity: Int,
  _ emitted: UnsafeMutablePointer<UInt64>?
) -> Int {
  withLibrary(host) { library throws(SocketError) in
    guard let buffer, capacity > 0 else { throw .invalid }
    var room = UnsafeMutableRawBufferPointer(start: buffer, count: capacity).mutableBytes
    guard let transmission = library.host.transmit(into: &room) else { return 0 }
    emitted?.pointee = library.host.now.microsecondsRoundedUp
    return transmission.length
  }
}

/// Tells when the host has something to do, as the header says of `sockeye_next_deadline`.
@_cdecl("sockeye_next_deadline")
public func nextDeadline(_ host: UnsafeMutableRawPointer?) -> UInt64 {
  guard let host else { return .max }
  let deadline = Unmanaged<Library>.fromOpaque(host).takeUnretainedValue().host.nextDeadline
  return deadline == .never ? .max : deadline.microsecondsRoundedUp
}

/// Lets time pass, as the header says of `sockeye_advance`.
@_cdecl("sockeye_advance")
public func advance(_ host: UnsafeMutableRawPointer?, _ now: UInt64) {
  _ = withLibrary(host) { library in
    library.host.advance(to: Instant(microseconds: now))
    return 0
  }
}

/// Checks all that the parts of a host must agree on, between calls; a mistake traps. It looks at everything, and is for
/// simulations and fuzzers: `sockeye.h` has no such call.
public func checkInvariants(_ host: UnsafeMutableRawPointer) {
  Unmanaged<Library>.fromOpaque(host).takeUnretainedValue().host.checkInvariants()
}

/// Makes a socket, as the header says of `sockeye_socket`.
@_cdecl("sockeye_socket")
public func socket(_ host: UnsafeMutableRawPointer?, _ domain: Int32, _ type: Int32, _ number: Int32) -> Int32 {
  guard domain == SocketAddress.internet || domain == SocketAddress.internet6 else { return -Errno.familyNotSupported }
  let kind: SocketKind
  // SOCK_NONBLOCK and SOCK_CLOEXEC may be there; all sockets are so.
  switch (type & 0xF, number) {
  case (1, 0), (1, Int32(TCPHeader.protocolNumber)): kind = .stream
  case (2, 0), (2, Int32(UDPHeader.protocolNumber)): kind = .datagram
  case (1, _), (2, _): return -Errno.protocolNotSupported
  default: return -Errno.typeNotSupported
  }
  let family: AddressFamily = domain == SocketAddress.internet ? .v4 : .v6
  return Int32(clamping: withLibrary(host) { Int($0.add($0.host.makeSocket(kind, family))) })
}

/// Gives a socket its address, as the header says of `sockeye_bind`.
@_cdecl("sockeye_bind")
public func bind(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ address: UnsafeRawPointer?,
  _ length: UInt32
) -> Int32 {
  call(host) { library throws(SocketError) in
    let endpoint = try SocketAddress.read(address, length)
    try library.host.bind(library.handle(s), to: endpoint.address, port: endpoint.port)
  }
}

/// Makes a socket listen, as the header says of `sockeye_listen`.
@_cdecl("sockeye_listen")
public func listen(_ host: UnsafeMutableRawPointer?, _ s: Int32, _ backlog: Int32) -> Int32 {
  call(host) { library throws(SocketError) in
    // Linux reads a negative backlog as the largest.
    try library.host.listen(library.handle(s), backlog: backlog < 0 ? Int.max : Int(backlog))
  }
}

/// Takes a connection that waits, as the header says of `sockeye_accept`.
@_cdecl("sockeye_accept")
public func accept(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ address: UnsafeMutableRawPointer?,
  _ length: UnsafeMutablePointer<UInt32>?
) -> Int32 {
  Int32(
    clamping: withLibrary(host) { library throws(SocketError) in
      let accepted = try library.host.accept(library.handle(s))
      SocketAddress.write(
        try library.host.remoteEndpoint(of: accepted),
        family: try library.host.family(of: accepted),
        to: address,
        length
      )
      return Int(library.add(accepted))
    }
  )
}

/// Begins a connection, as the header says of `sockeye_connect`.
@_cdecl("sockeye_connect")
public func connect(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ address: UnsafeRawPointer?,
  _ length: UInt32
) -> Int32 {
  Int32(
    clamping: withLibrary(host) { library throws(SocketError) in
      // AF_UNSPEC dissolves the association of a datagram socket.
      let isUnspecified = length >= 2 && address?.loadUnaligned(as: UInt16.self) == 0
      let endpoint =
        isUnspecified ? Endpoint(.v4(.unspecified), port: 0) : try SocketAddress.read(address, length)
      switch try library.connect(s, to: endpoint) {
      case .connected: return 0
      case .inProgress: return -Int(Errno.inProgress)
      }
    }
  )
}

/// Writes to a connection or sends a datagram, as the header says of `sockeye_sendto`.
@_cdecl("sockeye_sendto")
public func sendto(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ data: UnsafeRawPointer?,
  _ count: Int,
  _ flags: Int32,
  _ address: UnsafeRawPointer?,
  _ length: UInt32
) -> Int {
  guard data != nil || count <= 0 else { return -Int(Errno.fault) }
  return withLibrary(host) { library throws(SocketError) in
    let handle = try library.handle(s)
    guard count >= 0, flags & MessageFlag.outOfBand == 0 else { throw .invalid }
    let bytes = UnsafeRawBufferPointer(start: data, count: count)
    if try library.host.kind(of: handle) == .datagram {
      let destination = address == nil ? nil : try SocketAddress.read(address, length)
      try library.host.send(bytes.bytes, to: destination, from: handle)
      return count
    }
    return try library.host.write(bytes.bytes, pushes: flags & MessageFlag.more == 0, to: handle)
  }
}

/// Reads from a connection or receives a datagram, as the header says of `sockeye_recvfrom`.
@_cdecl("sockeye_recvfrom")
public func recvfrom(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ data: UnsafeMutableRawPointer?,
  _ count: Int,
  _ flags: Int32,
  _ address: UnsafeMutableRawPointer?,
  _ length: UnsafeMutablePointer<UInt32>?
) -> Int {
  guard data != nil || count <= 0 else { return -Int(Errno.fault) }
  return withLibrary(host) { library throws(SocketError) in
    let handle = try library.handle(s)
    guard count >= 0, flags & MessageFlag.outOfBand == 0 else { throw .invalid }
    var room = UnsafeMutableRawBufferPointer(start: data, count: count).mutableBytes
    let peeks = flags & MessageFlag.peek != 0
    guard try library.host.kind(of: handle) == .datagram else {
      length?.pointee = 0
      return try library.host.read(into: &room, peeks: peeks, from: handle)
    }
    let received = try library.host.receiveDatagram(into: &room, peeks: peeks, from: handle)
    SocketAddress.write(received.source, family: try library.host.family(of: handle), to: address, length)
    return flags & MessageFlag.truncate == 0 ? min(received.length, count) : received.length
  }
}

/// Flags of send and recv, as on Linux. Others are about blocking and signals, which there are none of.
private enum MessageFlag {
  static let outOfBand: Int32 = 0x1
  static let peek: Int32 = 0x2
  static let truncate: Int32 = 0x20
  static let more: Int32 = 0x8000
}

/// Ends one direction, or both, as the header says of `sockeye_shutdown`.
@_cdecl("sockeye_shutdown")
public func shutdown(_ host: UnsafeMutableRawPointer?, _ s: Int32, _ how: Int32) -> Int32 {
  call(host) { library throws(SocketError) in
    let handle = try library.handle(s)
    switch how {
    case 0: try library.host.shutdown(handle, .reading)
    case 1: try library.host.shutdown(handle, .writing)
    case 2: try library.host.shutdown(handle, .both)
    default: throw .invalid
    }
  }
}

/// Gives a socket up, as the header says of `sockeye_close`.
@_cdecl("sockeye_close")
public func close(_ host: UnsafeMutableRawPointer?, _ s: Int32) -> Int32 {
  call(host) { library throws(SocketError) in try library.close(s) }
}

/// Tells how many bytes wait, as the header says of `sockeye_ioctl`.
@_cdecl("sockeye_ioctl")
public func ioctl(
  _ host: UnsafeMutableRawPointer?,
  _ s: Int32,
  _ request: UInt,
  _ argument: UnsafeMutablePointer<Int32>?
) -> Int32 {
  call(host) { library throws(SocketError) in
    let handle = try library.handle(s)
    guard let argument else { throw .invalid }
    switch request {
    case 0x541B: argument.pointee = Int32(clamping: try library.host.queuedCounts(of: handle).readable)
    case 0x5411: argument.pointee = Int32(clamping: try library.host.queuedCounts(of: handle).unacknowledged)
    default: throw .invalid
    }
  }
}

/// Tells what a socket is ready for, as the header says of `sockeye_poll`.
@_cdecl("sockeye_poll")
public func poll(_ host: UnsafeMutableRawPointer?, _ s: Int32) -> Int32 {
  Int32(
    clamping: withLibrary(host) { library throws(SocketError) in
      let ready = try library.host.readiness(of: library.handle(s))
      var events = 0
      if ready.contains(.readable) { events |= 0x1 }
      if ready.contains(.writable) { events |= 0x4 }
      if ready.contains(.failed) { events |= 0x8 }
      if ready.contains(.hungUp) { events |= 0x10 }
      if ready.contains(.peerClosed) { events |= 0x2000 }
      return events
    }
  )
}

/// A call that answers zero or a negative error number.
func call(_ host: UnsafeMutableRawPointer?, _ body: (Library) throws(SocketError) -> Void) -> Int32 {
  Int32(
    clamping: withLibrary(host) { library throws(SocketError) in
      try body(library)
      return 0
    }
  )
}
