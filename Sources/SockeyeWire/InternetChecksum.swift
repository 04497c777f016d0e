/// The Internet checksum (RFC 1071): the complement of the ones'-complement sum of 16-bit words.
///
/// A value is a sum in progress. Add a pseudo-header and the pieces of a packet in their order, then take `checksum` for
/// the field, or `partial` for a device that finishes the work. A packet whose checksum is right sums, the field
/// included, to `isValid`.
public struct InternetChecksum: Hashable, Sendable {
  /// The sum of the pieces so far as 16-bit words of the machine's byte order, with room for carries: words are added at
  /// 32 bits, so 2^32 of them fit, and each piece is folded before it is added.
  private var sum: UInt64 = 0
  /// Whether an odd number of bytes was added, so that what follows stands a byte off.
  private var isOdd = false

  /// The sum of nothing.
  @_noLocks
  public init() {}

  /// The sum of the pseudo-header of TCP, UDP or ICMPv6 between two addresses (RFC 9293 section 3.1, RFC 8200 section
  /// 8.1), where `length` counts the transport header and its payload. Of two addresses of different families, which no
  /// packet has, both are summed as they are.
  @_noLocks
  public init(
    pseudoHeaderFrom source: IPAddress,
    to destination: IPAddress,
    protocolNumber: UInt8,
    length: Int
  ) {
    add(source)
    add(destination)
    add(UInt16(protocolNumber))
    let length = UInt32(truncatingIfNeeded: length)
    add(UInt16(truncatingIfNeeded: length >> 16))
    add(UInt16(truncatingIfNeeded: length))
  }

  /// Adds bytes that follow what was added so far.
  @_noLocks
  public mutating func add(_ bytes: RawSpan) {
    bytes.withUnsafeBytes { add($0.baseAddress, count: $0.count) }
  }

  /// Adds those of `bytes` that lie in `range`, which must be inside it, as what follows what was added so far.
  @_noLocks
  public mutating func add(_ bytes: RawSpan, in range: Range<Int>) {
    let count = bytes.byteCount
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes outside the span")
    bytes.withUnsafeBytes { add($0.baseAddress.map { $0 + range.lowerBound }, count: range.count) }
  }

  /// Adds those of `bytes` that lie in `range`, which must be inside it, as what follows what was added so far.
  @_noLocks
  public mutating func add(_ bytes: borrowing MutableRawSpan, in range: Range<Int>) {
    let count = bytes.byteCount
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "bytes outside the span")
    bytes.withUnsafeBytes { add($0.baseAddress.map { $0 + range.lowerBound }, count: range.count) }
  }

  @_noLocks
  @inline(__always)
  private mutating func add(_ start: UnsafeRawPointer?, count: Int) {
    guard let start else { return }
    let folded = Self.fold(Self.sum(start, count: count))
    sum += UInt64(isOdd ? folded.byteSwapped : folded)
    if count & 1 != 0 { isOdd.toggle() }
  }

  /// Adds a 16-bit field, which must stand at an even offset.
  @_noLocks
  @inline(__always)
  public mutating func add(_ value: UInt16) {
    sum += UInt64(value.bigEndian)
  }

  /// Adds a 32-bit field, which must stand at an even offset.
  @_noLocks
  @inline(__always)
  public mutating func add(_ value: UInt32) {
    sum += UInt64(value.bigEndian)
  }

  /// Adds a 64-bit field, which must stand at an even offset.
  @_noLocks
  @inline(__always)
  mutating func add(_ value: UInt64) {
    let words = value.bigEndian
    sum += (words & 0xFFFF_FFFF) + (words >> 32)
  }

  @_noLocks
  private mutating func add(_ address: IPAddress) {
    switch address {
    case .v4(let address):
      add(address.rawValue)
    case .v6(let address):
      add(address.high)
      add(address.low)
    }
  }

  /// The sum folded to 16 bits and not complemented: what stands in the checksum field of a packet that a device is to
  /// complete, when only the pseudo-header was added.
  public var partial: UInt16 {
    @_noLocks get { UInt16(bigEndian: Self.fold(sum)) }
  }

  /// The value for the checksum field. UDP sends 0xFFFF for zero, see `udpChecksum`.
  public var checksum: UInt16 {
    @_noLocks get { ~partial }
  }

  /// The value for the checksum field of UDP, where zero would mean that there is none (RFC 768).
  public var udpChecksum: UInt16 {
    @_noLocks get { checksum == 0 ? 0xFFFF : checksum }
  }

  /// Whether what was added, the checksum field included, is as it was sent.
  public var isValid: Bool {
    @_noLocks get { partial == 0xFFFF }
  }
}

extension InternetChecksum {
  /// The checksum after a 16-bit field covered by it changed from `old` to `new` (RFC 1624 equation 3).
  @_noLocks
  public static func updated(_ checksum: UInt16, from old: UInt16, to new: UInt16) -> UInt16 {
    let sum = UInt32(~checksum) + UInt32(~old) + UInt32(new)
    let once = (sum & 0xFFFF) + (sum >> 16)
    return ~UInt16(truncatingIfNeeded: once + (once >> 16))
  }

  /// The checksum after a 32-bit field at an even offset changed from `old` to `new`.
  @_noLocks
  public static func updated(_ checksum: UInt16, from old: UInt32, to new: UInt32) -> UInt16 {
    let first = updated(checksum, from: UInt16(old >> 16), to: UInt16(new >> 16))
    return updated(first, from: UInt16(truncatingIfNeeded: old), to: UInt16(truncatingIfNeeded: new))
  }
}

extension InternetChecksum {
  /// The ones'-complement sum folded to 16 bits: end-around carries, so zero only comes of zeros.
  @_noLocks
  @inline(__always)
  static func fold(_ sum: UInt64) -> UInt16 {
    let halves = (sum & 0xFFFF_FFFF) + (sum >> 32)
    let words = (halves & 0xFFFF) + (halves >> 16 & 0xFFFF) + (halves >> 32)
    let once = (words & 0xFFFF) + (words >> 16)
    return UInt16(truncatingIfNeeded: once + (once >> 16))
  }

  /// The sum of `count` bytes from `start` on as 32-bit words of the machine's byte order, the last padded with zeros.
  /// The loop has no bounds check and no carry chain, so that it vectorises; up to 16 GiB can't overflow 64 bits.
  @_noLocks
  static func sum(_ start: UnsafeRawPointer, count: Int) -> UInt64 {
    var sum: UInt64 = 0
    var offset = 0
    let words = count & ~3
    while offset < words {
      sum &+= UInt64(start.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
      offset &+= 4
    }
    var tail: UInt32 = 0
    var shift: UInt32 = 0
    while offset < count {
      tail |= UInt32(start.load(fromByteOffset: offset, as: UInt8.self)) << shift
      shift &+= 8
      offset &+= 1
    }
    return sum &+ UInt64(tail.littleEndian)
  }
}
