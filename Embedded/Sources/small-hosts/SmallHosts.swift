import SockeyeHost
import SockeyeTCP
import SockeyeWire

/// Two hosts with small buffers, and a wire of a millisecond between them that loses every fiftieth packet.
struct SmallHosts: ~Copyable {
  enum Failure: Error {
    case refused
    case altered
    case stuck
  }

  private static let port: UInt16 = 7
  private static let packetLength = 576

  private var client: RingHost
  private var server: RingHost
  private let listener: Handle
  private var now = Instant.zero
  private var packetCount = 0
  private let packet = UnsafeMutableRawBufferPointer.allocate(byteCount: packetLength, alignment: 16)
  private let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)

  init() throws(Failure) {
    client = RingHost(configuration: Self.configuration(address: 1), now: .zero)
    server = RingHost(configuration: Self.configuration(address: 2), now: .zero)
    listener = server.makeSocket(.stream, .v4)
    do throws(SocketError) {
      try server.bind(listener, to: nil, port: Self.port)
      try server.listen(listener, backlog: 8)
    } catch {
      throw .refused
    }
  }

  deinit {
    packet.deallocate()
    piece.deallocate()
  }

  private static func address(_ number: UInt8) -> IPAddress { .v4(IPv4Address(10, 0, 0, number)) }

  private static func configuration(address number: UInt8) -> HostConfiguration {
    var configuration = HostConfiguration(seed: UInt64(number))
    configuration.addresses = [InterfaceAddress(address(number), prefixLength: 24)]
    configuration.maximumTransmissionUnit = UInt16(packetLength)
    configuration.connection.initialReceiveWindow = 4096
    configuration.connection.receiveBuffer = 4096
    configuration.connection.maximumReceiveBuffer = 4096
    configuration.connection.sendBuffer = 4096
    configuration.connection.autotune = false
    configuration.connection.maximumOutOfOrderRanges = 8
    configuration.packetQueueLimit = 8192
    configuration.datagramQueueLimit = 4096
    configuration.fragmentLimit = 8192
    configuration.timeWaitLimit = 32
    configuration.peerLimit = 16
    return configuration
  }

  /// Sends `length` bytes over each of `count` connections at once.
  mutating func transfer(_ length: Int, connections count: Int) throws(Failure) {
    var senders: [Handle] = []
    for _ in 0..<count { senders.append(try connect()) }
    var receivers: [Handle] = []
    var sent = [Int](repeating: 0, count: count)
    var received: [Int] = []
    // An hour, in which each retransmission timer would have run out for good.
    for _ in 0..<3_600_000 {
      step()
      while let socket = try? server.accept(listener) {
        receivers.append(socket)
        received.append(0)
      }
      for index in 0..<count { sent[index] += send(from: sent[index], to: length, over: senders[index]) }
      for index in 0..<receivers.count { received[index] += try receive(at: received[index], from: receivers[index]) }
      guard received.count < count || !received.allSatisfy({ $0 == length }) else {
        for socket in senders { try? client.close(socket) }
        for socket in receivers { try? server.close(socket) }
        return
      }
    }
    throw .stuck
  }

  private mutating func connect() throws(Failure) -> Handle {
    let socket = client.makeSocket(.stream, .v4)
    do throws(SocketError) {
      try client.connect(socket, to: Endpoint(Self.address(2), port: Self.port))
    } catch {
      throw .refused
    }
    return socket
  }

  private static func byte(_ position: Int) -> UInt8 { UInt8(truncatingIfNeeded: position &* 31 >> 3) }

  private mutating func send(from start: Int, to end: Int, over socket: Handle) -> Int {
    let count = min(piece.count, end - start)
    guard count > 0 else { return 0 }
    for index in 0..<count { piece[index] = Self.byte(start + index) }
    return (try? client.write(UnsafeRawBufferPointer(rebasing: piece[..<count]).bytes, to: socket)) ?? 0
  }

  private mutating func receive(at start: Int, from socket: Handle) throws(Failure) -> Int {
    var room = piece.mutableBytes
    let count = (try? server.read(into: &room, from: socket)) ?? 0
    for index in 0..<count where piece[index] != Self.byte(start + index) { throw .altered }
    return count
  }

  private mutating func step() {
    var room = packet.mutableBytes
    while let transmission = client.transmit(into: &room) {
      guard !isLost() else { continue }
      server.receive(room.bytes.extracting(0..<transmission.length), at: now)
    }
    while let transmission = server.transmit(into: &room) {
      guard !isLost() else { continue }
      client.receive(room.bytes.extracting(0..<transmission.length), at: now)
    }
    now = now + .milliseconds(1)
    client.advance(to: now)
    server.advance(to: now)
  }

  private mutating func isLost() -> Bool {
    packetCount += 1
    return packetCount.isMultiple(of: 50)
  }
}
