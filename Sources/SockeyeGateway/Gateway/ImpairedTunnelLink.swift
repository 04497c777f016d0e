internal import NIOCore
internal import SockeyeHost
internal import SockeyeLink
internal import SockeyeNIO
internal import SockeyeSimulator
internal import SockeyeTCP

/// A TUN device with a bad network behind it, as the loop of the host there sees it: all packets of both directions suffer what
/// the impaired path of their destination does to them.
final class ImpairedTunnelLink: LoopLink {
  private var device: TunnelDevice
  private let capture: CaptureFile?
  private let paths: [Path]
  private let chooser: PathChooser
  private let sleeper: Sleeper

  private struct Path {
    let up: OneWay
    let down: OneWay
  }

  /// Packets of each direction that one turn takes, at most.
  private static let batch = 256

  /// - Parameters:
  ///   - configuration: what happens to packets: `up` from the device, `down` to it.
  ///   - names: those of destinations.
  ///   - device: what it hands over and takes is single packets from here on.
  ///   - capture: takes down what the device carries.
  /// - Throws: `LinkError` where the system has no descriptors left.
  init(
    _ configuration: GatewayConfiguration,
    _ names: SharedNames,
    on device: consuming TunnelDevice,
    capture: CaptureFile?
  ) throws(LinkError) {
    try device.refuseSuperSegments()
    let sleeper = try Sleeper(watching: device.descriptor)
    var generator = SeededGenerator(seed: configuration.seed)
    let others = configuration.impairments ?? ImpairmentSpecification()
    paths = ([others] + configuration.impairedDestinations.map(\.impairments)).map { impairments in
      let up = OneWay(impairments.up, seed: generator.next(), arrival: sleeper.waker)
      return Path(up: up, down: OneWay(impairments.down, seed: generator.next(), arrival: sleeper.waker))
    }
    chooser = PathChooser(configuration.impairedDestinations.map(\.rule), names)
    self.sleeper = sleeper
    self.capture = capture
    self.device = device
  }

  var clock: LoopClock { .machine }
  var waker: any LoopWaker { sleeper.waker }

  func receive(into host: inout StreamHost, until deadline: Instant) throws {
    guard try !pass(to: &host) else { return }
    let now = MonotonicClock.now
    let end = paths.reduce(deadline) { min($0, min($1.up.nextArrival, $1.down.nextArrival)) }
    if now < end {
      try capture?.flush()
      try sleeper.sleep(until: end, now: now)
    }
    _ = try pass(to: &host)
  }

  /// Takes what has come, and hands on what is due. Returns whether there was anything.
  private func pass(to host: inout StreamHost) throws -> Bool {
    var hasPassed = false
    for _ in 0..<Self.batch {
      guard let packet = try device.receive() else { break }
      try capture?.add(packet.bytes, isInbound: true)
      let now = MonotonicClock.now
      let path = chooser.path(of: packet.bytes.bytes, comesFromChild: true, now: NIODeadline(now))
      paths[path].up.carry([UInt8](packet.bytes), at: now)
      hasPassed = true
    }
    let now = MonotonicClock.now
    for path in paths {
      for _ in 0..<Self.batch {
        guard let packet = path.up.next(dueAt: now) else { break }
        host.receive(packet.span.bytes, at: now)
        hasPassed = true
      }
    }
    return try sendDue(now) || hasPassed
  }

  private func sendDue(_ now: Instant) throws -> Bool {
    var hasSent = false
    for path in paths {
      for _ in 0..<Self.batch {
        guard let packet = path.down.next(dueAt: now) else { break }
        device.packetBuffer.copyBytes(from: packet)
        try capture?.add(UnsafeRawBufferPointer(rebasing: device.packetBuffer[..<packet.count]), isInbound: false)
        device.send(Transmission(length: packet.count))
        hasSent = true
      }
    }
    return hasSent
  }

  func send(from host: inout StreamHost) throws {
    let buffer = device.packetBuffer
    var room = buffer.mutableBytes
    while let transmission = host.transmit(into: &room) {
      let now = MonotonicClock.now
      let packet = UnsafeRawBufferPointer(rebasing: buffer[..<transmission.length])
      let path = chooser.path(of: packet.bytes, comesFromChild: false, now: NIODeadline(now))
      paths[path].down.carry([UInt8](packet), at: now)
    }
    _ = try sendDue(MonotonicClock.now)
  }
}
