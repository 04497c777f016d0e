import SockeyeHost
import SockeyeTCP
import SockeyeWire

/// Two hosts that talk over a link of 10 milliseconds, in virtual time: nothing waits, and nothing reads a clock.
@main
struct TwoHosts {
  static func main() throws {
    var network = Network()
    let listener = network.server.makeSocket(.stream, .v4)
    try network.server.bind(listener, to: nil, port: 7)
    try network.server.listen(listener, backlog: 1)
    let client = network.client.makeSocket(.stream, .v4)
    try network.client.connect(client, to: Endpoint(Network.serverAddress, port: 7))

    let question = Array("Who is there?".utf8)
    var answer = ""
    while answer.isEmpty {
      network.step()
      while let ready = network.server.nextReady() {
        guard ready != listener else {
          _ = try network.server.accept(listener)
          continue
        }
        var heard: [UInt8] = []
        _ = try? network.server.read(from: ready) { bytes in
          heard = bytes.withUnsafeBytes { Array($0) }
          return bytes.byteCount
        }
        _ = try? network.server.write(heard.span.bytes, to: ready)
      }
      while let ready = network.client.nextReady() {
        _ = try? network.client.read(from: ready) { bytes in
          answer = bytes.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
          return bytes.byteCount
        }
        if answer.isEmpty { _ = try network.client.write(question.span.bytes, to: ready) }
      }
    }
    print("After \(network.now.nanoseconds / 1_000_000) ms of their time, the server had said: \(answer)")
  }
}

/// Both hosts, the packets between them, and the time.
struct Network: ~Copyable {
  static let serverAddress = IPAddress.v4(IPv4Address(192, 0, 2, 2))

  var client = Network.host(.v4(IPv4Address(192, 0, 2, 1)), seed: 1)
  var server = Network.host(Network.serverAddress, seed: 2)
  private(set) var now = Instant.zero
  /// In the order in which they arrive.
  private var underway: [(arrival: Instant, isForServer: Bool, packet: [UInt8])] = []

  private static func host(_ address: IPAddress, seed: UInt64) -> RingHost {
    var configuration = HostConfiguration(seed: seed)
    configuration.addresses = [InterfaceAddress(address, prefixLength: 24)]
    return RingHost(configuration: configuration, now: .zero)
  }

  /// Puts what the hosts have to send on the link, and goes on to when something is due: a packet's arrival or a timer.
  mutating func step() {
    send(isForServer: true)
    send(isForServer: false)
    now = min(underway.first?.arrival ?? .never, client.nextDeadline, server.nextDeadline)
    while let next = underway.first, next.arrival <= now {
      underway.removeFirst()
      if next.isForServer {
        server.receive(next.packet.span.bytes, at: now)
      } else {
        client.receive(next.packet.span.bytes, at: now)
      }
    }
    client.advance(to: now)
    server.advance(to: now)
  }

  private mutating func send(isForServer: Bool) {
    var packet = [UInt8](repeating: 0, count: 1_500)
    while true {
      var span = packet.mutableSpan
      var room = span.mutableBytes
      let sent = isForServer ? client.transmit(into: &room) : server.transmit(into: &room)
      guard let sent else { return }
      underway.append((now + .milliseconds(10), isForServer, Array(packet[..<sent.length])))
    }
  }
}
