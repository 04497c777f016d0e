internal import SockeyeHost
public import SockeyeSimulator
internal import SockeyeTCP

/// A bad wire between two TUN devices: what comes from either goes to the other, late, altered, twice or not at all.
///
/// What happens to a packet is decided as in a simulation, from a seed; only the clock is the real one. Packets pass as they
/// are, so that the devices must have no offload: then each has its checksum, and a byte that is changed on the way is
/// seen at the end. Marks of congestion are not set.
public struct ImpairingBridge: ~Copyable {
  /// Makes a turn end early, from any thread.
  public let waker: Waker

  private var near: TunnelDevice
  private var far: TunnelDevice
  private var fromNear: ImpairedDirection
  private var fromFar: ImpairedDirection
  private var underWay = EventQueue<Delivery>()
  private let set: DescriptorSet

  private struct Delivery {
    var isForFar: Bool
    var packet: [UInt8]
  }

  /// Packets that one turn takes from a device, at most.
  private static var batch: Int { 64 }

  /// Joins two devices by a bad network.
  ///
  /// - Parameters:
  ///   - near: one end, without offload.
  ///   - far: the other, without offload.
  ///   - fromNear: what happens to packets on their way from `near` to `far`.
  ///   - fromFar: what happens to those of the other direction.
  ///   - seed: what all chance derives from.
  /// - Throws: `LinkError` where the system has no descriptors left; EINVAL for a device with offload.
  public init(
    _ near: consuming TunnelDevice,
    _ far: consuming TunnelDevice,
    fromNear: Impairments,
    fromFar: Impairments,
    seed: UInt64
  ) throws(LinkError) {
    let set = try DescriptorSet()
    let waker = try Waker()
    guard !near.hasOffload, !far.hasOffload else {
      throw LinkError("cannot lay a wire between devices with offload", number: 22)
    }
    for descriptor in [near.descriptor, far.descriptor, waker.descriptor] { try set.add(descriptor) }
    var generator = SeededGenerator(seed: seed)
    self.fromNear = ImpairedDirection(fromNear, seed: generator.next())
    self.fromFar = ImpairedDirection(fromFar, seed: generator.next())
    self.near = near
    self.far = far
    self.set = set
    self.waker = waker
  }

  /// What has happened to packets from the near end, and to those from the far one.
  public var counters: (fromNear: LinkCounters, fromFar: LinkCounters) { (fromNear.counters, fromFar.counters) }

  /// What happens to packets from now on; those under way keep what was decided for them.
  public mutating func setImpairments(fromNear: Impairments, fromFar: Impairments) {
    self.fromNear.impairments = fromNear
    self.fromFar.impairments = fromFar
  }

  /// Goes once around: waits until a packet comes or is to be delivered, or for a wake-up, and carries what there is.
  ///
  /// - Throws: `LinkError` where a device is gone.
  public mutating func turn() throws(LinkError) {
    let count =
      try Self.collect(&near, &fromNear, isForFar: true, into: &underWay)
      + Self.collect(&far, &fromFar, isForFar: false, into: &underWay)
    let now = MonotonicClock.now
    if count == 0, (underWay.nextTime ?? .never) > now {
      let wait = underWay.nextTime.map { ($0 - now).nanoseconds } ?? -1
      if try set.wait(wait) == waker.descriptor { waker.clear() }
    }
    deliver(until: MonotonicClock.now)
  }

  /// Takes what a device has received, and decides what becomes of it. Returns how many packets there were.
  private static func collect(
    _ device: inout TunnelDevice,
    _ direction: inout ImpairedDirection,
    isForFar: Bool,
    into underWay: inout EventQueue<Delivery>
  ) throws(LinkError) -> Int {
    for count in 0..<batch {
      guard let received = try device.receive() else { return count }
      let length = received.bytes.count
      switch direction.decide(length: length, isECNCapable: false, now: MonotonicClock.now) {
      case .dropped: continue
      case .delivered(let passage):
        var delivery = Delivery(isForFar: isForFar, packet: [UInt8](received.bytes))
        // The second copy is the whole one.
        if let time = passage.duplicateDelivery { underWay.schedule(delivery, at: time) }
        if let change = passage.corruption { delivery.packet[change.offset] ^= change.mask }
        underWay.schedule(delivery, at: passage.delivery)
      }
    }
    return batch
  }

  private mutating func deliver(until now: Instant) {
    while let (_, delivery) = underWay.removeFirst(dueAt: now) {
      if delivery.isForFar { Self.send(delivery.packet, on: &far) } else { Self.send(delivery.packet, on: &near) }
    }
  }

  private static func send(_ packet: [UInt8], on device: inout TunnelDevice) {
    device.packetBuffer.copyBytes(from: packet)
    device.send(Transmission(length: packet.count))
  }
}
