/// Who stores the payload of a stream: what the application has written and the peer not acknowledged, or what has
/// arrived and the application not read. Positions count the bytes of the stream from zero.
///
/// A host is generic over it: rings for the C interface and small machines, reference-counted buffers where an
/// application has them, nothing at all for a simulation that runs by lengths.
public protocol StreamStorage: ~Copyable {
  /// Storage that holds nothing.
  init()
  /// Takes in the bytes from `offset` on. There may be a gap before them, and they may overlap what is held already, which
  /// they then equal.
  mutating func write(_ bytes: RawSpan, at offset: UInt64)
  /// Copies the bytes from `offset` on into all of `destination`. They are held.
  borrowing func read(from offset: UInt64, into destination: inout MutableRawSpan)
  /// Calls `body` with the bytes from `offset` on, in place: all `count` of them, which are held, or as many as lie in one
  /// piece.
  borrowing func withBytes<Result>(
    from offset: UInt64,
    count: Int,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result
  /// Lets go of everything before `offset`.
  mutating func discard(upTo offset: UInt64)
  /// Bytes of memory that are taken up beyond the value itself.
  var allocatedCount: Int { get }
}

/// A stream's bytes in a ring whose size is a power of two, as large as they need it and none when there are none.
public struct ByteRing: StreamStorage, ~Copyable {
  private static var leastCapacity: Int { 2048 }

  private var ring: UnsafeMutableRawPointer?
  private var capacity = 0
  /// What lies before was let go of.
  private var start: UInt64 = 0
  /// Where the last byte that was written ends.
  private var end: UInt64 = 0

  /// A ring that holds nothing.
  public init() {}

  deinit {
    ring?.deallocate()
  }

  /// The ring's size in bytes.
  public var allocatedCount: Int { capacity }

  /// Takes in the bytes from `offset` on; those before what was let go of are left out.
  public mutating func write(_ bytes: RawSpan, at offset: UInt64) {
    let skipped = offset < start ? Int(clamping: min(start - offset, UInt64(bytes.byteCount))) : 0
    let count = bytes.byteCount - skipped
    guard count > 0 else { return }
    let first = offset + UInt64(skipped)
    let newEnd = max(end, first + UInt64(count))
    reserve(Int(clamping: newEnd - start))
    end = newEnd
    guard let ring else { return }
    let position = Int(truncatingIfNeeded: first) & (capacity - 1)
    let upper = min(count, capacity - position)
    bytes.withUnsafeBytes { source in
      guard let base = source.baseAddress else { return }
      (ring + position).copyMemory(from: base + skipped, byteCount: upper)
      if upper < count { ring.copyMemory(from: base + skipped + upper, byteCount: count - upper) }
    }
  }

  /// Copies held bytes out.
  public func read(from offset: UInt64, into destination: inout MutableRawSpan) {
    let count = destination.byteCount
    guard count > 0 else { return }
    precondition(offset >= start && offset + UInt64(count) <= end, "bytes that are not held")
    guard let ring else { return }
    let position = Int(truncatingIfNeeded: offset) & (capacity - 1)
    let upper = min(count, capacity - position)
    destination.withUnsafeMutableBytes { target in
      guard let base = target.baseAddress else { return }
      base.copyMemory(from: ring + position, byteCount: upper)
      if upper < count { (base + upper).copyMemory(from: ring, byteCount: count - upper) }
    }
  }

  /// Calls `body` with held bytes where they are, up to the ring's end.
  public func withBytes<Result>(
    from offset: UInt64,
    count: Int,
    _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard let ring, count > 0 else { return body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    precondition(offset >= start && offset + UInt64(count) <= end, "bytes that are not held")
    let position = Int(truncatingIfNeeded: offset) & (capacity - 1)
    return body(UnsafeRawBufferPointer(start: ring + position, count: min(count, capacity - position)))
  }

  /// Lets go of everything before `offset`, and of the ring where nothing is left.
  public mutating func discard(upTo offset: UInt64) {
    guard offset > start else { return }
    start = offset
    guard start >= end else { return }
    end = start
    ring?.deallocate()
    ring = nil
    capacity = 0
  }

  private mutating func reserve(_ count: Int) {
    guard count > capacity else { return }
    var larger = max(capacity, Self.leastCapacity)
    while larger < count { larger *= 2 }
    let new = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    if let ring {
      // What is held moves to the places that the larger ring has for it.
      var offset = start
      while offset < end {
        let from = Int(truncatingIfNeeded: offset) & (capacity - 1)
        let to = Int(truncatingIfNeeded: offset) & (larger - 1)
        let count = min(capacity - from, larger - to, Int(clamping: end - offset))
        (new + to).copyMemory(from: ring + from, byteCount: count)
        offset += UInt64(count)
      }
      ring.deallocate()
    }
    ring = new
    capacity = larger
  }
}
