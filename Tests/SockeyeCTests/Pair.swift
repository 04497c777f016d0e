import SockeyeC

/// Two hosts, known only by the C interface, and a wire between them in virtual time.
final class Pair {
  typealias Host = UnsafeMutableRawPointer

  let a: Host
  let b: Host
  private(set) var now: UInt64 = 1_000_000
  var delay: UInt64 = 10_000
  /// Of a thousand packets, how many are lost.
  var loss = 0
  /// Of a thousand packets, how many are altered in one bit.
  var corruption = 0
  private var state: UInt64
  private var wire: [(due: UInt64, toB: Bool, packet: [UInt8])] = []
  /// Packets that went over the wire.
  private(set) var count = 0
  /// What went over the wire, for tests that look.
  var tap: ((_ toB: Bool, _ packet: [UInt8]) -> Void)?
  /// Which packets are lost, for tests that choose.
  var drops: ((_ toB: Bool, _ packet: [UInt8]) -> Bool)?
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 8)

  init?(_ configuration: String = "", seed: UInt64 = 1) {
    let common = "ip6=fd00::%/64,seed=\(seed)" + (configuration.isEmpty ? "" : "," + configuration)
    func text(_ digit: String) -> String {
      "ip4=10.0.0.\(digit)/24," + common.split(separator: "%").joined(separator: digit)
    }
    guard let a = hostNew(text("1"), now) else { return nil }
    guard let b = hostNew(text("2"), now) else {
      hostFree(a)
      return nil
    }
    self.a = a
    self.b = b
    state = seed
  }

  deinit {
    hostFree(a)
    hostFree(b)
    buffer.deallocate()
  }

  private func chance(_ perMille: Int) -> Bool {
    guard perMille > 0 else { return false }
    return random() % 1000 < UInt64(perMille)
  }

  private func random() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }

  /// Puts what both want to send on the wire.
  private func collect() {
    for (host, toB) in [(a, true), (b, false)] {
      while true {
        var emitted: UInt64 = 0
        let length = output(host, buffer.baseAddress, buffer.count, &emitted)
        guard length > 0 else { break }
        var packet = [UInt8](buffer[..<length])
        count += 1
        tap?(toB, packet)
        if chance(loss) || drops?(toB, packet) == true { continue }
        if chance(corruption) { packet[Int(random()) % length] ^= 1 << UInt8(random() % 8) }
        wire.append((emitted + delay, toB, packet))
      }
    }
  }

  /// Runs until `isDone`, or nothing more happens, or `time` microseconds have passed. Returns whether it was done.
  @discardableResult
  func run(for time: UInt64 = 600_000_000, until isDone: () -> Bool = { false }) -> Bool {
    let end = now + time
    // Far more rounds than any test needs: hosts that keep each other busy for ever fail instead of hanging.
    for _ in 0..<200_000 {
      collect()
      if isDone() { return true }
      let arrival = wire.map(\.due).min() ?? .max
      let next = min(arrival, min(nextDeadline(a), nextDeadline(b)))
      guard next <= end else {
        if next != .max || time < 600_000_000 {
          now = end
          advance(a, now)
          advance(b, now)
          collect()
        }
        return isDone()
      }
      now = max(now, next)
      if arrival <= now {
        let due = wire.filter { $0.due <= now }
        wire.removeAll { $0.due <= now }
        for item in due { item.packet.withUnsafeBytes { input(item.toB ? b : a, $0.baseAddress, $0.count, now) } }
      }
      advance(a, now)
      advance(b, now)
    }
    return false
  }

  /// A packet from nowhere.
  func inject(_ packet: [UInt8], into host: Host) {
    packet.withUnsafeBytes { input(host, $0.baseAddress, $0.count, now) }
  }
}

/// `struct sockaddr_in` of 10.0.0.`host`, or `struct sockaddr_in6` of fd00::`host`.
func address(_ host: UInt8, _ port: UInt16, isIPv6: Bool = false) -> [UInt8] {
  let ports = [UInt8(port >> 8), UInt8(port & 0xFF)]
  if isIPv6 {
    return [10, 0] + ports + [0, 0, 0, 0, 0xFD] + [UInt8](repeating: 0, count: 14) + [host, 0, 0, 0, 0]
  }
  return [2, 0] + ports + [10, 0, 0, host] + [UInt8](repeating: 0, count: 8)
}

func sockeyeConnect(_ host: Pair.Host, _ s: Int32, _ address: [UInt8]) -> Int32 {
  connect(host, s, address, UInt32(address.count))
}

func sockeyeBind(_ host: Pair.Host, _ s: Int32, _ address: [UInt8]) -> Int32 {
  bind(host, s, address, UInt32(address.count))
}

func sockeyeSend(_ host: Pair.Host, _ s: Int32, _ bytes: [UInt8], to address: [UInt8]? = nil) -> Int {
  sendto(host, s, bytes, bytes.count, 0, address, UInt32(address?.count ?? 0))
}

func sockeyeReceive(_ host: Pair.Host, _ s: Int32, _ count: Int = 65_536, flags: Int32 = 0) -> (Int, [UInt8]) {
  var bytes = [UInt8](repeating: 0, count: count)
  let length = recvfrom(host, s, &bytes, count, flags, nil, nil)
  return (length, Array(bytes.prefix(max(0, min(length, count)))))
}

/// A listener on `host` and the number of a connection to it from `client`, both ends open.
func connected(_ pair: Pair, isIPv6: Bool = false, port: UInt16 = 80) -> (
  client: Int32, server: Int32, listener: Int32
)? {
  let domain: Int32 = isIPv6 ? 10 : 2
  let listener = socket(pair.b, domain, 1, 0)
  guard sockeyeBind(pair.b, listener, address(2, port, isIPv6: isIPv6)) == 0, listen(pair.b, listener, 8) == 0 else {
    return nil
  }
  let client = socket(pair.a, domain, 1, 0)
  guard sockeyeConnect(pair.a, client, address(2, port, isIPv6: isIPv6)) == -115 else { return nil }
  var server: Int32 = -1
  pair.run {
    if server < 0 { server = accept(pair.b, listener, nil, nil) }
    return server >= 0 && poll(pair.a, client) & 4 != 0
  }
  return server < 0 ? nil : (client, server, listener)
}
