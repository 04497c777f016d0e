internal import Glibc
public import SockeyeHost
public import SockeyeTCP

/// A host on a TUN device: one thread that waits, receives a batch, runs what is due, lets the application act, and sends.
///
/// ```swift
/// func run(_ host: consuming RingHost, on device: consuming TunnelDevice) throws {
///   var driver = try HostDriver(host, on: device)
///   while true {
///     try driver.turn { host in
///       while let socket = host.nextReady() { serve(socket, on: &host) }
///     }
///   }
/// }
/// ```
///
/// A driver stands in a function: a value that can't be copied can't be consumed from a global variable, as the top level of
/// a program has them.
///
/// The application runs on the thread that received the packet, between its arrival and the answer: nothing is handed over.
public struct HostDriver<Storage: StreamStorage & ~Copyable>: ~Copyable {
  /// The host.
  public var host: Host<Storage>
  /// Its link.
  public private(set) var device: TunnelDevice
  /// Takes down what the link carries.
  public var capture: CaptureFile?
  /// Makes a turn end early, from any thread.
  public let waker: Waker

  private let set: DescriptorSet
  private var polling = AdaptivePolling()
  /// Packets that one turn receives, and sends, at most: enough to share the cost of a turn, few enough that neither
  /// direction nor the timers wait long.
  private static var batch: Int { 64 }
  /// Bytes after which a batch that is received ends: less than a full super-segment, so that the acknowledgment of one
  /// doesn't wait for the next, and the application reads it before it has left the cache.
  private static var batchSize: Int { 64_000 }

  /// Puts a host on a device. Its addresses should not be the kernel's on that interface.
  ///
  /// - Throws: `LinkError` where the system has no descriptors left.
  public init(_ host: consuming Host<Storage>, on device: consuming TunnelDevice) throws(LinkError) {
    let set = try DescriptorSet()
    let waker = try Waker()
    try set.add(device.descriptor)
    try set.add(waker.descriptor)
    self.host = host
    self.device = device
    self.set = set
    self.waker = waker
  }

  /// Goes once around: waits until a packet, the host's next deadline, a wake-up or `limit`; receives; runs what is due; calls
  /// `body`; sends what all that caused.
  ///
  /// - Throws: `LinkError` where the device is gone or the capture can't be written.
  @specialized(where Storage == ByteRing)
  public mutating func turn(
    until limit: Instant = .never,
    _ body: (inout Host<Storage>) -> Void
  ) throws(LinkError) {
    // Whoever has been busy looks before it sleeps: a look costs less than a sleep.
    if try receiveBatch() == 0 { try wait(until: min(host.nextDeadline, limit)) }
    host.advance(to: MonotonicClock.now)
    body(&host)
    try sendBatch()
  }

  /// Waits for a packet, a wake-up or the deadline, and receives the first batch: looks on for a while where that has been
  /// worth it, and then sleeps.
  private mutating func wait(until deadline: Instant) throws(LinkError) {
    var now = MonotonicClock.now
    let end = min(deadline, now + polling.duration)
    while now < end {
      if try receiveBatch() > 0 { return }
      // Whoever else has work for this processor goes first: it may be the peer.
      sched_yield()
      now = MonotonicClock.now
    }
    guard now < deadline else { return }
    try capture?.flush()
    if try set.wait(deadline == .never ? -1 : (deadline - now).nanoseconds) == waker.descriptor { waker.clear() }
    polling.slept(MonotonicClock.now - now)
    _ = try receiveBatch()
  }

  private mutating func receiveBatch() throws(LinkError) -> Int {
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

  /// What a full batch leaves is the host's deadline of now, so the next turn doesn't wait.
  private mutating func sendBatch() throws(LinkError) {
    for _ in 0..<Self.batch {
      let buffer = device.packetBuffer
      var room = buffer.mutableBytes
      guard let transmission = host.transmit(into: &room) else { return }
      try capture?.add(UnsafeRawBufferPointer(rebasing: buffer[..<transmission.length]), isInbound: false)
      device.send(transmission)
    }
  }
}

extension HostConfiguration {
  /// Fits the configuration to what a device takes.
  public mutating func fit(mtu: Int, hasOffload: Bool) {
    maximumTransmissionUnit = UInt16(clamping: mtu)
    segmentationOffload = hasOffload ? 65_535 / 536 : 1
    checksumOffload = hasOffload
  }
}
