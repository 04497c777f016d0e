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
  private var link: LinkDriver

  /// Puts a host on a device. Its addresses should not be the kernel's on that interface.
  ///
  /// - Throws: `LinkError` where the system has no descriptors left.
  public init(_ host: consuming Host<Storage>, on device: consuming TunnelDevice) throws(LinkError) {
    self.host = host
    link = try LinkDriver(device)
  }

  /// The device that the host is on.
  public var device: TunnelDevice {
    _read { yield link.device }
  }

  /// Takes down what the link carries.
  public var capture: CaptureFile? {
    get { link.capture }
    set { link.capture = newValue }
  }

  /// Makes a turn end early, from any thread.
  public var waker: Waker { link.waker }

  /// Goes once around: waits until a packet, the host's next deadline, a wake-up or `limit`; receives; runs what is due; calls
  /// `body`; sends what all that caused.
  ///
  /// - Throws: `LinkError` where the device is gone or the capture can't be written.
  @specialized(where Storage == ByteRing)
  public mutating func turn(
    until limit: Instant = .never,
    _ body: (inout Host<Storage>) -> Void
  ) throws(LinkError) {
    try link.receive(into: &host, until: min(host.nextDeadline, limit))
    host.advance(to: MonotonicClock.now)
    body(&host)
    try link.send(from: &host)
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
