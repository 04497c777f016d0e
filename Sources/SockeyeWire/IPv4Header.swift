/// An IPv4 header (RFC 791 section 3.1) as a plain value.
public struct IPv4Header: Equatable, Sendable {
  /// The length of a header without options, in bytes.
  public static var minimumLength: Int { @_noLocks get { 20 } }
  /// The length of a header with as many options as fit, in bytes.
  public static var maximumLength: Int { @_noLocks get { 60 } }
  /// The longest packet, header included, in bytes.
  public static var maximumPacketLength: Int { @_noLocks get { 65535 } }

  /// DSCP in the high six bits (RFC 2474), ECN in the low two (RFC 3168).
  public var trafficClass: UInt8
  /// What the fragments of one packet share.
  public var identification: UInt16
  /// DF: routers must not fragment the packet.
  public var dontFragment: Bool
  /// MF: more fragments follow this one.
  public var moreFragments: Bool
  /// Where the payload belongs in the whole, in bytes: a multiple of eight, 0...65528.
  public var fragmentOffset: UInt16
  /// How many routers the packet may still cross.
  public var timeToLive: UInt8
  /// What the payload is, by IANA's registry.
  public var protocolNumber: UInt8
  /// The address of who sent it.
  public var source: IPv4Address
  /// Whom it is for.
  public var destination: IPv4Address
  /// The options.
  public var options: IPv4Options

  /// A header from its fields. The offset is rounded down to a multiple of eight.
  @_noLocks
  public init(
    trafficClass: UInt8 = 0,
    identification: UInt16 = 0,
    dontFragment: Bool = true,
    moreFragments: Bool = false,
    fragmentOffset: UInt16 = 0,
    timeToLive: UInt8 = 64,
    protocolNumber: UInt8,
    source: IPv4Address,
    destination: IPv4Address,
    options: IPv4Options = IPv4Options()
  ) {
    self.trafficClass = trafficClass
    self.identification = identification
    self.dontFragment = dontFragment
    self.moreFragments = moreFragments
    self.fragmentOffset = fragmentOffset & ~7
    self.timeToLive = timeToLive
    self.protocolNumber = protocolNumber
    self.source = source
    self.destination = destination
    self.options = options
  }

  /// How many bytes `emit` writes, 20...60.
  public var length: Int {
    @_noLocks get { Self.minimumLength + options.count }
  }

  /// Whether the packet is a part of another.
  public var isFragment: Bool { moreFragments || fragmentOffset != 0 }
}

extension IPv4Header {
  /// Reads the header at the start of `packet`. Returns it, and where in `packet` the payload lies; bytes behind it are
  /// a link's padding.
  ///
  /// - Throws: `truncated`, `unsupportedVersion`, `invalidHeaderLength`, `invalidLength` if the total length is less
  ///   than the header's, `invalidChecksum` unless `verifiesChecksum` is false.
  @_noLocks
  public static func parse(
    _ packet: RawSpan,
    verifiesChecksum: Bool = true
  ) throws(WireError) -> (header: IPv4Header, payload: Range<Int>) {
    guard packet.byteCount >= minimumLength else { throw .truncated }
    let totalLength = Int(packet.bigEndian16(2))
    let length = try headerLength(packet)
    guard totalLength >= length else { throw .invalidLength }
    guard totalLength <= packet.byteCount else { throw .truncated }
    if verifiesChecksum {
      var checksum = InternetChecksum()
      checksum.add(packet, in: 0..<length)
      guard checksum.isValid else { throw .invalidChecksum }
    }
    return (read(packet, length: length), length..<totalLength)
  }

  /// Reads the header at the start of a packet that may have been cut off behind it, as ICMP quotes it, without a look
  /// at checksum and total length. Returns it, and where the rest of the payload lies.
  ///
  /// - Throws: `truncated`, `unsupportedVersion`, `invalidHeaderLength`.
  @_noLocks
  public static func parseQuoted(_ packet: RawSpan) throws(WireError) -> (header: IPv4Header, payload: Range<Int>) {
    guard packet.byteCount >= minimumLength else { throw .truncated }
    let length = try headerLength(packet)
    return (read(packet, length: length), length..<packet.byteCount)
  }

  @_noLocks
  private static func headerLength(_ packet: RawSpan) throws(WireError) -> Int {
    let versionAndLength = packet.byte(0)
    guard versionAndLength >> 4 == 4 else { throw .unsupportedVersion }
    let length = Int(versionAndLength & 0xF) * 4
    guard length >= minimumLength else { throw .invalidHeaderLength }
    guard length <= packet.byteCount else { throw .truncated }
    return length
  }

  @_noLocks
  private static func read(_ packet: RawSpan, length: Int) -> IPv4Header {
    let flagsAndOffset = packet.bigEndian16(6)
    var header = IPv4Header(
      trafficClass: packet.byte(1),
      identification: packet.bigEndian16(4),
      dontFragment: flagsAndOffset & 0x4000 != 0,
      moreFragments: flagsAndOffset & 0x2000 != 0,
      fragmentOffset: (flagsAndOffset & 0x1FFF) << 3,
      timeToLive: packet.byte(8),
      protocolNumber: packet.byte(9),
      source: IPv4Address(rawValue: packet.bigEndian32(12)),
      destination: IPv4Address(rawValue: packet.bigEndian32(16))
    )
    if length > minimumLength, let options = IPv4Options(packet, in: minimumLength..<length) {
      header.options = options
    }
    return header
  }

  /// Writes the header into `bytes` at `offset`, checksum and all, for a payload of `payloadLength` bytes that follows it.
  /// Returns its length.
  ///
  /// `bytes` must have room for `length`, and header and payload together must not exceed `maximumPacketLength`.
  @_noLocks
  @discardableResult
  public func emit(into bytes: inout MutableRawSpan, at offset: Int = 0, payloadLength: Int) -> Int {
    let length = self.length
    precondition(offset >= 0 && length <= bytes.byteCount - offset, "no room for the IPv4 header")
    precondition(payloadLength >= 0 && payloadLength <= Self.maximumPacketLength - length, "IPv4 payload too long")
    // Whole words: to put a header together in registers costs less than to store its fields one by one.
    let flags: UInt16 = (dontFragment ? 0x4000 : 0) | (moreFragments ? 0x2000 : 0)
    let versionAndLength = 0x40 | UInt8(truncatingIfNeeded: length / 4)
    let totalLength = UInt16(truncatingIfNeeded: length + payloadLength)
    let upper =
      UInt64(versionAndLength) << 56 | UInt64(trafficClass) << 48 | UInt64(totalLength) << 32
      | UInt64(identification) << 16 | UInt64(flags | fragmentOffset >> 3)
    let middle = UInt32(timeToLive) << 24 | UInt32(protocolNumber) << 16
    let addresses = UInt64(source.rawValue) << 32 | UInt64(destination.rawValue)
    bytes.storeBigEndian(upper, at: offset)
    bytes.storeBigEndian(middle, at: offset + 8)
    bytes.storeBigEndian(addresses, at: offset + 12)
    var checksum = InternetChecksum()
    checksum.add(upper)
    checksum.add(middle)
    checksum.add(addresses)
    if length > Self.minimumLength {
      options.emit(into: &bytes, at: offset + Self.minimumLength)
      checksum.add(bytes, in: offset + Self.minimumLength..<offset + length)
    }
    bytes.storeBigEndian(checksum.checksum, at: offset + 10)
    return length
  }
}
