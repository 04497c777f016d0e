/// The fragment header of IPv6 (RFC 8200 section 4.5) as a plain value.
public struct IPv6FragmentHeader: Hashable, Sendable {
  /// The header's length in bytes.
  public static var length: Int { @_noLocks get { 8 } }
  /// The header's number in a next-header field.
  public static var protocolNumber: UInt8 { @_noLocks get { 44 } }

  /// What the fragmentable part starts with.
  public var nextHeader: UInt8
  /// Where the data belongs in the fragmentable part, in bytes: a multiple of eight, 0...65528.
  public var offset: UInt16
  /// Whether more fragments follow this one.
  public var moreFragments: Bool
  /// What the fragments of one packet share.
  public var identification: UInt32

  /// A header from its fields. The offset is rounded down to a multiple of eight.
  public init(nextHeader: UInt8, offset: UInt16, moreFragments: Bool, identification: UInt32) {
    self.nextHeader = nextHeader
    self.offset = offset & ~7
    self.moreFragments = moreFragments
    self.identification = identification
  }

  /// Whether the fragment is the whole packet, to be treated apart from any other fragments (RFC 6946).
  public var isAtomic: Bool { offset == 0 && !moreFragments }

  /// Reads the header at `offset`, where eight bytes must be.
  init(_ packet: RawSpan, at offset: Int) {
    let field = packet.bigEndian16(offset + 2)
    self.init(
      nextHeader: packet.byte(offset),
      offset: field,
      moreFragments: field & 1 != 0,
      identification: packet.bigEndian32(offset + 4)
    )
  }

  /// Writes the header into `bytes` at `offset`, where there must be room for `length`. Returns its length.
  @discardableResult
  public func emit(into bytes: inout MutableRawSpan, at offset: Int = 0) -> Int {
    precondition(offset >= 0 && Self.length <= bytes.byteCount - offset, "no room for the fragment header")
    bytes.store(nextHeader, at: offset)
    bytes.store(0, at: offset + 1)
    bytes.storeBigEndian(self.offset & ~7 | (moreFragments ? 1 : 0), at: offset + 2)
    bytes.storeBigEndian(identification, at: offset + 4)
    return Self.length
  }
}
