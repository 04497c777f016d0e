internal import CSockeyeLinux
internal import SockeyeHost
internal import SockeyeWire

/// What stands before each packet of a device with offload (`struct virtio_net_hdr`; VIRTIO 1.2 section 5.1.6): whether its
/// checksum is finished, and into which segments it falls. Fields have the machine's byte order.
struct VirtioNetworkHeader: Equatable {
  static let length = MemoryLayout<virtio_net_hdr>.size

  /// The checksum was verified, or is only to be filled in on the way: the packet has not been on a wire.
  var checksumIsTrustworthy = false
  /// Bytes of data in each segment; 0 for a packet that is one.
  var segmentSize = 0
  /// Where in the packet the transport's header starts whose checksum is to be filled in.
  var checksumStart: Int?

  init() {}

  /// Reads the header that is all of `bytes`.
  ///
  /// - Parameter frameHeaderLength: bytes between it and the packet.
  init(_ bytes: UnsafeRawBufferPointer, frameHeaderLength: Int = 0) {
    let header = bytes.loadUnaligned(as: virtio_net_hdr.self)
    let flags = UInt32(header.flags)
    checksumIsTrustworthy = flags & UInt32(VIRTIO_NET_HDR_F_NEEDS_CSUM | VIRTIO_NET_HDR_F_DATA_VALID) != 0
    if flags & UInt32(VIRTIO_NET_HDR_F_NEEDS_CSUM) != 0 {
      checksumStart = max(0, Int(header.csum_start) - frameHeaderLength)
    }
    if UInt32(header.gso_type) != UInt32(VIRTIO_NET_HDR_GSO_NONE) { segmentSize = Int(header.gso_size) }
  }

  /// How many TCP segments have come together in a packet: as many as its data fills, one at least.
  func segmentCount(of packet: UnsafeRawBufferPointer) -> Int {
    guard segmentSize > 0, let checksumStart, checksumStart + TCPHeader.minimumLength <= packet.count else { return 1 }
    let headers = checksumStart + Int(packet[checksumStart + 12] >> 4) * 4
    return max(1, (packet.count - headers + segmentSize - 1) / segmentSize)
  }

  /// Writes the header for a packet of the host's into all of `bytes`.
  ///
  /// - Parameter frameHeaderLength: bytes between it and the packet.
  static func write(
    _ transmission: Transmission,
    packet: UnsafeRawBufferPointer,
    frameHeaderLength: Int = 0,
    to bytes: UnsafeMutableRawBufferPointer
  ) {
    var header = virtio_net_hdr()
    if let start = transmission.checksumStart {
      header.flags = UInt8(VIRTIO_NET_HDR_F_NEEDS_CSUM)
      header.csum_start = UInt16(clamping: frameHeaderLength + start)
      header.csum_offset = UInt16(TCPHeader.checksumOffset)
      if let size = transmission.offload {
        let isIPv4 = packet[0] >> 4 == 4
        header.gso_type = UInt8(isIPv4 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6)
        header.gso_size = UInt16(clamping: size)
        header.hdr_len = UInt16(clamping: frameHeaderLength + start + Int(packet[start + 12] >> 4) * 4)
      }
    }
    bytes.storeBytes(of: header, as: virtio_net_hdr.self)
  }
}
