internal import CSockeyeLinux
internal import Glibc

/// Sees the packets that pass a network interface, without taking them from anybody (packet(7)).
///
/// It takes the capability CAP_NET_RAW. Packets are seen from their network header on. A loopback interface sends each
/// packet and receives it again; it is seen once.
public struct PacketTap: ~Copyable {
  /// A packet that has passed.
  public struct Packet: Sendable {
    /// How many bytes of it were kept.
    public var length: Int
    /// How many it had.
    public var originalLength: Int
    /// When it was seen, in nanoseconds since 1970.
    public var time: UInt64
    /// Whether this machine sent it to another.
    public var isOutgoing: Bool
  }

  /// Ends a wait for packets, from any thread.
  public let waker: Waker
  /// ARPHRD_LOOPBACK, whose header would bring in half of the system's.
  private static let loopbackHardware: UInt16 = 772

  private let descriptor: Int32
  private let set: DescriptorSet

  /// A tap on the interface of a name; nil for all interfaces.
  ///
  /// - Throws: `LinkError`, with EPERM where the capability is missing and ENODEV where there is no such interface.
  public init(interface name: String?) throws(LinkError) {
    let attempt = name.map { "cannot watch the interface \($0)" } ?? "cannot watch the network"
    let index = name.map { if_nametoindex($0) } ?? 0
    guard index > 0 || name == nil else { throw LinkError(attempt) }
    let waker = try Waker()
    let set = try DescriptorSet()
    let kind = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    // Without a protocol nothing arrives until it is bound: nothing of other interfaces either.
    let descriptor = socket(AF_PACKET, kind, 0)
    guard descriptor >= 0 else { throw LinkError(attempt) }
    var address = sockaddr_ll()
    address.sll_family = UInt16(AF_PACKET)
    // In the order of the network (packet(7)).
    address.sll_protocol = UInt16(ETH_P_ALL).bigEndian
    address.sll_ifindex = Int32(clamping: index)
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_ll>.size))
      }
    }
    guard bound == 0 else {
      let error = LinkError(attempt)
      close(descriptor)
      throw error
    }
    do throws(LinkError) {
      try set.add(waker.descriptor)
      try set.add(descriptor)
    } catch {
      close(descriptor)
      throw error
    }
    // What passes in a burst waits here; without CAP_NET_ADMIN the system's limit holds.
    var room: Int32 = 32 << 20
    let size = socklen_t(MemoryLayout<Int32>.size)
    if setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &room, size) != 0 {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, size)
    }
    self.waker = waker
    self.descriptor = descriptor
    self.set = set
  }

  deinit {
    close(descriptor)
  }

  /// Waits for the next packet and puts what the buffer has room for into it. Returns nil after a wake-up.
  public func next(into buffer: inout [UInt8]) throws(LinkError) -> Packet? {
    while true {
      if let packet = try receive(into: &buffer) { return packet }
      if try set.wait(-1) == waker.descriptor {
        waker.clear()
        return nil
      }
    }
  }

  /// How many packets passed too fast to be seen, since the last time that somebody asked.
  public func takeMissedCount() -> UInt64 {
    var statistics = tpacket_stats()
    var size = socklen_t(MemoryLayout<tpacket_stats>.size)
    guard getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, &statistics, &size) == 0 else { return 0 }
    return UInt64(statistics.tp_drops)
  }

  /// A packet that has passed already; nil if there is none.
  private func receive(into buffer: inout [UInt8]) throws(LinkError) -> Packet? {
    while true {
      var address = sockaddr_ll()
      var size = socklen_t(MemoryLayout<sockaddr_ll>.size)
      let count = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { from in
          buffer.withUnsafeMutableBytes {
            recvfrom(descriptor, $0.baseAddress, $0.count, Int32(MSG_TRUNC), from, &size)
          }
        }
      }
      if count < 0 {
        if errno == EINTR { continue }
        guard errno == EAGAIN else { throw LinkError("cannot see packets") }
        return nil
      }
      if address.sll_pkttype == UInt8(PACKET_OUTGOING), address.sll_hatype == Self.loopbackHardware { continue }
      var now = timespec()
      clock_gettime(CLOCK_REALTIME, &now)
      let time = UInt64(clamping: now.tv_sec) * 1_000_000_000 + UInt64(clamping: now.tv_nsec)
      return Packet(
        length: min(count, buffer.count),
        originalLength: count,
        time: time,
        isOutgoing: address.sll_pkttype == UInt8(PACKET_OUTGOING)
      )
    }
  }
}
