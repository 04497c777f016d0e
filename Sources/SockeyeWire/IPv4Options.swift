/// The option area of an IPv4 header (RFC 791 section 3.1), kept in place as it stands.
///
/// A host that routes nothing needs no option; it has to skip them, copy them into what it quotes, and refuse source
/// routes. So the area is kept as bytes, and read option by option.
public struct IPv4Options: Sendable {
  /// The most that a header has room for, in bytes.
  public static var maximumCount: Int { @_noLocks get { 40 } }

  private var storage = InlineArray<40, UInt8>(repeating: 0)
  private var used: UInt8 = 0

  /// No options.
  @_noLocks
  public init() {}

  /// The options of an area of 0 to 40 bytes, padded to a whole word by end-of-list bytes; nil if it is longer.
  @_noLocks
  public init?(_ area: borrowing RawSpan) {
    self.init(area, in: 0..<area.byteCount)
  }

  /// The options of the area that lies in `range`, which must be inside `bytes`.
  @_noLocks
  init?(_ bytes: borrowing RawSpan, in range: Range<Int>) {
    guard range.count <= Self.maximumCount else { return nil }
    for index in 0..<range.count { storage[index] = bytes.byte(range.lowerBound + index) }
    used = UInt8((range.count + 3) & ~3)
  }

  /// The length of the area in bytes, a multiple of four.
  public var count: Int {
    @_noLocks get { Int(used) }
  }

  /// Whether there are no options.
  public var isEmpty: Bool { used == 0 }

  /// The byte of the area at `position`, which must be in `0..<count`.
  public subscript(position: Int) -> UInt8 {
    precondition(position < count, "no option byte at this position")
    return storage[position]
  }

  /// The kinds that a host may want to know.
  public enum Kind {
    /// The way that the packet has come (RFC 791).
    public static var recordRoute: UInt8 { @_noLocks get { 7 } }
    /// When it passed which router (RFC 791).
    public static var timestamp: UInt8 { @_noLocks get { 68 } }
    /// A way to go, other routers allowed between (RFC 791).
    public static var looseSourceRoute: UInt8 { @_noLocks get { 131 } }
    /// The way to go (RFC 791).
    public static var strictSourceRoute: UInt8 { @_noLocks get { 137 } }
    /// A packet that routers look at (RFC 2113).
    public static var routerAlert: UInt8 { @_noLocks get { 148 } }
  }

  /// One option: its kind, and where in the area its data lies.
  public struct Option: Hashable, Sendable {
    /// The whole first byte: copied flag, class and number.
    public let kind: UInt8
    /// Where in the area the bytes after kind and length lie.
    public let data: Range<Int>

    /// Whether each fragment carries the option, not only the first (RFC 791 section 3.1).
    public var isCopiedToFragments: Bool { kind & 0x80 != 0 }
  }

  /// The option at `position`, which is moved behind it; nil at the end of the list. Start at 0.
  ///
  /// - Throws: `invalidLength` if a length is less than two or runs past the area.
  @_noLocks
  public func next(after position: inout Int) throws(WireError) -> Option? {
    while position >= 0, position < count {
      let kind = storage[position]
      if kind == 0 { return nil }
      if kind == 1 {
        position += 1
        continue
      }
      guard position + 1 < count else { throw .invalidLength }
      let length = Int(storage[position + 1])
      guard length >= 2, length <= count - position else { throw .invalidLength }
      let data = position + 2..<position + length
      position += length
      return Option(kind: kind, data: data)
    }
    return nil
  }

  /// Writes the area at `offset`, where there must be room for `count` bytes.
  @_noLocks
  func emit(into bytes: inout MutableRawSpan, at offset: Int) {
    for position in 0..<count { bytes.store(storage[position], at: offset + position) }
  }
}

extension IPv4Options: Equatable {
  /// Whether both are the same bytes.
  public static func == (a: IPv4Options, b: IPv4Options) -> Bool {
    guard a.used == b.used else { return false }
    for position in 0..<a.count where a.storage[position] != b.storage[position] { return false }
    return true
  }
}
