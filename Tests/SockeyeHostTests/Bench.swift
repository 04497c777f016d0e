import SockeyeTCP
import SockeyeWire

@testable import SockeyeHost

/// A host at 10.0.0.1 and fd00::1, and tests in the place of its link.
final class Bench {
  static let own4 = IPAddress.v4(IPv4Address(10, 0, 0, 1))
  static let peer4 = IPAddress.v4(IPv4Address(10, 0, 0, 2))
  static let own6 = IPAddress.v6(IPv6Address(high: 0xFD00 << 48, low: 1))
  static let peer6 = IPAddress.v6(IPv6Address(high: 0xFD00 << 48, low: 2))

  var host: RingHost
  var now = Instant.zero

  init(_ change: (inout HostConfiguration) -> Void = { _ in }) {
    var configuration = HostConfiguration(seed: 7)
    configuration.addresses = [
      InterfaceAddress(Self.own4, prefixLength: 24), InterfaceAddress(Self.own6, prefixLength: 64),
    ]
    change(&configuration)
    host = RingHost(configuration: configuration, now: .zero)
  }

  func give(_ packet: [UInt8]) {
    host.receive(packet.span.bytes, at: now)
  }

  /// What the host sends.
  func take(atMost limit: Int = .max) -> [[UInt8]] {
    var packets: [[UInt8]] = []
    var buffer = [UInt8](repeating: 0, count: 65_535)
    while packets.count < limit, let transmission = transmit(into: &buffer) {
      packets.append(Array(buffer[..<transmission.length]))
    }
    return packets
  }

  /// The next packet that the host sends.
  func transmit(into buffer: inout [UInt8]) -> Transmission? {
    buffer.withUnsafeMutableBytes { buffer in
      var room = buffer.mutableBytes
      return host.transmit(into: &room)
    }
  }

  func write(_ bytes: [UInt8], to socket: Handle) throws -> Int {
    try host.write(bytes.span.bytes, to: socket)
  }

  /// What can be read, `count` bytes at most.
  func read(_ count: Int = 65_536, peeks: Bool = false, from socket: Handle) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, count in
      var room = UnsafeMutableRawBufferPointer(buffer).mutableBytes
      count = try host.read(into: &room, peeks: peeks, from: socket)
    }
  }

  /// The TCP segments that the host sends.
  func takeSegments() -> [TCPHeader] {
    take().compactMap { Self.segment($0)?.header }
  }

  static func segment(_ packet: [UInt8]) -> (header: TCPHeader, payload: [UInt8])? {
    guard let transport = transport(packet) else { return nil }
    guard let (header, payload) = try? TCPHeader.parse(transport.span.bytes) else { return nil }
    return (header, Array(transport[payload]))
  }

  static func transport(_ packet: [UInt8]) -> [UInt8]? {
    if let (_, payload) = try? IPv4Header.parse(packet.span.bytes) { return Array(packet[payload]) }
    if let (_, payload) = try? IPv6Header.parse(packet.span.bytes) { return Array(packet[payload]) }
    return nil
  }

  /// A segment from the peer.
  static func packet(
    _ header: TCPHeader,
    _ data: [UInt8] = [],
    from source: IPAddress = peer4,
    to destination: IPAddress = own4
  ) -> [UInt8] {
    let envelope = IPEnvelope(from: source, to: destination)
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + header.length + data.count)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      envelope.emit(header, payload: data.span.bytes, into: &span)
    }
    return bytes
  }

  /// A datagram from the peer.
  static func datagram(
    _ data: [UInt8],
    sourcePort: UInt16 = 1000,
    port: UInt16,
    from source: IPAddress = peer4,
    to destination: IPAddress = own4
  ) -> [UInt8] {
    let envelope = IPEnvelope(from: source, to: destination)
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + UDPHeader.length + data.count)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      let header = UDPHeader(sourcePort: sourcePort, destinationPort: port)
      envelope.emit(header, payload: data.span.bytes, into: &span)
    }
    return bytes
  }

  /// A packet of any protocol.
  static func packet(
    protocolNumber: UInt8,
    _ payload: [UInt8],
    from source: IPAddress = peer4,
    to destination: IPAddress = own4
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (source.isIPv4 ? 20 : 40) + payload.count)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      if case .v4(let source) = source, case .v4(let destination) = destination {
        IPv4Header(protocolNumber: protocolNumber, source: source, destination: destination)
          .emit(into: &span, payloadLength: payload.count)
      } else {
        IPv6Header(nextHeader: protocolNumber, source: source.asIPv6, destination: destination.asIPv6)
          .emit(into: &span, payloadLength: payload.count)
      }
    }
    bytes.replaceSubrange(bytes.count - payload.count..<bytes.count, with: payload)
    return bytes
  }

  /// A fragment of a UDP datagram, or of a packet of another protocol, from the peer.
  static func fragment(
    _ data: [UInt8],
    at offset: Int,
    _ identification: UInt16,
    isLast: Bool = false,
    protocolNumber: UInt8 = 17
  ) -> [UInt8] {
    let header = IPv4Header(
      identification: identification,
      dontFragment: false,
      moreFragments: !isLast,
      fragmentOffset: UInt16(offset),
      protocolNumber: protocolNumber,
      source: IPv4Address(10, 0, 0, 2),
      destination: IPv4Address(10, 0, 0, 1)
    )
    var packet = [UInt8](repeating: 0, count: 20)
    packet.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      header.emit(into: &span, payloadLength: data.count)
    }
    return packet + data
  }

  /// An ICMP message from the peer.
  static func icmp(_ message: ICMPv4Message, _ payload: [UInt8]) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8 + payload.count)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      message.emit(into: &span, payload: payload.span.bytes)
    }
    return packet(protocolNumber: ICMPv4Message.protocolNumber, bytes)
  }

  /// A listener on `port`.
  func listener(port: UInt16 = 80, backlog: Int = 8) throws -> Handle {
    let handle = host.makeSocket(.stream, .v4)
    try host.bind(handle, to: nil, port: port)
    try host.listen(handle, backlog: backlog)
    return handle
  }

  /// Plays the peer's part of a handshake with a listener: the next sequence number of each side.
  func handshake(
    from port: UInt16 = 2000,
    to own: UInt16 = 80,
    of source: IPAddress = peer4,
    hasSelectiveAcknowledgment: Bool = false
  ) -> (peer: UInt32, host: UInt32)? {
    var syn = TCPHeader(sourcePort: port, destinationPort: own, sequenceNumber: 100, flags: .syn, window: 65_535)
    syn.options.sackPermitted = hasSelectiveAcknowledgment
    give(Self.packet(syn, from: source))
    guard let answer = takeSegments().first, answer.flags.contains([.syn, .ack]) else { return nil }
    let next = answer.sequenceNumber &+ 1
    give(Self.packet(segment(from: port, to: own, 101, next, .ack), from: source))
    return (101, next)
  }

  func segment(
    from port: UInt16 = 2000,
    to own: UInt16 = 80,
    _ sequence: UInt32,
    _ acknowledgment: UInt32,
    _ flags: TCPFlags
  ) -> TCPHeader {
    TCPHeader(
      sourcePort: port,
      destinationPort: own,
      sequenceNumber: sequence,
      acknowledgmentNumber: acknowledgment,
      flags: flags,
      window: 65_535
    )
  }
}
