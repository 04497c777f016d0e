/// The cookie of TCP fast open (RFC 7413 section 4.1.1): 4 to 16 bytes, an even number, or none, which asks for one.
public struct FastOpenCookie: Sendable {
  /// The longest cookie in bytes.
  public static var maximumCount: Int { @_noLocks get { 16 } }

  private var storage = InlineArray<16, UInt8>(repeating: 0)
  private var used: UInt8 = 0

  /// The empty cookie: a request for one.
  public static var request: FastOpenCookie {
    @_noLocks get { FastOpenCookie() }
  }

  @_noLocks
  private init() {}

  /// The cookie made of `bytes`, or nil if there can't be a cookie of that length.
  @_noLocks
  public init?(_ bytes: borrowing RawSpan) {
    self.init(bytes, at: 0, count: bytes.byteCount)
  }

  /// The cookie made of the `count` bytes at `offset`, which must be there.
  @_noLocks
  init?(_ bytes: borrowing RawSpan, at offset: Int, count: Int) {
    guard count >= 4, count <= Self.maximumCount, count.isMultiple(of: 2) else { return nil }
    for index in 0..<count { storage[index] = bytes.byte(offset + index) }
    used = UInt8(count)
  }

  /// An eight-byte cookie, the usual length, as a keyed hash gives it.
  public init(_ value: UInt64) {
    for offset in 0..<8 { storage[offset] = UInt8(truncatingIfNeeded: value >> UInt64(56 - 8 * offset)) }
    used = 8
  }

  /// The cookie's length in bytes, 0 for a request.
  public var count: Int {
    @_noLocks get { Int(used) }
  }

  /// Whether this asks for a cookie.
  public var isRequest: Bool {
    @_noLocks get { used == 0 }
  }

  /// The byte at `position`, which must be in `0..<count`.
  public subscript(position: Int) -> UInt8 {
    @_noLocks get {
      precondition(position < count, "no cookie byte at this position")
      return storage[position]
    }
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
