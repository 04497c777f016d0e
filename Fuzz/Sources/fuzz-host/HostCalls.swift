import SockeyeC

/// `struct sockaddr_in` or `sockaddr_in6` of a host.
struct SocketName {
  private let bytes: [UInt8]
  let domain: Int32

  init(host: UInt8, port: UInt8, isIPv6: Bool) {
    domain = isIPv6 ? 10 : 2
    bytes =
      isIPv6
      ? [10, 0, 0, port, 0, 0, 0, 0, 0xFD] + [UInt8](repeating: 0, count: 14) + [host, 0, 0, 0, 0]
      : [2, 0, 0, port, 10, 0, 0, host] + [UInt8](repeating: 0, count: 8)
  }

  /// What an argument makes of a name: mostly one of the two hosts, sometimes nobody, nothing or cut short.
  init(_ argument: UInt8) {
    self.init(host: argument & 3, port: [7, 7, 8, 0][Int(argument >> 2 & 3)], isIPv6: argument & 16 == 16)
  }

  func call<Result>(_ body: (UnsafeRawPointer?, UInt32) -> Result) -> Result {
    bytes.withUnsafeBytes { body($0.baseAddress, UInt32($0.count)) }
  }
}

/// What programs call.
extension HostSession {
  mutating func call(_ step: FuzzStep) {
    let host = hosts[Int(step.a & 1)]
    let s = Int32(step.a >> 1 & 7) - (step.a & 0x80 == 0 ? 0 : 1)
    let name = SocketName(step.b)
    let count = Int(step.value & 0x3FFFF)
    switch step.operation % 24 {
    case 15: open(host, step, name)
    case 16: _ = sendto(host, s, room.scratch.baseAddress, count, 0, nil, 0)
    case 17:
      let flags = Int32(truncatingIfNeeded: step.value >> 18)
      _ = name.call { sendto(host, s, room.scratch.baseAddress, count, flags, step.c & 1 == 0 ? $0 : nil, $1) }
    case 18: receive(host, s, count)
    case 19: end(host, s, step)
    case 20, 21: setOption(host, s, step)
    case 22: ask(host, s, step, count)
    default:
      for index in 0..<2 { for s in 0..<8 as Range<Int32> { receive(hosts[index], s, 1 << 20) } }
    }
  }

  private func open(_ host: Host, _ step: FuzzStep, _ name: SocketName) {
    let s = Int32(step.a >> 1 & 7)
    switch step.c & 7 {
    case 0, 1:
      let made = socket(host, name.domain, Int32(step.c >> 3 & 1) + 1, 0)
      // What nobody closes would only be more of the same.
      if made > 12 { _ = close(host, made) }
    case 2: _ = name.call { bind(host, s, $0, step.c & 8 == 0 ? $1 : UInt32(step.value & 31)) }
    case 3: _ = listen(host, s, Int32(bitPattern: step.value))
    case 4, 5: _ = name.call { connect(host, s, $0, step.c & 8 == 0 ? $1 : UInt32(step.value & 15)) }
    case 6:
      // A client in one step.
      let made = socket(host, name.domain, 1, 0)
      _ = name.call { connect(host, made, $0, $1) }
      if made > 12 { _ = close(host, made) }
    default:
      var length: UInt32 = step.value & 31
      let accepted = accept(host, s, room.scratch.baseAddress, &length)
      if accepted > 12 { _ = close(host, accepted) }
    }
  }

  private func receive(_ host: Host, _ s: Int32, _ count: Int) {
    let taken = recvfrom(host, s, room.scratch.baseAddress, min(count, room.scratch.count), 0, nil, nil)
    precondition(taken <= count, "more than there is room for")
  }

  private func end(_ host: Host, _ s: Int32, _ step: FuzzStep) {
    switch step.b & 3 {
    case 0: _ = shutdown(host, s, Int32(step.c) - 1)
    case 1:
      var linger: [Int32] = [1, 0]
      _ = setsockopt(host, s, 1, 13, &linger, 8)
      _ = close(host, s)
    default: _ = close(host, s)
    }
  }

  private func setOption(_ host: Host, _ s: Int32, _ step: FuzzStep) {
    var value = [Int32](repeating: Int32(bitPattern: step.value), count: 4)
    let level: Int32 = [0, 1, 6, 41][Int(step.b & 3)]
    _ = setsockopt(host, s, level, Int32(step.c) % 70, &value, UInt32(step.b >> 2 & 15))
  }

  private func ask(_ host: Host, _ s: Int32, _ step: FuzzStep, _ count: Int) {
    var length = UInt32(step.b)
    var number: Int32 = 0
    switch step.c & 3 {
    case 0:
      _ = getsockopt(
        host,
        s,
        [0, 1, 6, 41][Int(step.c >> 2 & 3)],
        Int32(step.b) % 70,
        room.scratch.baseAddress,
        &length
      )
    case 1: _ = ioctl(host, s, step.b & 1 == 0 ? 0x541B : 0x5411, &number)
    case 2: _ = recvfrom(host, s, room.scratch.baseAddress, count, Int32(step.b), room.scratch.baseAddress, &length)
    default:
      let events = poll(host, s)
      precondition(events == -9 || events >= 0 && events & ~0x201D == 0, "an event that can't be")
    }
  }
}
