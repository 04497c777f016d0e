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
  public func read(from offset: UInt64, count: Int, into destination: inout MutableRawSpan, at position: Int) {
    guard count > 0 else { return }
    precondition(offset >= start && offset + UInt64(count) <= end, "bytes that are not held")
    precondition(position >= 0 && position + count <= destination.byteCount, "no room for the bytes")
    guard let ring else { return }
    let first = Int(truncatingIfNeeded: offset) & (capacity - 1)
    let upper = min(count, capacity - first)
    destination.withUnsafeMutableBytes { target in
      guard let base = target.baseAddress else { return }
      (base + position).copyMemory(from: ring + first, byteCount: upper)
      if upper < count { (base + position + upper).copyMemory(from: ring, byteCount: count - upper) }
    }
  }

  /// Calls `body` with held bytes where they are, up to the ring's end.
  public func withBytes<Result, Failure: Error>(
    from offset: UInt64,
    count: Int,
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard let ring, count > 0 else { return try body(UnsafeRawBufferPointer(start: nil, count: 0).bytes) }
    precondition(offset >= start && offset + UInt64(count) <= end, "bytes that are not held")
    let position = Int(truncatingIfNeeded: offset) & (capacity - 1)
    return try body(UnsafeRawBufferPointer(start: ring + position, count: min(count, capacity - position)).bytes)
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
