import Glibc
import SockeyeSimulator

/// A flow of datagrams between the two hosts, each given back by the one that gets it.
final class HostDatagrams {
  /// Datagrams that came back.
  private(set) var echoCount = 0

  private let plan: DatagramPlan
  private let network: HostNetwork
  private let pattern: StreamPattern
  private let port: UInt16
  private let client: HostSocket
  private let server: HostSocket?
  private var sent = 0
  private var nextAt: UInt64

  init(_ plan: DatagramPlan, port: UInt16, seed: UInt64, on network: HostNetwork) throws {
    self.plan = plan
    self.network = network
    self.port = port
    pattern = StreamPattern(seed: seed)
    nextAt = network.now
    client = try HostSocket(network.hosts[plan.client], isIPv6: plan.isIPv6, isStream: false)
    let result = client.connect(to: 1 - plan.client, port: port, isIPv6: plan.isIPv6)
    guard result == 0 else { throw HostFailure("sockeye_connect of datagrams: \(result)") }
    if plan.isToNobody {
      server = nil
    } else {
      let server = try HostSocket(network.hosts[1 - plan.client], isIPv6: plan.isIPv6, isStream: false)
      try server.bind(port: port, isIPv6: plan.isIPv6)
      self.server = server
    }
  }

  /// When the next datagram is due.
  var wake: UInt64? { sent < plan.sizes.count ? max(nextAt, network.now + 1) : nil }

  /// Sends what is due, and looks at what has come.
  func act() throws {
    while sent < plan.sizes.count, nextAt <= network.now {
      let bytes = datagram(sent)
      let result = bytes.withUnsafeBytes { client.send($0) }
      // A refusal that came meanwhile is told once, a full queue too.
      let isRefusal = plan.isToNobody && result == -Int(ECONNREFUSED)
      guard result == bytes.count || isRefusal || result == -Int(EAGAIN) else {
        throw HostFailure("a datagram of \(bytes.count) bytes: \(result)")
      }
      sent += 1
      nextAt = network.now + plan.interval + 1
    }
    if let server { try take(from: server) { bytes, source in try answer(server, bytes, to: source) } }
    try take(from: client) { _, _ in echoCount += 1 }
  }

  private func answer(_ server: HostSocket, _ bytes: UnsafeRawBufferPointer, to source: HostAddress) throws {
    let result = server.send(bytes, to: source)
    guard result == bytes.count || result == -Int(EAGAIN) else { throw HostFailure("an echo: \(result)") }
  }

  private func take(from socket: HostSocket, _ body: (UnsafeRawBufferPointer, HostAddress) throws -> Void) throws {
    guard socket.poll() & Int32(POLLIN | POLLERR) != 0 else { return }
    try withUnsafeTemporaryAllocation(byteCount: 1 << 16, alignment: 16) { buffer in
      while true {
        var source = HostAddress()
        let count = socket.receive(buffer, from: &source)
        if count == -Int(EAGAIN) { return }
        if count == -Int(ECONNREFUSED), plan.isToNobody { continue }
        guard count >= 0 else { throw HostFailure("receiving a datagram: \(count)") }
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        guard isOneOfOurs(bytes) else { throw HostFailure("a datagram of \(count) bytes that nobody sent") }
        try body(bytes, source)
      }
    }
  }

  /// A datagram: its number as far as there is room, then its part of the pattern.
  private func datagram(_ number: Int) -> [UInt8] {
    (0..<plan.sizes[number]).map { index in
      index == 0 ? UInt8(number) : pattern[UInt64(number) << 32 | UInt64(index)]
    }
  }

  private func isOneOfOurs(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let first = bytes.first else { return plan.sizes.contains(0) }
    guard Int(first) < plan.sizes.count else { return false }
    return bytes.elementsEqual(datagram(Int(first)))
  }

  /// Lets go of the sockets.
  func close() throws {
    try client.close()
    try server?.close()
  }
}
