internal import Glibc
package import SockeyeHost
package import SockeyeTCP

/// The way between a host and a TUN device, for whoever turns the loop: waits, and carries packets in batches.
package struct LinkDriver: ~Copyable {
  /// The link.
  package private(set) var device: TunnelDevice
  /// Takes down what the link carries.
  package var capture: CaptureFile?
  /// Ends a wait early, from any thread.
  package let waker: Waker

  private let set: DescriptorSet
  private var polling = AdaptivePolling()
  /// Packets that one turn receives, and sends, at most: enough to share the cost of a turn, few enough that neither
  /// direction nor the timers wait long.
  private static var batch: Int { 64 }
  /// Bytes after which a batch that is received ends: less than a full super-segment, so that the acknowledgment of one
  /// doesn't wait for the next, and the application reads it before it has left the cache.
  private static var batchSize: Int { 64_000 }

  /// Makes a driver of that device.
  ///
  /// - Throws: `LinkError` where the system has no descriptors left.
  package init(_ device: consuming TunnelDevice) throws(LinkError) {
    let set = try DescriptorSet()
    let waker = try Waker()
    try set.add(device.descriptor)
    try set.add(waker.descriptor)
    self.device = device
    self.set = set
    self.waker = waker
  }

  /// Receives a batch. Where there is nothing, waits until there is, a wake-up, or `deadline`.
  ///
  /// - Throws: `LinkError` where the device is gone or the capture can't be written.
  @specialized(where Storage == ByteRing)
  package mutating func receive<Storage: StreamStorage & ~Copyable>(
    into host: inout Host<Storage>,
    until deadline: Instant
  ) throws(LinkError) {
    // Whoever has been busy looks before it sleeps: a look costs less than a sleep.
    if try receiveBatch(into: &host) == 0 { try wait(until: deadline, receivingInto: &host) }
  }

  /// Waits for a packet, a wake-up or the deadline, and receives the first batch: looks on for a while where that has been
  /// worth it, and then sleeps.
  private mutating func wait<Storage: StreamStorage & ~Copyable>(
    until deadline: Instant,
    receivingInto host: inout Host<Storage>
  ) throws(LinkError) {
    var now = MonotonicClock.now
    let end = min(deadline, now + polling.duration)
    while now < end {
      if try receiveBatch(into: &host) > 0 { return }
      // Who has work for the loop doesn't wait for the look to end.
      if waker.hasRung { return waker.clear() }
      // Whoever else has work for this processor goes first: it may be the peer.
      sched_yield()
      now = MonotonicClock.now
    }
    guard now < deadline else { return }
    try capture?.flush()
    if try set.wait(deadline == .never ? -1 : (deadline - now).nanoseconds) == waker.descriptor { waker.clear() }
    polling.slept(MonotonicClock.now - now)
    _ = try receiveBatch(into: &host)
  }

  @specialized(where Storage == ByteRing)
  private mutating func receiveBatch<Storage: StreamStorage & ~Copyable>(
    into host: inout Host<Storage>
  ) throws(LinkError) -> Int {
    var size = 0
    for count in 0..<Self.batch {
      guard size < Self.batchSize, let packet = try device.receive() else { return count }
      size += packet.bytes.count
      try capture?.add(packet.bytes, isInbound: true)
      host.receive(
        packet.bytes.bytes,
        checksumsAreValid: packet.checksumsAreValid,
        segmentCount: packet.segmentCount,
        at: MonotonicClock.now
      )
    }
    return Self.batch
  }

  /// Sends a batch. What it leaves is the host's deadline of now, so the next turn doesn't wait.
  ///
  /// - Throws: `LinkError` where the capture can't be written.
  @specialized(where Storage == ByteRing)
  package mutating func send<Storage: StreamStorage & ~Copyable>(from host: inout Host<Storage>) throws(LinkError) {
    for _ in 0..<Self.batch {
      let buffer = device.packetBuffer
      var room = buffer.mutableBytes
      guard let transmission = host.transmit(into: &room) else { return }
      try capture?.add(UnsafeRawBufferPointer(rebasing: buffer[..<transmission.length]), isInbound: false)
      device.send(transmission)
    }
  }
}
