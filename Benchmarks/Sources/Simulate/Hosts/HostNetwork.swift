import CSockeye
import SockeyeC
import SockeyeSimulator
import SockeyeTCP
import SockeyeWire

/// Two hosts, known by the C interface alone, and the network between them, in virtual time.
final class HostNetwork {
  /// The time in microseconds; it begins away from zero, so that a time that was forgotten shows.
  private(set) var now: UInt64 = 1_000_000
  /// The hosts.
  let hosts: [OpaquePointer]
  /// What has passed, if it is to be kept.
  var capture: PacketCapture?
  /// Packets that were sent, and those that were altered on the way.
  private(set) var packetCount: UInt64 = 0
  private(set) var stepCount = 0

  private let mtu: Int
  private let hasOffload: [Bool]
  private let router: HostRouter?
  private var links: [ImpairedDirection]
  private var underWay = EventQueue<(to: Int, packet: [UInt8])>()
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_535, alignment: 16)
  private var stepsNow = 0

  /// No run needs nearly as much: what does is hosts that keep each other busy.
  private static let mostSteps = 3_000_000
  private static let mostStepsAtOnce = 20_000
  private static let mostRoundsOfTimers = 16
  /// To look at all that a host holds takes longer than a step.
  private static let stepsBetweenChecks = 16
  private static let longest: UInt64 = 8 * 3_600 * 1_000_000

  /// - Throws: `HostFailure` where a configuration isn't understood.
  init(_ scenario: HostScenario) throws {
    var hosts: [OpaquePointer] = []
    for text in scenario.configurations {
      guard let host = sockeye_host_new(text, now) else { throw HostFailure("not a configuration: \(text)") }
      hosts.append(host)
    }
    self.hosts = hosts
    mtu = scenario.mtu
    hasOffload = scenario.hasOffload
    router = scenario.router
    var generator = SeededGenerator(seed: scenario.seed)
    links = scenario.links.map { ImpairedDirection($0, seed: generator.next()) }
  }

  deinit {
    for host in hosts { sockeye_host_free(host) }
    buffer.deallocate()
  }

  /// Goes on to whatever happens next, `wake` at the latest. Returns false when nothing ever will.
  ///
  /// - Throws: `HostFailure` where the hosts keep each other busy.
  func step(wake: UInt64?) throws -> Bool {
    for host in 0..<2 { try collect(from: host) }
    var next = min(sockeye_next_deadline(hosts[0]), sockeye_next_deadline(hosts[1]))
    if let time = underWay.nextTime { next = min(next, Self.microseconds(time)) }
    if let wake { next = min(next, wake) }
    guard next != UInt64.max else { return false }
    stepCount += 1
    stepsNow = next > now ? 0 : stepsNow + 1
    now = max(now, next)
    guard stepCount < Self.mostSteps, stepsNow < Self.mostStepsAtOnce else {
      throw HostFailure("the hosts are busy without end")
    }
    guard now < Self.longest else { throw HostFailure("it goes on for more than eight hours") }
    while let time = underWay.nextTime, Self.microseconds(time) <= now, let (_, delivery) = underWay.removeFirst() {
      delivery.packet.withUnsafeBytes { sockeye_input(hosts[delivery.to], $0.baseAddress, $0.count, now) }
    }
    for host in 0..<2 { try runTimers(of: host) }
    if stepCount.isMultiple(of: Self.stepsBetweenChecks) {
      for host in hosts { checkInvariants(UnsafeMutableRawPointer(host)) }
    }
    return true
  }

  /// Runs what is due. Who is told the time and asked for all packets waits for something later in the end, or would be told
  /// for ever; a timer may come after a segment that went before it.
  private func runTimers(of host: Int) throws {
    var rounds = 0
    while sockeye_next_deadline(hosts[host]) <= now {
      guard rounds < Self.mostRoundsOfTimers else { throw HostFailure("a deadline that stays due") }
      rounds += 1
      sockeye_advance(hosts[host], now)
      try collect(from: host)
    }
  }

  private static func microseconds(_ time: Instant) -> UInt64 { UInt64(clamping: (time.nanoseconds + 999) / 1_000) }

  /// Puts what a host wants to send on the wire.
  private func collect(from host: Int) throws {
    var emitted: UInt64 = 0
    while true {
      let length = sockeye_output(hosts[host], buffer.baseAddress, hasOffload[host] ? buffer.count : mtu, &emitted)
      guard length > 0 else { break }
      guard emitted <= now else { throw HostFailure("a packet from the future") }
      packetCount += 1
      var packet = [UInt8](buffer[..<length])
      let time = Instant(nanoseconds: Int64(now) * 1_000)
      if case .tooBig(let answer) = router?.judge(packet) {
        capture?.add(packet, at: time, fate: "too large for the router")
        if let answer { underWay.schedule((host, answer), at: time + .milliseconds(1)) }
        continue
      }
      let decision = links[host].decide(length: length, isECNCapable: Self.isECNCapable(packet), now: time)
      capture?.add(packet, at: time, fate: decision.fate)
      guard case .delivered(let passage) = decision else { continue }
      if passage.isMarked { Self.mark(&packet) }
      if let second = passage.duplicateDelivery { underWay.schedule((1 - host, packet), at: second) }
      if let change = passage.corruption { packet[change.offset] ^= change.mask }
      underWay.schedule((1 - host, packet), at: passage.delivery)
    }
  }

  private static func isECNCapable(_ packet: [UInt8]) -> Bool {
    let bits = packet[0] >> 4 == 4 ? packet[1] & 3 : packet[1] >> 4 & 3
    return bits == 1 || bits == 2
  }

  /// Marks a packet as having met congestion, as a router does (RFC 3168 section 5).
  private static func mark(_ packet: inout [UInt8]) {
    guard packet[0] >> 4 == 4 else {
      packet[1] |= 0x30
      return
    }
    let old = UInt16(packet[0]) << 8 | UInt16(packet[1])
    packet[1] |= 3
    let checksum = InternetChecksum.updated(
      UInt16(packet[10]) << 8 | UInt16(packet[11]),
      from: old,
      to: old | 3
    )
    packet[10] = UInt8(checksum >> 8)
    packet[11] = UInt8(checksum & 0xFF)
  }
}

/// What should not have happened.
struct HostFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) {
    self.description = description
  }
}
