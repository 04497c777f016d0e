/// A TCP header (RFC 9293 section 3.1) as a plain value: what a segment said, or what one is to say.
///
/// ```
///  0                   1                   2                   3
///  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
/// +-------------------------------+-------------------------------+
/// |          source port          |       destination port        |
/// +-------------------------------+-------------------------------+
/// |                        sequence number                        |
/// +---------------------------------------------------------------+
/// |                    acknowledgment number                      |
/// +-------+-----+-+-+-+-+-+-+-+-+-+-------------------------------+
/// | offset|     |A|C|E|U|A|P|R|S|F|            window             |
/// +-------+-----+-+-+-+-+-+-+-+-+-+-------------------------------+
/// |           checksum            |        urgent pointer         |
/// +-------------------------------+-------------------------------+
/// |                       options, padding                        |
/// ```
public struct TCPHeader: Equatable, Sendable {
  /// The length of a header without options, in bytes.
  public static var minimumLength: Int { @_noLocks get { 20 } }
  /// The length of a header with as many options as fit, in bytes.
  public static var maximumLength: Int { @_noLocks get { 60 } }
  /// Where the checksum stands, for those who fill it in or let a device do so.
  public static var checksumOffset: Int { @_noLocks get { 16 } }
  /// TCP's number in an IP header.
  public static var protocolNumber: UInt8 { @_noLocks get { 6 } }

  /// The sender's port.
  public var sourcePort: UInt16
  /// The receiver's port.
  public var destinationPort: UInt16
  /// The sequence number of the first byte of data, or of the SYN.
  public var sequenceNumber: UInt32
  /// The next sequence number that the sender expects, if ACK is set.
  public var acknowledgmentNumber: UInt32
  /// The control bits.
  public var flags: TCPFlags
  /// The receive window as it stands in the header: not yet scaled.
  public var window: UInt16
  /// The offset of the first byte that isn't urgent from the sequence number, if URG is set.
  public var urgentPointer: UInt16
  /// The options.
  public var options: TCPOptions

  /// A header from its fields.
  @_noLocks
  public init(
    sourcePort: UInt16,
    destinationPort: UInt16,
    sequenceNumber: UInt32,
    acknowledgmentNumber: UInt32 = 0,
    flags: TCPFlags,
    window: UInt16 = 0,
    urgentPointer: UInt16 = 0,
    options: TCPOptions = TCPOptions()
  ) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.sequenceNumber = sequenceNumber
    self.acknowledgmentNumber = acknowledgmentNumber
    self.flags = flags
    self.window = window
    self.urgentPointer = urgentPointer
    self.options = options
  }

  /// How many bytes `emit` writes: 20 for the fixed fields and what the options take, a multiple of four.
  public var length: Int {
    @_noLocks get { Self.minimumLength + options.length }
  }
}

extension TCPHeader {
  /// Reads the header at the start of `segment`, which ends where the IP payload ends.
  ///
  /// Returns the header, and where in `segment` the payload lies. The checksum is not looked at (a device may have done
  /// so, see `InternetChecksum`); reserved bits are ignored, as is whatever is wrong inside the option area (MUST-7).
  ///
  /// - Throws: `truncated` if there are fewer bytes than a header has or the data offset says, `invalidHeaderLength` if
  ///   the data offset is less than five words.
  @_noLocks
  public static func parse(_ segment: RawSpan) throws(WireError) -> (header: TCPHeader, payload: Range<Int>) {
    guard segment.byteCount >= minimumLength else { throw .truncated }
    let offsetAndFlags = segment.bigEndian16(12)
    let length = Int(offsetAndFlags >> 12) * 4
    guard length >= minimumLength else { throw .invalidHeaderLength }
    guard length <= segment.byteCount else { throw .truncated }
    let header = TCPHeader(
      sourcePort: segment.bigEndian16(0),
      destinationPort: segment.bigEndian16(2),
      sequenceNumber: segment.bigEndian32(4),
      acknowledgmentNumber: segment.bigEndian32(8),
      flags: TCPFlags(rawValue: offsetAndFlags & TCPFlags.mask),
      window: segment.bigEndian16(14),
      urgentPointer: segment.bigEndian16(18),
      options: length == minimumLength ? TCPOptions() : TCPOptions.parse(segment, area: minimumLength..<length)
    )
    return (header, length..<segment.byteCount)
  }

  /// Writes the header into `bytes` at `offset` with a checksum of zero, and returns its length.
  ///
  /// `bytes` must have room for `length` bytes and the options must fit in `TCPOptions.maximumLength`; both are the
  /// caller's to see to, since neither depends on what a peer sent.
  @_noLocks
  @discardableResult
  public func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) -> Int {
    // As in `TCPOptions.parse`: what nearly all segments carry takes no walk through the options.
    let timestamp = options.timestampAlone
    let length: Int
    if case .some = timestamp {
      length = Self.minimumLength + TCPOptions.alignedTimestampLength
    } else {
      length = self.length
    }
    precondition(length <= Self.maximumLength, "more options than a TCP header has room for")
    precondition(offset >= 0 && length <= bytes.byteCount - offset, "no room for the TCP header")
    // Whole words, as in `IPv4Header.emit`.
    let ports = UInt32(sourcePort) << 16 | UInt32(destinationPort)
    bytes.storeBigEndian(UInt64(ports) << 32 | UInt64(sequenceNumber), at: offset)
    let dataOffset = UInt16(truncatingIfNeeded: length / 4) << 12
    let state = UInt32(dataOffset | (flags.rawValue & TCPFlags.mask)) << 16 | UInt32(window)
    bytes.storeBigEndian(UInt64(acknowledgmentNumber) << 32 | UInt64(state), at: offset + 8)
    bytes.storeBigEndian(UInt32(urgentPointer), at: offset + Self.checksumOffset)
    if let timestamp {
      let prefixAndValue = UInt64(TCPOptions.alignedTimestampPrefix) << 32 | UInt64(timestamp.value)
      bytes.storeBigEndian(prefixAndValue, at: offset + Self.minimumLength)
      bytes.storeBigEndian(timestamp.echo, at: offset + Self.minimumLength + 8)
    } else if length > Self.minimumLength {
      options.emit(into: &bytes, at: offset + Self.minimumLength)
    }
    return length
  }
}
