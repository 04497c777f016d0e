internal import CSockeyeLinux
internal import Glibc
public import SockeyeHost

/// A TUN device: whole IP packets, read from and written to a descriptor.
///
/// With offload the kernel hands over and takes TCP super-segments of up to 64 KiB with their checksums left open
/// (`VirtioNetworkHeader`); what it coalesced is kept whole. Without, each packet has at most the MTU.
///
/// A device may have several queues: opened again under its name, with `hasQueues`, it has one more. Each is for a host of
/// its own, on a thread of its own, with the same addresses and the same listeners: the kernel spreads connections over the
/// queues by a hash of their addresses and ports, so those that it opens stay where they came in, and nothing is shared.
/// Connections that a host opens itself find their way back only while they don't rest for more than three seconds (Linux
/// forgets where they came from), so a host that connects should have the device for itself. All queues are opened before
/// the first connection comes: another one moves them.
///
/// A packet socket at one end of a pair of Ethernet devices can be taken over as well: for a network where TUN is closed.
///
/// No call blocks. The device is closed with its value; unless it was made persistent, the interface is gone then.
public struct TunnelDevice: ~Copyable {
  /// The interface's name.
  public let name: String
  /// What to wait for: readable when a packet is there.
  public let descriptor: Int32
  /// Bytes of the largest packet on the link.
  public let maximumTransmissionUnit: Int
  /// Whether super-segments pass.
  public let hasOffload: Bool
  /// Packets that the kernel did not take.
  public private(set) var packetsDropped: UInt64 = 0

  /// What is read from and written to a descriptor.
  public enum Kind: Hashable, Sendable {
    /// Packets: it is a TUN device's.
    case tunnel
    /// Ethernet frames, between the addresses that `ChildProcess` of SockeyeGateway gives to such a pair: it is a packet
    /// socket's.
    case packetSocket
  }

  private let kind: Kind
  /// The headers' place, then a packet's, which is aligned.
  private let buffer: UnsafeMutableRawBufferPointer
  private static let packetOffset = 64
  private static let capacity = 65_535

  /// Opens the device of that name, or makes it, and brings it up.
  ///
  /// - Parameters:
  ///   - name: 1 to 15 bytes.
  ///   - maximumTransmissionUnit: 68...65,535 to change the interface's; nil leaves it.
  ///   - offload: whether super-segments shall pass.
  ///   - hasKernelThread: whether a thread of the kernel's takes in what is sent here, and coalesces it (NAPI). Single
  ///     segments then cost half as much to send; answers take a wake-up longer.
  ///   - hasQueues: whether the device may be opened again, for another queue.
  /// - Throws: `LinkError`; EPERM without the capability CAP_NET_ADMIN.
  public init(
    name: String,
    maximumTransmissionUnit: Int? = nil,
    offload: Bool = true,
    hasKernelThread: Bool = false,
    hasQueues: Bool = false
  ) throws(LinkError) {
    let attempt = "cannot open the TUN device \(name)"
    guard (1...15).contains(name.utf8.count), !name.utf8.contains(0) else { throw LinkError(attempt, number: EINVAL) }
    let descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw LinkError(attempt) }
    do throws(LinkError) {
      var request = InterfaceRequest(name: name)
      request.flags = IFF_TUN | IFF_NO_PI
      if offload { request.flags |= IFF_VNET_HDR }
      if hasKernelThread { request.flags |= IFF_NAPI }
      if hasQueues { request.flags |= IFF_MULTI_QUEUE }
      guard request.perform(SOCKEYE_TUNSETIFF, on: descriptor), !offload || Self.turnOffloadOn(for: descriptor) else {
        throw LinkError(attempt)
      }
      if hasKernelThread { try Self.startKernelThread(for: name) }
      self.maximumTransmissionUnit = try NetworkInterface.bringUp(
        name,
        maximumTransmissionUnit: maximumTransmissionUnit.map { Int32(clamping: $0) }
      )
    } catch {
      close(descriptor)
      throw error
    }
    self.name = name
    self.descriptor = descriptor
    kind = .tunnel
    hasOffload = offload
    buffer = .allocate(byteCount: Self.packetOffset + Self.capacity, alignment: 64)
  }

  /// Takes over a device that somebody else has opened on a descriptor that doesn't block, without packet information and, with
  /// `offload`, with a virtio header.
  ///
  /// - Parameters:
  ///   - descriptor: closed with this value, or where this fails.
  ///   - kind: what is read from it and written to it.
  ///   - name: the interface's name, which may be another network namespace's.
  ///   - maximumTransmissionUnit: the interface's, in bytes.
  ///   - offload: whether super-segments shall pass.
  /// - Throws: `LinkError` where the kernel turns offload down.
  public init(
    adopting descriptor: Int32,
    kind: Kind = .tunnel,
    name: String,
    maximumTransmissionUnit: Int,
    offload: Bool = true
  ) throws(LinkError) {
    guard !offload || kind == .packetSocket || Self.turnOffloadOn(for: descriptor) else {
      let error = LinkError("cannot use the TUN device \(name)")
      close(descriptor)
      throw error
    }
    self.name = name
    self.descriptor = descriptor
    self.kind = kind
    self.maximumTransmissionUnit = maximumTransmissionUnit
    hasOffload = offload
    buffer = .allocate(byteCount: Self.packetOffset + Self.capacity, alignment: 64)
  }

  deinit {
    close(descriptor)
    buffer.deallocate()
  }

  /// Has the kernel put a header before each packet, and pass super-segments. Returns whether it does.
  private static func turnOffloadOn(for descriptor: Int32) -> Bool {
    var length = Int32(VirtioNetworkHeader.length)
    return ioctl(descriptor, SOCKEYE_TUNSETVNETHDRSZ, &length) == 0
      && ioctl(descriptor, SOCKEYE_TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6) == 0
  }

  /// The kernel has no call for this, only a file of the interface's.
  private static func startKernelThread(for name: String) throws(LinkError) {
    let file = open("/sys/class/net/\(name)/threaded", O_WRONLY | O_CLOEXEC)
    defer { close(file) }
    guard file >= 0, write(file, "1", 1) == 1 else {
      throw LinkError("cannot start the kernel's thread for the TUN device \(name)")
    }
  }

  /// Has the kernel hand over single packets with whole checksums from now on. A device with offload takes them without more.
  ///
  /// - Throws: `LinkError`; where the device is a packet socket's with offload, always.
  public mutating func refuseSuperSegments() throws(LinkError) {
    if kind == .packetSocket, hasOffload { throw LinkError("cannot refuse super-segments", number: EOPNOTSUPP) }
    guard !hasOffload || ioctl(descriptor, SOCKEYE_TUNSETOFFLOAD, CInt(0)) == 0 else {
      throw LinkError("cannot turn off the offload of the TUN device \(name)")
    }
  }

  private var virtioLength: Int { hasOffload ? VirtioNetworkHeader.length : 0 }
  private var frameHeaderLength: Int { kind == .packetSocket ? PairFrame.headerLength : 0 }
  /// Where a frame's header stands in the buffer, if there is one, and the packet in any case.
  private var frameOffset: Int { Self.packetOffset - frameHeaderLength }

  /// Where a packet is written before `send`, with room for the largest.
  public var packetBuffer: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(rebasing: buffer[Self.packetOffset...])
  }

  /// Reads the next packet that the kernel has sent here; nil if there is none. Its bytes are good until the next call.
  ///
  /// - Throws: `LinkError` where the device is gone.
  public mutating func receive() throws(LinkError) -> ReceivedPacket? {
    guard let base = buffer.baseAddress else { return nil }
    let start = frameOffset - virtioLength
    while true {
      let count = read(descriptor, base + start, buffer.count - start)
      if start + count > Self.packetOffset {
        if kind == .packetSocket, !carriesPacket { continue }
        return packet(until: start + count)
      }
      if count >= 0 { return nil }
      switch errno {
      case EINTR: continue
      // A device that is down, or gone with its namespace, has nothing to read.
      case EAGAIN, EIO, ENETDOWN: return nil
      default: throw LinkError("cannot read from the TUN device \(name)")
      }
    }
  }

  private var carriesPacket: Bool {
    PairFrame.carriesPacket(UnsafeRawBufferPointer(rebasing: buffer[frameOffset..<Self.packetOffset]))
  }

  /// The packet that has been read.
  private func packet(until end: Int) -> ReceivedPacket {
    let bytes = UnsafeRawBufferPointer(rebasing: buffer[Self.packetOffset..<end])
    guard hasOffload else { return ReceivedPacket(bytes: bytes, checksumsAreValid: false, segmentCount: 1) }
    let place = buffer[frameOffset - virtioLength..<frameOffset]
    let header = VirtioNetworkHeader(
      UnsafeRawBufferPointer(rebasing: place),
      frameHeaderLength: frameHeaderLength
    )
    return ReceivedPacket(
      bytes: bytes,
      checksumsAreValid: header.checksumIsTrustworthy,
      segmentCount: header.segmentCount(of: bytes)
    )
  }

  /// Sends the packet that a host wrote into `packetBuffer`. What the kernel doesn't take is lost, as on any wire.
  public mutating func send(_ transmission: Transmission) {
    guard let base = buffer.baseAddress else { return }
    let start = frameOffset - virtioLength
    let packet = UnsafeRawBufferPointer(rebasing: packetBuffer[..<transmission.length])
    if kind == .packetSocket {
      let place = buffer[frameOffset..<Self.packetOffset]
      PairFrame.writeHeader(before: packet, to: UnsafeMutableRawBufferPointer(rebasing: place))
    }
    if hasOffload {
      VirtioNetworkHeader.write(
        transmission,
        packet: packet,
        frameHeaderLength: frameHeaderLength,
        to: UnsafeMutableRawBufferPointer(rebasing: buffer[start..<frameOffset])
      )
    }
    let count = Self.packetOffset - start + transmission.length
    while write(descriptor, base + start, count) != count {
      guard errno == EINTR else {
        packetsDropped += 1
        return
      }
    }
  }
}

/// A packet that a device has received.
public struct ReceivedPacket {
  /// The whole IP packet.
  public let bytes: UnsafeRawBufferPointer
  /// Whether its transport's checksum needn't be verified.
  public let checksumsAreValid: Bool
  /// How many TCP segments have come together in it.
  public let segmentCount: Int
}
