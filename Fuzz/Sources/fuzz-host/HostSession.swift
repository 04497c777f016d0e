import SockeyeC

/// Two hosts at 10.0.0.1 and 10.0.0.2, fd00::1 and fd00::2, the wire between them, and a memory of what went over it, from
/// which nearly right packets are made.
struct HostSession {
  typealias Host = UnsafeMutableRawPointer

  let hosts: [Host]
  var now: UInt64 = 1_000_000
  /// Packets that were given to the hosts.
  private(set) var packetCount = 0
  let room = PacketRoom.shared
  private var wire = PacketArena(PacketRoom.shared.wire)
  private var history = PacketHistory(PacketRoom.shared.history)

  /// More packets than all windows and queues hold: who sends as many at once never ends.
  private static let packetLimit = 50_000

  private static let configurations = [
    "", "syn_cookies=always", "sack=0,timestamps=0,window_scale=-1", "ecn=1,congestion=bbr", "rfc5961=0,frto=0",
    "rack=0,prr=0,tail_loss_probe=0", "mtu=1280,receive_buffer=2000,autotune=0", "congestion=newreno,delayed_ack_ms=0",
    "offload=1,mtu=9000", "mtu=65535,window_scale=14,receive_buffer=16777216", "initial_receive_window=0,quick_ack=0",
    "send_buffer=1,icmp_rate=0,syn_cookies=never", "msl_ms=0,fin_wait2_ms=0,min_rto_ms=0,max_rto_ms=0,syn_rto_ms=0",
    "syn_retries=0,data_retries=0", "initial_congestion_window=1000,max_rto_ms=86400000", "timestamps=0,rack=1,sack=1",
  ]

  /// Hosts that are made and connected as `header` says, so that its steps start where something is at stake.
  init(_ header: FuzzStep) {
    var made: [Host] = []
    for (number, variant) in [(1, header.operation), (2, header.a)] {
      let text =
        "ip4=10.0.0.\(number)/24,ip6=fd00::\(number)/64,gateway4=10.0.0.9,seed=1,"
        + Self.configurations[Int(variant) % Self.configurations.count]
      guard let host = hostNew(text, 1_000_000) else { preconditionFailure("a configuration that is not taken") }
      made.append(host)
    }
    hosts = made
    let isIPv6 = header.b & 1 == 1
    let name = SocketName(host: 2, port: 7, isIPv6: isIPv6)
    let listener = socket(hosts[1], name.domain, 1, 0)
    _ = name.call { bind(hosts[1], listener, $0, $1) }
    _ = listen(hosts[1], listener, Int32(header.b >> 4))
    let echo = socket(hosts[1], 2, 2, 0)
    _ = SocketName(host: 2, port: 7, isIPv6: false).call { bind(hosts[1], echo, $0, $1) }
    let client = socket(hosts[0], name.domain, 1, 0)
    _ = name.call { connect(hosts[0], client, $0, $1) }
    exchange(rounds: 4, interval: UInt64(header.c) << 6)
    _ = accept(hosts[1], listener, nil, nil)
    let count = Int(header.value & 0xFFFF)
    if header.b & 2 == 2 { _ = sendto(hosts[0], client, room.scratch.baseAddress, count, 0, nil, 0) }
    if header.b & 4 == 4 { _ = sendto(hosts[1], 2, room.scratch.baseAddress, count, 0, nil, 0) }
  }

  /// Lets go of both hosts.
  func free() {
    for host in hosts { hostFree(host) }
  }

  mutating func run(_ step: FuzzStep) {
    defer { check() }
    switch step.operation % 24 {
    case 0...4: exchange(step)
    case 5...9: replay(step)
    case 10: noise(step)
    case 11: reportError(step)
    case 12: fragment(step)
    case 13, 14: pass(step)
    default: call(step)
    }
  }

  /// What was begun comes to its end: timers fire, and the two fall silent.
  mutating func finish() {
    for _ in 0..<12 {
      exchange(rounds: 1, interval: 40_000_000)
      check()
    }
  }

  /// The parts of each host agree.
  private func check() {
    for host in hosts { checkInvariants(host) }
  }

  // MARK: The wire

  /// Takes what both have to send, and delivers it, some times over.
  private mutating func exchange(rounds: Int, interval: UInt64) {
    for _ in 0..<rounds {
      collect()
      deliver()
      now += interval
      settle()
    }
  }

  /// An exchange in which something befalls one packet.
  private mutating func exchange(_ step: FuzzStep) {
    collect()
    if wire.count > 0 {
      let place = Int(step.b) % wire.count
      switch step.a & 15 {
      case 0: wire.drop(place)
      case 1: wire.isReversed = true
      case 2: give(wire[place].bytes, to: wire[place].host)
      case 3: give(wire[place].bytes, to: 1 - wire[place].host)
      case 4...7:
        let (bytes, host) = wire[place]
        forge(bytes, step) { $1.give($0, to: host) }
        if step.a & 1 == 0 { wire.drop(place) }
      default: break
      }
    }
    deliver()
    exchange(rounds: Int(step.a >> 4 & 3), interval: UInt64(step.c) << 6)
  }

  private mutating func collect() {
    for index in 0..<2 { drain(index) }
  }

  /// Takes all that a host has to send.
  private mutating func drain(_ index: Int) {
    var sent = 0
    while true {
      var emitted: UInt64 = 0
      let length = output(hosts[index], room.packet.baseAddress, room.packet.count, &emitted)
      precondition(length >= 0 && length <= room.packet.count, "an output that can't be")
      guard length > 0 else { return }
      precondition(emitted >= now, "a packet from before")
      sent += 1
      precondition(sent < Self.packetLimit, "packets without end while no time passes")
      let packet = UnsafeMutableRawBufferPointer(rebasing: room.packet[..<length])
      wire.append(packet, to: 1 - index)
      history.append(packet, to: 1 - index)
    }
  }

  private mutating func deliver() {
    for place in 0..<wire.count {
      let place = wire.isReversed ? wire.count - 1 - place : place
      if !wire.isDropped(place) { give(wire[place].bytes, to: wire[place].host) }
    }
    wire.removeAll()
  }

  /// Gives a host a packet.
  mutating func give(_ packet: UnsafeMutableRawBufferPointer, to index: Int) {
    packetCount += 1
    input(hosts[index], packet.baseAddress, packet.count, now)
  }

  // MARK: Time

  private mutating func pass(_ step: FuzzStep) {
    if step.a & 1 == 0 {
      let next = min(nextDeadline(hosts[0]), nextDeadline(hosts[1]))
      if next < now + 1 << 40 { now = max(now, next) }
    } else {
      now += 1 << UInt64(step.b % 36)
    }
    settle()
  }

  /// Runs what is due. A host that was asked for all its packets and told the time waits for something later.
  private mutating func settle() {
    for index in 0..<2 {
      for round in 0... {
        advance(hosts[index], now)
        drain(index)
        if nextDeadline(hosts[index]) > now { break }
        precondition(round < 16, "a deadline that stays due")
      }
    }
  }

  // MARK: Packets from nowhere

  /// A packet that went over the wire once comes again, nearly as it was.
  private mutating func replay(_ step: FuzzStep) {
    guard let (bytes, host) = history.entry(Int(step.a & 31)) else { return }
    let target = step.a & 0x80 == 0 ? host : 1 - host
    forge(bytes, step) { $1.give($0, to: target) }
  }

  /// Copies a packet, changes one field as the step says, and makes its checksums right unless the step says not to.
  private mutating func forge(
    _ packet: UnsafeMutableRawBufferPointer,
    _ step: FuzzStep,
    _ body: (UnsafeMutableRawBufferPointer, inout HostSession) -> Void
  ) {
    var forgery = PacketForgery(copying: packet, into: room.forgery)
    forgery.change(field: step.c & 31, to: step.value)
    if step.a & 0x40 == 0x40 { forgery.change(field: step.b & 31, to: step.value &* 0x9E37_79B1) }
    if step.c & 0xE0 != 0xE0 { forgery.repair() }
    body(forgery.bytes, &self)
  }

  /// Any bytes behind a good IP header, or none.
  private mutating func noise(_ step: FuzzStep) {
    let target = Int(step.a & 1)
    var forgery = PacketForgery(
      protocolNumber: [0, 1, 2, 6, 17, 43, 44, 50, 51, 58, 59, 60, 135, 255][Int(step.b) % 14],
      length: Int(step.c),
      pattern: step.value,
      to: UInt8(target + 1),
      isIPv6: step.a & 2 == 2,
      into: room.forgery
    )
    if step.a & 4 == 0 { forgery.repair() }
    give(forgery.bytes, to: target)
  }

  /// An ICMP error about a packet that was sent.
  private mutating func reportError(_ step: FuzzStep) {
    guard let (quoted, host) = history.entry(Int(step.a & 31)) else { return }
    var forgery = PacketForgery(
      errorType: step.b & 7,
      code: step.c & 15,
      rest: step.value,
      quoting: quoted,
      isReply: step.c & 0x80 == 0,
      into: room.forgery
    )
    forgery.repair()
    give(forgery.bytes, to: 1 - host)
  }

  /// A packet that was sent comes again in fragments, which may overlap or be missing.
  private mutating func fragment(_ step: FuzzStep) {
    guard let (bytes, host) = history.entry(Int(step.a & 31)) else { return }
    for part in 0..<4 as Range<UInt32> {
      var forgery = PacketForgery(copying: bytes, into: room.forgery)
      let isLast = part == 3
      let word = UInt8(truncatingIfNeeded: step.value >> (8 * part))
      guard forgery.cut(from: Int(word) * 8, count: Int(step.b) * 8, isLast: isLast, identification: step.c) else {
        continue
      }
      give(forgery.bytes, to: host)
    }
  }
}
