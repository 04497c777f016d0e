/// An IPv6 header (RFC 8200 section 3) as a plain value, without what extension headers follow.
public struct IPv6Header: Hashable, Sendable {
  /// The header's length in bytes.
  public static var length: Int { @_noLocks get { 40 } }
  /// The longest payload that a header without the jumbo option names, extension headers included, in bytes.
  public static var maximumPayloadLength: Int { @_noLocks get { 65535 } }

  /// DSCP in the high six bits, ECN in the low two (RFC 3168).
  public var trafficClass: UInt8
  /// What the packets of one flow share, 20 bits.
  public var flowLabel: UInt32
  /// What follows the header, by IANA's registry: an extension header or the payload.
  public var nextHeader: UInt8
  /// How many routers the packet may still cross.
  public var hopLimit: UInt8
  /// The address of who sent it.
  public var source: IPv6Address
  /// Whom it is for.
  public var destination: IPv6Address

  /// A header from its fields. Only the low 20 bits of the flow label are kept.
  @_noLocks
  public init(
    trafficClass: UInt8 = 0,
    flowLabel: UInt32 = 0,
    nextHeader: UInt8,
    hopLimit: UInt8 = 64,
    source: IPv6Address,
    destination: IPv6Address
  ) {
    self.trafficClass = trafficClass
    self.flowLabel = flowLabel & 0xF_FFFF
    self.nextHeader = nextHeader
    self.hopLimit = hopLimit
    self.source = source
    self.destination = destination
  }
}

extension IPv6Header {
  /// Reads the header at the start of `packet`. Returns it, and where in `packet` what follows it lies: extension
  /// headers and payload. Bytes behind that are a link's padding. A jumbogram (RFC 2675) reads as an empty payload.
  ///
  /// - Throws: `truncated`, `unsupportedVersion`.
  @_noLocks
  public static func parse(_ packet: RawSpan) throws(WireError) -> (header: IPv6Header, payload: Range<Int>) {
    let (header, rest) = try parseQuoted(packet)
    let payloadLength = Int(packet.bigEndian16(4))
    guard payloadLength <= rest.count else { throw .truncated }
    return (header, length..<length + payloadLength)
  }

  /// Reads the header at the start of a packet that may have been cut off behind it, as ICMPv6 quotes it. Returns it,
  /// and where the rest lies.
  ///
  /// - Throws: `truncated`, `unsupportedVersion`.
  @_noLocks
  public static func parseQuoted(_ packet: RawSpan) throws(WireError) -> (header: IPv6Header, payload: Range<Int>) {
    guard packet.byteCount >= length else { throw .truncated }
    let first = packet.bigEndian32(0)
    guard first >> 28 == 6 else { throw .unsupportedVersion }
    let header = IPv6Header(
      trafficClass: UInt8(truncatingIfNeeded: first >> 20),
      flowLabel: first,
      nextHeader: packet.byte(6),
      hopLimit: packet.byte(7),
      source: IPv6Address(high: packet.bigEndian64(8), low: packet.bigEndian64(16)),
      destination: IPv6Address(high: packet.bigEndian64(24), low: packet.bigEndian64(32))
    )
    return (header, length..<packet.byteCount)
  }

  /// Writes the header into `bytes` at `offset` for `payloadLength` bytes that follow it, extension headers included.
  /// Returns its length.
  ///
  /// `bytes` must have room for `length`, and `payloadLength` must not exceed `maximumPayloadLength`.
  @_noLocks
  @discardableResult
  public func emit(into bytes: inout MutableRawSpan, at offset: Int = 0, payloadLength: Int) -> Int {
    precondition(offset >= 0 && Self.length <= bytes.byteCount - offset, "no room for the IPv6 header")
    precondition(payloadLength >= 0 && payloadLength <= Self.maximumPayloadLength, "IPv6 payload too long")
    bytes.storeBigEndian(6 << 28 | UInt32(trafficClass) << 20 | (flowLabel & 0xF_FFFF), at: offset)
    bytes.storeBigEndian(UInt16(truncatingIfNeeded: payloadLength), at: offset + 4)
    bytes.store(nextHeader, at: offset + 6)
    bytes.store(hopLimit, at: offset + 7)
    bytes.storeBigEndian(source.high, at: offset + 8)
    bytes.storeBigEndian(source.low, at: offset + 16)
    bytes.storeBigEndian(destination.high, at: offset + 24)
    bytes.storeBigEndian(destination.low, at: offset + 32)
    return Self.length
  }
}
