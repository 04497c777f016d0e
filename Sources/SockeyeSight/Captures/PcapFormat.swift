internal import SockeyeWire

/// The classic capture format of libpcap (draft-ietf-opsawg-pcap): a header, then records.
struct PcapFormat: Sendable {
  /// Bytes of the file's header.
  static let headerLength = 24
  private static let recordHeaderLength = 16

  private let isBigEndian: Bool
  private let hasNanoseconds: Bool
  /// What the packets start with.
  let linkType: LinkType

  /// One record of the file.
  struct Record {
    /// Nanoseconds since 1970.
    var time: UInt64
    /// Where its bytes lie.
    var bytes: Range<Int>
    /// Its length on the wire.
    var originalLength: UInt32
  }

  /// Reads the file's header; nil if this is no such file.
  init?(_ file: RawSpan) {
    guard file.byteCount >= Self.headerLength else { return nil }
    switch file.loadBigEndian32(0) {
    case 0xA1B2_C3D4: (isBigEndian, hasNanoseconds) = (true, false)
    case 0xA1B2_3C4D: (isBigEndian, hasNanoseconds) = (true, true)
    case 0xD4C3_B2A1: (isBigEndian, hasNanoseconds) = (false, false)
    case 0x4D3C_B2A1: (isBigEndian, hasNanoseconds) = (false, true)
    default: return nil
    }
    let network = file.loadBigEndian32(20)
    // The high bits say how many bytes a frame check sequence has.
    linkType = LinkType(rawValue: (isBigEndian ? network : network.byteSwapped) & 0x0FFF_FFFF)
  }

  /// Reads the record at `offset`; nil where the file ends.
  ///
  /// - Throws: `truncated` where more of the file is needed, `invalidLength` where the record is longer than `limit`.
  func record(in file: RawSpan, at offset: Int, limit: Int) throws(WireError) -> Record? {
    guard offset < file.byteCount else { return nil }
    guard file.byteCount - offset >= Self.recordHeaderLength else { throw .truncated }
    let length = Int(load(file, offset + 8))
    guard length <= limit else { throw .invalidLength }
    let start = offset + Self.recordHeaderLength
    guard length <= file.byteCount - start else { throw .truncated }
    let fraction = UInt64(load(file, offset + 4)) * (hasNanoseconds ? 1 : 1_000)
    return Record(
      time: UInt64(load(file, offset)) * 1_000_000_000 + fraction,
      bytes: start..<start + length,
      originalLength: load(file, offset + 12)
    )
  }

  private func load(_ file: RawSpan, _ offset: Int) -> UInt32 {
    let value = file.loadBigEndian32(offset)
    return isBigEndian ? value : value.byteSwapped
  }
}
