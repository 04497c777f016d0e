internal import SockeyeHost
internal import SockeyeSimulator
internal import SockeyeTCP
internal import SockeyeWire

/// Two hosts, each with the whole stack, on a network in virtual time, for what takes more than a connection: listeners with
/// their queues, datagrams, ICMP.
///
/// A scenario does something at a host, and lets time pass by `run`. Every packet is written down.
struct HostNetwork: ~Copyable {
  /// The client's address; the server's is the next. Packets for any other go nowhere.
  static let clientAddress = IPAddress.v4(IPv4Address(10, 0, 0, 1))
  static let serverAddress = IPAddress.v4(IPv4Address(10, 0, 0, 2))

  /// A packet on its way.
  private struct Passage {
    var number: UInt64
    var arrival: Instant
    var to: End
    var bytes: [UInt8]
  }

  var client: RingHost
  var server: RingHost
  private(set) var now = Instant.zero
  /// Packets that the network loses, by their number.
  var lost: Set<UInt64> = []
  /// What is written down.
  private(set) var recorder: PacketRecorder
  private let delay: Interval
  private var underWay: [Passage] = []
  private var count: UInt64 = 0
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)

  /// A network whose packets take `delay` each way.
  init(seed: UInt64, delay: Interval, capture: PacketCapture?) {
    self.delay = delay
    recorder = PacketRecorder(capture: capture)
    client = Self.host(Self.clientAddress, seed: seed)
    server = Self.host(Self.serverAddress, seed: seed &+ 1)
  }

  private static func host(_ address: IPAddress, seed: UInt64) -> RingHost {
    var configuration = HostConfiguration(seed: seed)
    configuration.addresses = [InterfaceAddress(address, prefixLength: 24)]
    configuration.gateway4 = IPv4Address(10, 0, 0, 254)
    return RingHost(configuration: configuration, now: .zero)
  }

  /// Lets time pass, and whatever happens in it happen.
  mutating func run(until end: Instant) {
    while true {
      transmit()
      let next = min(underWay.first?.arrival ?? .never, min(client.nextDeadline, server.nextDeadline))
      guard next <= end, next < .never else { break }
      now = max(now, next)
      deliver()
      client.advance(to: now)
      server.advance(to: now)
      noteStates()
    }
    now = max(now, end)
    client.advance(to: now)
    server.advance(to: now)
  }

  /// Sends a packet to the server that nobody knows the sender of.
  mutating func forge(_ header: TCPHeader, from source: IPAddress) {
    let envelope = IPEnvelope(from: source, to: Self.serverAddress)
    var bytes = [UInt8](repeating: 0, count: envelope.headerLength + header.length)
    bytes.withUnsafeMutableBytes { buffer in
      var span = buffer.mutableBytes
      envelope.emit(header, payload: RawSpan(), into: &span)
    }
    send(bytes, from: .first)
  }

  private mutating func transmit() {
    noteStates()
    while let bytes = Self.next(of: &client, into: &buffer) { send(bytes, from: .first) }
    while let bytes = Self.next(of: &server, into: &buffer) { send(bytes, from: .second) }
    noteStates()
  }

  private static func next(of host: inout RingHost, into buffer: inout [UInt8]) -> [UInt8]? {
    let length = buffer.withUnsafeMutableBytes { buffer in
      var room = buffer.mutableBytes
      return host.transmit(into: &room)?.length
    }
    return length.map { Array(buffer[..<$0]) }
  }

  private mutating func send(_ bytes: [UInt8], from end: End) {
    count += 1
    let isLost = lost.contains(count)
    recorder.sent(bytes, number: count, from: end, fate: isLost ? .lost : .delivered, at: now)
    guard !isLost else { return }
    underWay.append(Passage(number: count, arrival: now + delay, to: end.other, bytes: bytes))
  }

  private mutating func deliver() {
    while let passage = underWay.first, passage.arrival <= now {
      underWay.removeFirst()
      let destination = (try? IPv4Header.parse(passage.bytes.span.bytes)).map { IPAddress.v4($0.header.destination) }
      guard destination == (passage.to == .first ? Self.clientAddress : Self.serverAddress) else { continue }
      recorder.received(passage.number, at: passage.to, time: now)
      if passage.to == .first {
        client.receive(passage.bytes.span.bytes, at: now)
      } else {
        server.receive(passage.bytes.span.bytes, at: now)
      }
      noteStates()
    }
  }

  /// The states of the connection between the two hosts, as each of them sees it.
  private mutating func noteStates() {
    var states: (first: ConnectionState.Name?, second: ConnectionState.Name?) = (nil, nil)
    client.forEachConnection { if $0.remote.address == Self.serverAddress { states.first = $0.metrics.state.name } }
    server.forEachConnection { if $0.remote.address == Self.clientAddress { states.second = $0.metrics.state.name } }
    recorder.note(states, at: now)
  }
}
