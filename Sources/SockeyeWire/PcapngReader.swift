/// Reads captures in pcapng (draft-ietf-opsawg-pcapng), of either byte order and any number of sections.
///
/// ```swift
/// var reader = PcapngReader()
/// while let block = try reader.next(in: file) {
///   if case .packet(let packet) = block { show(file[packet.bytes]) }
/// }
/// ```
///
/// The file is the caller's: blocks name ranges of it. Each call reads one block, so a file of any size costs no more
/// memory than the interfaces that it describes.
public struct PcapngReader: Sendable {
  /// Where the next block starts.
  public private(set) var offset = 0
  /// The interfaces of this section so far.
  public private(set) var interfaces: [PcapngInterface] = []
  private var clocks: [Clock] = []
  private var isBigEndian = false
  private var hasSection = false

  /// A reader at the start of a file.
  public init() {}

  /// Says that the first `count` bytes of the file are no longer before those that `next` will be given, so that a file
  /// can be read by a window that moves. No more than `offset` of them may go.
  public mutating func rebase(by count: Int) {
    offset = max(0, offset - max(0, count))
  }

  /// What a block says.
  public enum Block: Sendable {
    /// A section starts; interfaces count from zero again.
    case section(comment: String, application: String)
    /// The section has another interface: the last of `interfaces`.
    case interface(PcapngInterface)
    /// A packet.
    case packet(Packet)
    /// A block of another kind, to be skipped: its type, and where its body lies.
    case other(type: UInt32, body: Range<Int>)
  }

  /// A packet of a capture.
  public struct Packet: Equatable, Sendable {
    /// Which of `interfaces` saw it.
    public var interface: Int
    /// Nanoseconds since 1970, nil in a block that has no time. What doesn't fit counts as the nearest that does.
    public var time: UInt64?
    /// Where in the file its bytes lie.
    public var bytes: Range<Int>
    /// The packet's length on the wire in bytes.
    public var originalLength: UInt32
    /// Which way it went.
    public var direction: PcapngDirection
    /// What was said about it, empty if nothing.
    public var comment: String
  }

  /// Reads the next block of `file`, which must be the same bytes each time, more at the end allowed. Returns nil where
  /// the file ends.
  ///
  /// - Throws: `truncated` if the file ends inside a block: with more of the file the same call succeeds. Otherwise the
  ///   file is not pcapng, or broken: `unsupportedVersion`, `invalidLength`, `invalidField`.
  public mutating func next(in file: RawSpan) throws(WireError) -> Block? {
    let rest = file.byteCount - offset
    guard rest > 0 else { return nil }
    guard rest >= 12 else { throw .truncated }
    let start = offset
    // The section header's type is a palindrome; its byte order follows at the end of its length.
    let isSection = file.bigEndian32(start) == PcapngBlockType.sectionHeader
    if isSection {
      switch file.bigEndian32(start + 8) {
      case 0x1A2B_3C4D: isBigEndian = true
      case 0x4D3C_2B1A: isBigEndian = false
      default: throw .invalidField
      }
    } else if !hasSection {
      throw .invalidField
    }
    let length = Int(load32(file, start + 4))
    guard length >= 12, length.isMultiple(of: 4) else { throw .invalidLength }
    guard length <= rest else { throw .truncated }
    guard load32(file, start + length - 4) == UInt32(truncatingIfNeeded: length) else { throw .invalidLength }
    let body = start + 8..<start + length - 4
    let block = try read(type: load32(file, start), body: body, isSection: isSection, of: file)
    offset = start + length
    return block
  }

  private mutating func read(
    type: UInt32,
    body: Range<Int>,
    isSection: Bool,
    of file: RawSpan
  ) throws(WireError) -> Block {
    if isSection { return try readSection(body, of: file) }
    switch type {
    case PcapngBlockType.interfaceDescription: return try readInterface(body, of: file)
    case PcapngBlockType.enhancedPacket: return .packet(try readEnhancedPacket(body, of: file))
    case PcapngBlockType.simplePacket: return .packet(try readSimplePacket(body, of: file))
    default: return .other(type: type, body: body)
    }
  }

  private mutating func readSection(_ body: Range<Int>, of file: RawSpan) throws(WireError) -> Block {
    guard body.count >= 16 else { throw .invalidLength }
    guard load16(file, body.lowerBound + 4) == 1 else { throw .unsupportedVersion }
    hasSection = true
    interfaces = []
    clocks = []
    var comment = ""
    var application = ""
    var position = body.lowerBound + 16
    while let option = try nextOption(after: &position, before: body.upperBound, of: file) {
      switch option.code {
      case PcapngOption.comment: comment = text(file, option.value)
      case PcapngOption.sectionApplication: application = text(file, option.value)
      default: break
      }
    }
    return .section(comment: comment, application: application)
  }

  private mutating func readInterface(_ body: Range<Int>, of file: RawSpan) throws(WireError) -> Block {
    guard body.count >= 8 else { throw .invalidLength }
    var interface = PcapngInterface(
      linkType: PcapngLinkType(rawValue: load16(file, body.lowerBound)),
      snapshotLength: load32(file, body.lowerBound + 4)
    )
    var clock = Clock()
    var position = body.lowerBound + 8
    while let option = try nextOption(after: &position, before: body.upperBound, of: file) {
      switch (option.code, option.value.count) {
      case (PcapngOption.interfaceName, _): interface.name = text(file, option.value)
      case (PcapngOption.interfaceDescription, _): interface.description = text(file, option.value)
      case (PcapngOption.timestampResolution, 1): clock.resolution = file.byte(option.value.lowerBound)
      case (PcapngOption.timestampOffset, 8): clock.offset = Int64(bitPattern: load64(file, option.value.lowerBound))
      default: break
      }
    }
    interfaces.append(interface)
    clocks.append(clock)
    return .interface(interface)
  }

  private func readEnhancedPacket(_ body: Range<Int>, of file: RawSpan) throws(WireError) -> Packet {
    guard body.count >= 20 else { throw .invalidLength }
    let interface = load32(file, body.lowerBound)
    guard interface < clocks.count else { throw .invalidField }
    let ticks = UInt64(load32(file, body.lowerBound + 4)) << 32 | UInt64(load32(file, body.lowerBound + 8))
    let captured = Int(load32(file, body.lowerBound + 12))
    guard captured <= body.count - 20 else { throw .invalidLength }
    let start = body.lowerBound + 20
    var packet = Packet(
      interface: Int(interface),
      time: clocks[Int(interface)].nanoseconds(ticks),
      bytes: start..<start + captured,
      originalLength: load32(file, body.lowerBound + 16),
      direction: .unknown,
      comment: ""
    )
    var position = start + (captured + 3) & ~3
    while let option = try nextOption(after: &position, before: body.upperBound, of: file) {
      switch (option.code, option.value.count) {
      case (PcapngOption.comment, _):
        packet.comment = text(file, option.value)
      case (PcapngOption.packetFlags, 4):
        let flags = load32(file, option.value.lowerBound)
        packet.direction = PcapngDirection(rawValue: UInt8(flags & 3)) ?? .unknown
      default:
        break
      }
    }
    return packet
  }

  private func readSimplePacket(_ body: Range<Int>, of file: RawSpan) throws(WireError) -> Packet {
    guard body.count >= 4 else { throw .invalidLength }
    guard let interface = interfaces.first else { throw .invalidField }
    let originalLength = load32(file, body.lowerBound)
    let limit = interface.snapshotLength == 0 ? UInt32.max : interface.snapshotLength
    let captured = Int(min(originalLength, limit))
    guard captured <= body.count - 4 else { throw .invalidLength }
    let start = body.lowerBound + 4
    return Packet(
      interface: 0,
      time: nil,
      bytes: start..<start + captured,
      originalLength: originalLength,
      direction: .unknown,
      comment: ""
    )
  }

  /// The option at `position`, which is moved behind it; nil at the end of the list or of the block.
  private func nextOption(
    after position: inout Int,
    before end: Int,
    of file: RawSpan
  ) throws(WireError) -> (code: UInt16, value: Range<Int>)? {
    guard end - position >= 4 else { return nil }
    let code = load16(file, position)
    guard code != PcapngOption.end else { return nil }
    let length = Int(load16(file, position + 2))
    guard length <= end - position - 4 else { throw .invalidLength }
    let value = position + 4..<position + 4 + length
    position += 4 + (length + 3) & ~3
    return (code, value)
  }

  private func text(_ file: RawSpan, _ range: Range<Int>) -> String {
    file.extracting(range).withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
  }

  private func load16(_ file: RawSpan, _ offset: Int) -> UInt16 {
    let value = file.bigEndian16(offset)
    return isBigEndian ? value : value.byteSwapped
  }

  private func load32(_ file: RawSpan, _ offset: Int) -> UInt32 {
    let value = file.bigEndian32(offset)
    return isBigEndian ? value : value.byteSwapped
  }

  private func load64(_ file: RawSpan, _ offset: Int) -> UInt64 {
    let value = file.bigEndian64(offset)
    return isBigEndian ? value : value.byteSwapped
  }
}

extension PcapngReader {
  /// How an interface counts time.
  private struct Clock: Sendable {
    /// if_tsresol: a negative power of ten, or of two with the high bit set. Microseconds unless said.
    var resolution: UInt8 = 6
    /// if_tsoffset: seconds to add.
    var offset: Int64 = 0

    /// Nanoseconds since 1970 of a count of ticks, clamped to what 64 bits hold.
    func nanoseconds(_ ticks: UInt64) -> UInt64 {
      let scaled = resolution & 0x80 == 0 ? scaledByTen(ticks) : scaledByTwo(ticks)
      let (seconds, overflows) = offset.magnitude.multipliedReportingOverflow(by: 1_000_000_000)
      let shift = overflows ? UInt64.max : seconds
      if offset < 0 { return scaled > shift ? scaled - shift : 0 }
      let (sum, carries) = scaled.addingReportingOverflow(shift)
      return carries ? UInt64.max : sum
    }

    private func scaledByTen(_ ticks: UInt64) -> UInt64 {
      var value = ticks
      for _ in resolution..<max(resolution, 9) {
        let (product, overflows) = value.multipliedReportingOverflow(by: 10)
        guard !overflows else { return UInt64.max }
        value = product
      }
      for _ in 9..<max(resolution, 9) { value /= 10 }
      return value
    }

    private func scaledByTwo(_ ticks: UInt64) -> UInt64 {
      let shift = UInt64(resolution & 0x7F)
      let product = ticks.multipliedFullWidth(by: 1_000_000_000)
      guard shift < 64 else { return shift < 128 ? product.high >> (shift - 64) : 0 }
      guard product.high >> shift == 0 else { return UInt64.max }
      return shift == 0 ? product.low : product.low >> shift | product.high << (64 - shift)
    }
  }
}
