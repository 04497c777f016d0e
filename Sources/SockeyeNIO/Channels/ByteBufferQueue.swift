internal import DequeModule
package import NIOCore
internal import SockeyeHost

/// A stream's bytes in NIO's buffers: what a handler wrote is kept by reference until it is acknowledged, what arrives is
/// written once into the buffer that a handler will get.
///
/// Memory is bounded by the bytes that are held, however a peer cuts and orders its segments: neighbours that are small
/// together are one piece.
package struct ByteBufferQueue: BufferedStreamStorage, ~Copyable {
  /// A piece of the stream, whose bytes are the buffer's readable ones.
  private struct Piece {
    let start: UInt64
    var buffer: ByteBuffer
    /// What it counts for in memory.
    let cost: Int

    var end: UInt64 { start + UInt64(buffer.readableBytes) }
  }

  /// In the order of the stream, without overlaps; with gaps where something hasn't arrived.
  private var pieces = Deque<Piece>()
  /// What lies before was let go of.
  private var start: UInt64 = 0

  /// Up to here a copy costs less than a piece does.
  private static var copiedCount: Int { 64 }
  /// Up to here two neighbours are put together.
  private static var smallCount: Int { 2048 }
  /// The largest buffer that is made for more than what has arrived.
  private static var largestCapacity: Int { 65_536 }

  package init() {}

  /// What was made for what arrives counts whole. Of an application's buffer counts what is held of it, which may be a small
  /// part: the rest is the application's.
  package private(set) var allocatedCount = 0

  // MARK: By reference

  package static func count(of buffer: borrowing ByteBuffer) -> Int { buffer.readableBytes }

  package mutating func append(_ count: Int, of buffer: inout ByteBuffer, at offset: UInt64) {
    guard let slice = buffer.readSlice(length: count) else { return }
    if count <= Self.copiedCount {
      insert(slice.readableBytesSpan, at: offset, before: pieces.count)
      return
    }
    pieces.append(Piece(start: offset, buffer: slice, cost: count))
    allocatedCount += count
  }

  package mutating func buffer(from offset: UInt64, count: Int) -> ByteBuffer {
    let index = index(of: offset)
    let piece = pieces[index]
    let skipped = Int(offset - piece.start)
    if index == 0, skipped == 0, count >= piece.buffer.readableBytes {
      removeFirst()
      return piece.buffer
    }
    let length = min(count, piece.buffer.readableBytes - skipped)
    guard let slice = piece.buffer.getSlice(at: piece.buffer.readerIndex + skipped, length: length) else {
      preconditionFailure("bytes that are not held")
    }
    return slice
  }

  // MARK: By bytes

  package mutating func write(_ bytes: RawSpan, at offset: UInt64) {
    let end = offset + UInt64(bytes.byteCount)
    var cursor = max(offset, start)
    while cursor < end {
      let index = firstIndex(endingAfter: cursor)
      if index < pieces.count, pieces[index].start <= cursor {
        cursor = pieces[index].end
        continue
      }
      let gapEnd = index < pieces.count ? min(end, pieces[index].start) : end
      insert(bytes.extracting(Int(cursor - offset)..<Int(gapEnd - offset)), at: cursor, before: index)
      cursor = gapEnd
    }
  }

  /// Puts bytes that aren't held at the end of the piece before `index`, or into one of their own there.
  private mutating func insert(_ bytes: RawSpan, at offset: UInt64, before index: Int) {
    if index > 0, pieces[index - 1].end == offset {
      let appended: Void? =
        pieces[index - 1].buffer.modifyIfUniquelyOwned { buffer in
          guard buffer.writableBytes >= bytes.byteCount else { return nil }
          bytes.withUnsafeBytes { _ = buffer.writeBytes($0) }
          return ()
        } ?? nil
      if appended != nil { return }
    }
    // Whoever reads at once gets what arrived at once; whoever lets it pile up gets more of it at a time.
    let isLast = index == pieces.count
    let held = isLast ? Int(clamping: offset - start) : 0
    let capacity = max(bytes.byteCount, isLast ? min(held, Self.largestCapacity) : 0)
    var buffer = ByteBufferAllocator().buffer(capacity: capacity)
    bytes.withUnsafeBytes { _ = buffer.writeBytes($0) }
    insert(buffer, at: offset, before: index)
    if joins(index) { join(index) }
    if index > 0, joins(index - 1) { join(index - 1) }
  }

  /// Whether a piece and the one behind it touch, and are small.
  private func joins(_ index: Int) -> Bool {
    guard index + 1 < pieces.count, pieces[index].end == pieces[index + 1].start else { return false }
    return pieces[index].buffer.readableBytes + pieces[index + 1].buffer.readableBytes <= Self.smallCount
  }

  /// Makes one piece of a piece and the one behind it.
  private mutating func join(_ index: Int) {
    var buffer = ByteBufferAllocator().buffer(capacity: Self.smallCount)
    buffer.writeImmutableBuffer(pieces[index].buffer)
    buffer.writeImmutableBuffer(pieces[index + 1].buffer)
    let start = pieces[index].start
    for _ in 0..<2 { allocatedCount -= pieces.remove(at: index).cost }
    insert(buffer, at: start, before: index)
  }

  private mutating func insert(_ buffer: ByteBuffer, at offset: UInt64, before index: Int) {
    pieces.insert(Piece(start: offset, buffer: buffer, cost: buffer.storageCapacity), at: index)
    allocatedCount += buffer.storageCapacity
  }

  private mutating func removeFirst() {
    guard let first = pieces.popFirst() else { return }
    allocatedCount -= first.cost
  }

  package func read(from offset: UInt64, count: Int, into destination: inout MutableRawSpan, at position: Int) {
    guard count > 0 else { return }
    var index = index(of: offset)
    destination.withUnsafeMutableBytes { target in
      var copied = 0
      while copied < count {
        precondition(index < pieces.count && pieces[index].start <= offset + UInt64(copied), "bytes that are not held")
        let skipped = Int(offset + UInt64(copied) - pieces[index].start)
        pieces[index].buffer.withUnsafeReadableBytes { source in
          let part = UnsafeRawBufferPointer(rebasing: source[skipped...].prefix(count - copied))
          UnsafeMutableRawBufferPointer(rebasing: target[(position + copied)...]).copyMemory(from: part)
          copied += part.count
        }
        index += 1
      }
    }
  }

  package func withBytes<Result, Failure: Error>(
    from offset: UInt64,
    count: Int,
    _ body: (RawSpan) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    guard count > 0 else { return try body(RawSpan()) }
    let piece = pieces[index(of: offset)]
    let skipped = Int(offset - piece.start)
    let length = min(count, piece.buffer.readableBytes - skipped)
    let result = piece.buffer.withUnsafeReadableBytes { bytes in
      Swift.Result { () throws(Failure) in
        try body(UnsafeRawBufferPointer(rebasing: bytes[skipped..<skipped + length]).bytes)
      }
    }
    return try result.get()
  }

  package mutating func discard(upTo offset: UInt64) {
    guard offset > start else { return }
    start = offset
    while let first = pieces.first, first.end <= offset { removeFirst() }
  }

  // MARK: Search

  /// The piece that holds the byte at `offset`, which is held.
  private func index(of offset: UInt64) -> Int {
    let index = firstIndex(endingAfter: offset)
    precondition(index < pieces.count && pieces[index].start <= offset, "bytes that are not held")
    return index
  }

  /// The first piece that ends behind `offset`; mostly the very first.
  private func firstIndex(endingAfter offset: UInt64) -> Int {
    if let first = pieces.first, first.end > offset { return 0 }
    if let last = pieces.last, last.end <= offset { return pieces.count }
    var (low, high) = (0, pieces.count)
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].end <= offset { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
