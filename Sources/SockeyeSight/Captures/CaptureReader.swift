internal import SockeyeWire

/// A packet of a capture, whatever the capture's format.
public struct CapturedPacket: Sendable {
  /// The packet's place in the capture, from one.
  public var number: UInt64
  /// Nanoseconds since 1970; nil where the capture doesn't say.
  public var time: UInt64?
  /// Where in the window its bytes lie, link header included.
  public var bytes: Range<Int>
  /// The packet's length on the wire in bytes, which may be more than was kept.
  public var originalLength: UInt32
  /// What it starts with.
  public var linkType: LinkType
  /// What was said about it; empty if nothing.
  public var comment: String

  /// A packet from its parts.
  public init(
    number: UInt64,
    time: UInt64?,
    bytes: Range<Int>,
    originalLength: UInt32,
    linkType: LinkType,
    comment: String
  ) {
    self.number = number
    self.time = time
    self.bytes = bytes
    self.originalLength = originalLength
    self.linkType = linkType
    self.comment = comment
  }
}

/// Why a capture can't be read, or not to its end.
public enum CaptureError: Error, Equatable, Sendable {
  /// The file is neither pcap nor pcapng.
  case unknownFormat
  /// The file ends inside a packet; everything before was read.
  case truncated
  /// The file contradicts itself; everything before was read.
  case damaged
}

/// Reads captures in pcap and in pcapng, of either byte order, a window of the file at a time.
///
/// ```swift
/// var reader = CaptureReader()
/// while let packet = try reader.next(in: window, isLast: true) { show(window.extracting(packet.bytes)) }
/// ```
///
/// The window is the caller's: when `next` answers nil, what lies before `consumed` may be dropped (tell so by
/// `dropConsumed`) and more of the file be put behind the rest. A packet larger than `largestPacket` is damage.
public struct CaptureReader: Sendable {
  /// More than any link carries, a super-segment included.
  public static let largestPacket = 1 << 20

  private enum Format: Sendable {
    case unknown
    case pcap(PcapFormat)
    case pcapng(PcapngReader)
  }

  private var format = Format.unknown
  /// How far into the window everything has been read.
  public private(set) var consumed = 0
  private var count: UInt64 = 0

  /// A reader at the start of a file.
  public init() {}

  /// Says that the window begins anew behind what was consumed.
  public mutating func dropConsumed() {
    if case .pcapng(var reader) = format {
      reader.rebase(by: consumed)
      format = .pcapng(reader)
    }
    consumed = 0
  }

  /// Reads the next packet.
  ///
  /// - Parameters:
  ///   - window: the file from where it was last dropped on, as far as it has been read.
  ///   - isLast: whether the file ends where the window does.
  /// - Returns: the packet; nil where the window holds no further whole one.
  /// - Throws: `CaptureError`.
  public mutating func next(in window: RawSpan, isLast: Bool) throws(CaptureError) -> CapturedPacket? {
    if case .unknown = format {
      guard window.byteCount - consumed >= 24 || isLast else { return nil }
      try recognize(window)
    }
    do throws(WireError) {
      switch format {
      case .unknown: return nil
      case .pcap(let pcap): return try nextOfPcap(pcap, window)
      case .pcapng(let reader): return try nextOfPcapng(reader, window)
      }
    } catch .truncated {
      guard isLast || window.byteCount - consumed > Self.largestPacket else { return nil }
      throw isLast ? .truncated : .damaged
    } catch {
      throw .damaged
    }
  }

  private mutating func recognize(_ window: RawSpan) throws(CaptureError) {
    guard window.byteCount >= 4 else { throw .unknownFormat }
    if window.loadBigEndian32(0) == 0x0A0D_0D0A {
      format = .pcapng(PcapngReader())
    } else if let pcap = PcapFormat(window) {
      format = .pcap(pcap)
      consumed = PcapFormat.headerLength
    } else {
      throw .unknownFormat
    }
  }

  private mutating func nextOfPcap(_ pcap: PcapFormat, _ window: RawSpan) throws(WireError) -> CapturedPacket? {
    guard let record = try pcap.record(in: window, at: consumed, limit: Self.largestPacket) else { return nil }
    consumed = record.bytes.upperBound
    count += 1
    return CapturedPacket(
      number: count,
      time: record.time,
      bytes: record.bytes,
      originalLength: record.originalLength,
      linkType: pcap.linkType,
      comment: ""
    )
  }

  private mutating func nextOfPcapng(_ before: PcapngReader, _ window: RawSpan) throws(WireError) -> CapturedPacket? {
    var reader = before
    defer {
      format = .pcapng(reader)
      consumed = reader.offset
    }
    while let block = try reader.next(in: window) {
      guard case .packet(let packet) = block else { continue }
      count += 1
      return CapturedPacket(
        number: count,
        time: packet.time,
        bytes: packet.bytes,
        originalLength: packet.originalLength,
        linkType: LinkType(rawValue: UInt32(reader.interfaces[packet.interface].linkType.rawValue)),
        comment: packet.comment
      )
    }
    return nil
  }
}

extension RawSpan {
  /// A number of four bytes; the caller has checked that they are there.
  func loadBigEndian32(_ offset: Int) -> UInt32 {
    UInt32(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// A number of two bytes; the caller has checked that they are there.
  func loadBigEndian16(_ offset: Int) -> UInt16 {
    UInt16(bigEndian: unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
  }
}
