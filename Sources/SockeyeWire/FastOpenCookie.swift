/// The cookie of TCP fast open (RFC 7413 section 4.1.1): 4 to 16 bytes, an even number, or none, which asks for one.
public struct FastOpenCookie: Sendable {
  /// The longest cookie in bytes.
  public static let maximumCount = 16

  private var storage = InlineArray<16, UInt8>(repeating: 0)
  private var used: UInt8 = 0

  /// The empty cookie: a request for one.
  public static let request = FastOpenCookie()

  private init() {}

  /// The cookie made of `bytes`, or nil if there can't be a cookie of that length.
  public init?(_ bytes: RawSpan) {
    guard (4...Self.maximumCount).contains(bytes.byteCount), bytes.byteCount.isMultiple(of: 2) else { return nil }
    for offset in 0..<bytes.byteCount { storage[offset] = bytes.byte(offset) }
    used = UInt8(bytes.byteCount)
  }

  /// An eight-byte cookie, the usual length, as a keyed hash gives it.
  public init(_ value: UInt64) {
    for offset in 0..<8 { storage[offset] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * offset)) }
    used = 8
  }

  /// The cookie's length in bytes, 0 for a request.
  public var count: Int { Int(used) }

  /// Whether this asks for a cookie.
  public var isRequest: Bool { used == 0 }

  /// The byte at `position`, which must be in `0..<count`.
  public subscript(position: Int) -> UInt8 {
    precondition(position < count, "no cookie byte at this position")
    return storage[position]
  }
}

extension FastOpenCookie: Equatable {
  /// Whether both are the same cookie. Takes as long for any two cookies of one length, so that nothing is learnt by
  /// guessing byte after byte.
  public static func == (a: FastOpenCookie, b: FastOpenCookie) -> Bool {
    var difference = a.used ^ b.used
    for position in 0..<maximumCount { difference |= a.storage[position] ^ b.storage[position] }
    return difference == 0
  }
}
