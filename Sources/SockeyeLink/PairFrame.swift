internal import CSockeyeLinux

/// A frame between the two Ethernet devices that a command's network has in place of a TUN device.
enum PairFrame {
  /// Bytes before the packet: two addresses and a type (IEEE 802.3, section 3.1.1).
  static let headerLength = Int(ETH_HLEN)

  /// Writes the header of a frame to the command's device into all of `bytes`.
  ///
  /// - Parameter packet: the IP packet that follows; it has at least one byte.
  static func writeHeader(before packet: UnsafeRawBufferPointer, to bytes: UnsafeMutableRawBufferPointer) {
    let type = packet.first.map { $0 >> 4 } == 4 ? ETH_P_IP : ETH_P_IPV6
    withUnsafeBytes(of: SOCKEYE_PAIR_FAR) { bytes.copyBytes(from: $0) }
    withUnsafeBytes(of: SOCKEYE_PAIR_NEAR) { bytes[6...].copyBytes(from: $0) }
    bytes.storeBytes(of: UInt16(truncatingIfNeeded: type).bigEndian, toByteOffset: 12, as: UInt16.self)
  }

  /// Whether a frame's header says that an IP packet follows it.
  static func carriesPacket(_ header: UnsafeRawBufferPointer) -> Bool {
    let type = Int32(UInt16(bigEndian: header.loadUnaligned(fromByteOffset: 12, as: UInt16.self)))
    return type == ETH_P_IP || type == ETH_P_IPV6
  }
}
