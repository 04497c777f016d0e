/// What captured packets start with, by the registry of link types, and how to find the IP packet in them.
public struct LinkType: RawRepresentable, Hashable, Sendable {
  /// The registered number.
  public let rawValue: UInt32

  /// The link type of that number.
  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  /// Where in a packet the IP packet starts; nil where there is none, or the link type isn't known.
  ///
  /// Ethernet with up to four VLAN tags, Linux's cooked captures of both versions, BSD's loopback, and bare IP.
  public func networkOffset(in packet: RawSpan) -> Int? {
    switch rawValue {
    case 0, 108: return packet.byteCount >= 5 ? checked(4, packet) : nil
    case 1: return ethernet(packet, typeOffset: 12)
    case 12, 14, 101, 228, 229: return checked(0, packet)
    case 113: return ethernet(packet, typeOffset: 14)
    case 276:
      guard packet.byteCount >= 20 else { return nil }
      return isNetwork(packet.loadBigEndian16(0)) ? checked(20, packet) : nil
    default: return nil
    }
  }

  /// Skips VLAN tags from the type field on.
  private func ethernet(_ packet: RawSpan, typeOffset: Int) -> Int? {
    var offset = typeOffset
    for _ in 0...4 {
      guard packet.byteCount >= offset + 2 else { return nil }
      let type = packet.loadBigEndian16(offset)
      if isNetwork(type) { return checked(offset + 2, packet) }
      guard type == 0x8100 || type == 0x88A8 || type == 0x9100 else { return nil }
      offset += 4
    }
    return nil
  }

  private func isNetwork(_ type: UInt16) -> Bool { type == 0x0800 || type == 0x86DD }

  /// The offset, if an IP packet can start there.
  private func checked(_ offset: Int, _ packet: RawSpan) -> Int? {
    guard packet.byteCount > offset else { return nil }
    let version = packet.unsafeLoad(fromByteOffset: offset, as: UInt8.self) >> 4
    return version == 4 || version == 6 ? offset : nil
  }
}
