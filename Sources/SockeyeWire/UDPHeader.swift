/// A UDP header (RFC 768) as a plain value.
public struct UDPHeader: Hashable, Sendable {
  /// The header's length in bytes.
  public static var length: Int { @_noLocks get { 8 } }
  /// The longest datagram, header included, in bytes.
  public static var maximumDatagramLength: Int { @_noLocks get { 65535 } }
  /// Where the checksum stands, for those who fill it in or let a device do so.
  public static var checksumOffset: Int { @_noLocks get { 6 } }
  /// UDP's number in an IP header.
  public static var protocolNumber: UInt8 { @_noLocks get { 17 } }

  /// The sender's port, 0 if it wants no answer.
  public var sourcePort: UInt16
  /// The receiver's port.
  public var destinationPort: UInt16
  /// Whether the datagram carries a checksum. IPv4 allows one without; IPv6 doesn't (RFC 8200 section 8.1).
  public var hasChecksum: Bool

  /// A header from its fields.
  @_noLocks
  public init(sourcePort: UInt16, destinationPort: UInt16, hasChecksum: Bool = true) {
    self.sourcePort = sourcePort
    self.destinationPort = destinationPort
    self.hasChecksum = hasChecksum
  }

  /// Reads the header at the start of `datagram`, which ends where the IP payload ends. Returns it, and where in
  /// `datagram` the payload lies. The checksum itself is not verified, see `InternetChecksum`.
  ///
  /// - Throws: `truncated`, `invalidLength` if the length is less than the header's.
  @_noLocks
  public static func parse(_ datagram: RawSpan) throws(WireError) -> (header: UDPHeader, payload: Range<Int>) {
    guard datagram.byteCount >= length else { throw .truncated }
    let total = Int(datagram.bigEndian16(4))
    guard total >= length else { throw .invalidLength }
    guard total <= datagram.byteCount else { throw .truncated }
    let header = UDPHeader(
      sourcePort: datagram.bigEndian16(0),
      destinationPort: datagram.bigEndian16(2),
      hasChecksum: datagram.bigEndian16(checksumOffset) != 0
    )
    return (header, length..<total)
  }

  /// Writes the header into `bytes` at `offset` for a payload of `payloadLength` bytes, with a checksum of zero. Returns
  /// its length.
  ///
  /// `bytes` must have room for `length`, and header and payload together must not exceed `maximumDatagramLength`.
  @_noLocks
  @discardableResult
  public func emit(into bytes: inout MutableRawSpan, at offset: Int = 0, payloadLength: Int) -> Int {
    precondition(offset >= 0 && Self.length <= bytes.byteCount - offset, "no room for the UDP header")
    precondition(
      payloadLength >= 0 && payloadLength <= Self.maximumDatagramLength - Self.length,
      "UDP payload too long"
    )
    bytes.storeBigEndian(sourcePort, at: offset)
    bytes.storeBigEndian(destinationPort, at: offset + 2)
    bytes.storeBigEndian(UInt16(truncatingIfNeeded: Self.length + payloadLength), at: offset + 4)
    bytes.storeBigEndian(UInt16(0), at: offset + Self.checksumOffset)
    return Self.length
  }
}
