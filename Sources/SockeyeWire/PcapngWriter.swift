/// Writes captures that Wireshark and its tools open (pcapng, draft-ietf-opsawg-pcapng).
///
/// Blocks are appended to the caller's bytes, to be written to a file whenever it likes:
///
/// ```swift
/// var capture: [UInt8] = []
/// var writer = PcapngWriter(application: "sockeye", into: &capture)
/// let link = writer.addInterface(PcapngInterface(name: "lab"), into: &capture)
/// writer.addPacket(packet.span.bytes, at: nanoseconds, interface: link, into: &capture)
/// ```
///
/// Numbers are little-endian and times are nanoseconds since 1970.
public struct PcapngWriter: Sendable {
  /// How many interfaces the section has.
  public private(set) var interfaceCount = 0

  /// Starts a section: what each capture starts with. `application` says what wrote it; `comment` says anything.
  public init(application: String = "", comment: String = "", into bytes: inout [UInt8]) {
    Self.block(PcapngBlockType.sectionHeader, into: &bytes) { bytes in
      bytes.append(little: UInt32(0x1A2B_3C4D))
      bytes.append(little: UInt16(1))
      bytes.append(little: UInt16(0))
      // The section's length isn't known while it is being written.
      bytes.append(little: UInt64.max)
      bytes.append(option: PcapngOption.comment, text: comment)
      bytes.append(option: PcapngOption.sectionApplication, text: application)
      bytes.endOptions()
    }
  }

  /// Adds an interface, and returns the number by which packets name it.
  public mutating func addInterface(_ interface: PcapngInterface, into bytes: inout [UInt8]) -> Int {
    Self.block(PcapngBlockType.interfaceDescription, into: &bytes) { bytes in
      bytes.append(little: interface.linkType.rawValue)
      bytes.append(little: UInt16(0))
      bytes.append(little: interface.snapshotLength)
      bytes.append(option: PcapngOption.interfaceName, text: interface.name)
      bytes.append(option: PcapngOption.interfaceDescription, text: interface.description)
      bytes.append(option: PcapngOption.timestampResolution, length: 1)
      bytes.append(9)
      bytes.pad(after: 1)
      bytes.endOptions()
    }
    interfaceCount += 1
    return interfaceCount - 1
  }

  /// Adds a packet that an interface saw.
  ///
  /// - Parameters:
  ///   - packet: what was kept of it.
  ///   - time: nanoseconds since 1970.
  ///   - interface: the number that `addInterface` gave.
  ///   - direction: whether the packet came in or went out.
  ///   - originalLength: its length on the wire in bytes; that of `packet` unless said.
  ///   - comment: shown beside the packet by those who read the capture.
  ///   - bytes: the capture so far; the packet's block is appended.
  public func addPacket(
    _ packet: RawSpan,
    at time: UInt64,
    interface: Int,
    direction: PcapngDirection = .unknown,
    originalLength: Int? = nil,
    comment: String = "",
    into bytes: inout [UInt8]
  ) {
    addPacket(
      length: packet.byteCount,
      at: time,
      interface: interface,
      direction: direction,
      originalLength: originalLength,
      comment: comment,
      into: &bytes
    ) { $0.copy(packet, at: 0) }
  }

  /// Adds a packet of `length` bytes that `fill` writes into their place, all zero before.
  ///
  /// What is written needn't exist anywhere else: `IPEnvelope.emit` makes it there.
  public func addPacket(
    length: Int,
    at time: UInt64,
    interface: Int,
    direction: PcapngDirection = .unknown,
    originalLength: Int? = nil,
    comment: String = "",
    into bytes: inout [UInt8],
    fill: (inout MutableRawSpan) -> Void
  ) {
    precondition(interface >= 0 && interface < interfaceCount, "an interface that was not added")
    Self.block(PcapngBlockType.enhancedPacket, into: &bytes) { bytes in
      bytes.append(little: UInt32(truncatingIfNeeded: interface))
      bytes.append(little: UInt32(truncatingIfNeeded: time >> 32))
      bytes.append(little: UInt32(truncatingIfNeeded: time))
      bytes.append(little: UInt32(truncatingIfNeeded: length))
      bytes.append(little: UInt32(truncatingIfNeeded: originalLength ?? length))
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: length))
      bytes.withUnsafeMutableBytes { buffer in
        var packet = UnsafeMutableRawBufferPointer(rebasing: buffer[start..<start + length]).mutableBytes
        fill(&packet)
      }
      bytes.pad(after: length)
      if direction != .unknown {
        bytes.append(option: PcapngOption.packetFlags, length: 4)
        bytes.append(little: UInt32(direction.rawValue))
      }
      bytes.append(option: PcapngOption.comment, text: comment)
      if direction != .unknown || !comment.isEmpty { bytes.endOptions() }
    }
  }

  /// A block's frame around `body`: its type, and its length before and behind.
  private static func block(_ type: UInt32, into bytes: inout [UInt8], body: (inout [UInt8]) -> Void) {
    let start = bytes.count
    bytes.append(little: type)
    bytes.append(little: UInt32(0))
    body(&bytes)
    let length = UInt32(truncatingIfNeeded: bytes.count - start + 4)
    for index in 0..<4 { bytes[start + 4 + index] = UInt8(truncatingIfNeeded: length >> UInt32(8 * index)) }
    bytes.append(little: length)
  }
}

extension [UInt8] {
  fileprivate mutating func append(little value: some FixedWidthInteger) {
    for index in 0..<value.bitWidth / 8 { append(UInt8(truncatingIfNeeded: value >> (8 * index))) }
  }

  fileprivate mutating func append(option code: UInt16, length: Int) {
    append(little: code)
    append(little: UInt16(truncatingIfNeeded: length))
  }

  /// Appends an option of text, or nothing if there is none. An option's length is 16 bits: text beyond that is cut off
  /// before the character that doesn't fit.
  fileprivate mutating func append(option code: UInt16, text: String) {
    guard !text.isEmpty else { return }
    let utf8 = text.utf8
    var end = utf8.index(utf8.startIndex, offsetBy: Int(UInt16.max), limitedBy: utf8.endIndex) ?? utf8.endIndex
    while end > utf8.startIndex, end < utf8.endIndex, utf8[end] & 0xC0 == 0x80 { end = utf8.index(before: end) }
    let kept = utf8[..<end]
    append(option: code, length: kept.count)
    append(contentsOf: kept)
    pad(after: kept.count)
  }

  /// Appends the zeros that make a whole number of words of `length` bytes before.
  fileprivate mutating func pad(after length: Int) {
    append(contentsOf: repeatElement(0, count: -length & 3))
  }

  fileprivate mutating func endOptions() {
    append(option: PcapngOption.end, length: 0)
  }
}
