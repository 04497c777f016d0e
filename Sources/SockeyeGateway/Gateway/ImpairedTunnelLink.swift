internal import SockeyeHost
internal import SockeyeLink
internal import SockeyeNIO
internal import SockeyeSimulator
internal import SockeyeTCP

/// A TUN device with a bad network behind it, as the loop of the host there sees it: all packets of both directions suffer what
/// an impaired path does to them.
final class ImpairedTunnelLink: LoopLink {
  private var device: TunnelDevice
  private let capture: CaptureFile?
  private let up: OneWay
  private let down: OneWay
  private let sleeper: Sleeper

  /// Packets of each direction that one turn takes, at most.
  private static let batch = 256

  /// - Parameters:
  ///   - specification: what happens to packets: `up` from the device, `down` to it.
  ///   - device: what it hands over and takes is single packets from here on.
  ///   - capture: takes down what the device carries.
  ///   - seed: what all chance derives from.
  /// - Throws: `LinkError` where the system has no descriptors left.
  init(
    _ specification: ImpairmentSpecification,
    on device: consuming TunnelDevice,
    capture: CaptureFile?,
    seed: UInt64
  ) throws(LinkError) {
    try device.refuseSuperSegments()
    let sleeper = try Sleeper(watching: device.descriptor)
    var generator = SeededGenerator(seed: seed)
    up = OneWay(specification.up, seed: generator.next(), arrival: sleeper.waker)
    down = OneWay(specification.down, seed: generator.next(), arrival: sleeper.waker)
    self.sleeper = sleeper
    self.capture = capture
    self.device = device
  }

  var clock: LoopClock { .machine }
  var waker: any LoopWaker { sleeper.waker }

  func receive(into host: inout StreamHost, until deadline: Instant) throws {
    guard try !pass(to: &host) else { return }
    let now = MonotonicClock.now
    let end = min(deadline, min(up.nextArrival, down.nextArrival))
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
      up.carry([UInt8](packet.bytes), at: MonotonicClock.now)
      hasPassed = true
    }
    let now = MonotonicClock.now
    for _ in 0..<Self.batch {
      guard let packet = up.next(dueAt: now) else { break }
      host.receive(packet.span.bytes, at: now)
      hasPassed = true
    }
    return try sendDue(now) || hasPassed
  }

  private func sendDue(_ now: Instant) throws -> Bool {
    var hasSent = false
    for _ in 0..<Self.batch {
      guard let packet = down.next(dueAt: now) else { break }
      device.packetBuffer.copyBytes(from: packet)
      try capture?.add(UnsafeRawBufferPointer(rebasing: device.packetBuffer[..<packet.count]), isInbound: false)
      device.send(Transmission(length: packet.count))
      hasSent = true
    }
    return hasSent
  }

  func send(from host: inout StreamHost) throws {
    let buffer = device.packetBuffer
    var room = buffer.mutableBytes
    while let transmission = host.transmit(into: &room) {
      down.carry([UInt8](buffer[..<transmission.length]), at: MonotonicClock.now)
    }
    _ = try sendDue(MonotonicClock.now)
  }
}
