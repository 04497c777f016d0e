internal import SockeyeWire

/// The ranges of data that arrived ahead of a gap (RFC 9293 section 3.10.7.4, SHLD-31), and what selective
/// acknowledgments say about them (RFC 2018, RFC 2883).
///
/// Bytes are bounded by the window that was offered, ranges by a count, so what a peer can make this hold is bounded:
/// 16 bytes for each of at most `maximumCount` ranges, and 72. A connection whose data arrives in order has no storage.
@usableFromInline
struct OutOfOrderRanges: ~Copyable {
  /// The report, followed by room for `capacity` ranges, which are in ascending order with gaps between them.
  private var storage: UnsafeMutablePointer<Report>?
  private var capacity: UInt16 = 0
  private var storedCount: UInt16 = 0
  private let maximumCount: UInt16

  /// What the next selective acknowledgments should tell, beside the ranges themselves.
  private struct Report {
    /// Starts of the ranges that arrived last, latest first: the order of the blocks (RFC 2018 section 4).
    var recent: (StreamOffset, StreamOffset, StreamOffset, StreamOffset) = (0, 0, 0, 0)
    /// Data that arrived a second time and is to be reported once (RFC 2883 section 4).
    var duplicate: Range<StreamOffset>?
  }

  /// No ranges, and no storage, which comes with the first segment that isn't the next one.
  init(maximumCount: UInt16) {
    self.maximumCount = max(maximumCount, 1)
  }

  // Usable from inline, since Embedded Swift looks it up wherever a connection is destroyed.
  @usableFromInline
  deinit {
    storage?.deallocate()
  }

  /// How many ranges there are.
  private(set) var count: Int {
    get { Int(storedCount) }
    set { storedCount = UInt16(clamping: newValue) }
  }

  private var ranges: UnsafeMutablePointer<Range<StreamOffset>>? {
    guard let storage else { return nil }
    return Self.ranges(behind: storage)
  }

  /// `Report` is as strictly aligned as a range, so what follows one is aligned for ranges.
  private static func ranges(behind report: UnsafeMutablePointer<Report>) -> UnsafeMutablePointer<Range<StreamOffset>> {
    UnsafeMutableRawPointer(report + 1).assumingMemoryBound(to: Range<StreamOffset>.self)
  }

  /// Data that arrived a second time and has not been reported.
  private(set) var duplicate: Range<StreamOffset>? {
    get { storage?.pointee.duplicate }
    set { storage?.pointee.duplicate = newValue }
  }

  var isEmpty: Bool { storedCount == 0 }

  /// Whether there is something that a selective acknowledgment should tell.
  @inline(__always)
  var hasBlocks: Bool {
    guard let storage else { return false }
    return storedCount > 0 || storage.pointee.duplicate != nil
  }

  /// The offset after the highest range; nil where there is none.
  var highestEnd: StreamOffset? {
    guard let ranges, count > 0 else { return nil }
    return ranges[count - 1].upperBound
  }

  /// The range at `index`, counted from the lowest; nil where there is none.
  func range(at index: Int) -> Range<StreamOffset>? {
    guard let ranges, index >= 0, index < count else { return nil }
    return ranges[index]
  }

  // MARK: Storage

  /// Whether one more range would need storage that may still be had.
  var needsRoom: Bool { storedCount == capacity && capacity < maximumCount }

  /// Doubles the storage, up to the bound. The only function here that allocates.
  mutating func makeRoom() {
    let larger = min(max(8, Int(capacity) * 2), Int(maximumCount))
    let size = MemoryLayout<Report>.stride + larger * MemoryLayout<Range<StreamOffset>>.stride
    let moved = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: MemoryLayout<Report>.alignment)
      .initializeMemory(as: Report.self, to: storage?.pointee ?? Report())
    if let storage {
      Self.ranges(behind: moved).moveInitialize(from: Self.ranges(behind: storage), count: count)
      storage.deallocate()
    }
    storage = moved
    capacity = UInt16(clamping: larger)
  }

  /// Gives storage back that is empty.
  mutating func releaseRoom() {
    guard count == 0 else { return }
    storage?.deallocate()
    storage = nil
    capacity = 0
  }

  /// Bytes of heap that are held.
  var storageSize: Int {
    storage == nil ? 0 : MemoryLayout<Report>.stride + Int(capacity) * MemoryLayout<Range<StreamOffset>>.stride
  }
}

extension OutOfOrderRanges {
  /// What became of a range that was inserted.
  enum Insertion {
    /// It is held, with or without some that overlapped or touched it.
    case inserted
    /// All of it was held already.
    case duplicate
    /// It would have been one range too many.
    case refused
  }

  /// Adds data that lies ahead of a gap.
  mutating func insert(_ range: Range<StreamOffset>) -> Insertion {
    guard !range.isEmpty else { return .duplicate }
    // The first range that ends at or after the start of the new one, and the first that begins beyond its end.
    let first = firstIndex(endingAtOrAfter: range.lowerBound)
    var last = first
    var merged = range
    if let ranges {
      if first < count, ranges[first].lowerBound <= range.lowerBound, range.upperBound <= ranges[first].upperBound {
        noteRecent(ranges[first].lowerBound)
        noteDuplicate(range)
        return .duplicate
      }
      while last < count, ranges[last].lowerBound <= range.upperBound {
        let overlap = ranges[last].clamped(to: range)
        if !overlap.isEmpty, duplicate == nil { duplicate = overlap }
        merged = min(merged.lowerBound, ranges[last].lowerBound)..<max(merged.upperBound, ranges[last].upperBound)
        last += 1
      }
    }
    guard replace(first..<last, with: merged) else { return .refused }
    noteRecent(merged.lowerBound)
    return .inserted
  }

  /// Takes out what overlaps or touches `range`, which has arrived in order, and answers how far the data in order now
  /// reaches. The first of what `range` brought again is noted (RFC 2883 section 4.2: partial duplicates are told too).
  mutating func advance(over range: Range<StreamOffset>) -> StreamOffset {
    guard let ranges, count > 0 else { return range.upperBound }
    var reached = range.upperBound
    var taken = 0
    let again = ranges[0].clamped(to: range)
    if !again.isEmpty, duplicate == nil { duplicate = again }
    while taken < count, ranges[taken].lowerBound <= reached {
      reached = max(reached, ranges[taken].upperBound)
      taken += 1
    }
    remove(taken)
    return reached
  }

  /// Notes data that arrived again. Pieces that follow each other before they are told are told as one, so that it makes
  /// no difference whether they came coalesced.
  mutating func noteDuplicate(_ range: Range<StreamOffset>) {
    guard !range.isEmpty else { return }
    guard let noted = duplicate, noted.lowerBound <= range.upperBound, range.lowerBound <= noted.upperBound else {
      duplicate = range
      return
    }
    duplicate = min(noted.lowerBound, range.lowerBound)..<max(noted.upperBound, range.upperBound)
  }

  /// Forgets all ranges.
  mutating func removeAll() {
    count = 0
    storage?.pointee = Report()
  }

  /// Writes the blocks for a segment that is being sent, at most `limit` of them.
  ///
  /// RFC 2018 section 4: the first block holds the segment that arrived last, the others repeat the most recent ones.
  /// RFC 2883 section 4: a duplicate goes before them, once, followed by the block that holds it, if one does.
  mutating func writeBlocks(_ stream: borrowing IncomingStream, limit: Int, into blocks: inout SACKBlocks) {
    var room = min(limit, SACKBlocks.capacity)
    if let duplicate, room > 0 {
      append(duplicate, stream, to: &blocks)
      room -= 1
      self.duplicate = nil
    }
    guard let ranges, count > 0, room > 0 else { return }
    var written: (Int, Int, Int, Int) = (-1, -1, -1, -1)
    func isWritten(_ index: Int) -> Bool {
      written.0 == index || written.1 == index || written.2 == index || written.3 == index
    }
    func write(_ index: Int) {
      guard room > 0, !isWritten(index) else { return }
      append(ranges[index], stream, to: &blocks)
      written = (index, written.0, written.1, written.2)
      room -= 1
    }
    func write(from start: StreamOffset) {
      guard start > 0 else { return }
      let index = firstIndex(endingAtOrAfter: start + 1)
      if index < count, ranges[index].contains(start) { write(index) }
    }
    let recent = storage?.pointee.recent ?? (0, 0, 0, 0)
    write(from: recent.0)
    write(from: recent.1)
    write(from: recent.2)
    write(from: recent.3)
    for index in 0..<min(count, SACKBlocks.capacity) { write(index) }
  }
}

extension OutOfOrderRanges {
  private func append(_ range: Range<StreamOffset>, _ stream: borrowing IncomingStream, to blocks: inout SACKBlocks) {
    blocks.append(
      SACKBlock(left: stream.sequenceNumber(range.lowerBound), right: stream.sequenceNumber(range.upperBound))
    )
  }

  /// The position of the first range whose end is `offset` or later; `count` if there is none.
  private func firstIndex(endingAtOrAfter offset: StreamOffset) -> Int {
    guard let ranges else { return 0 }
    // New data mostly extends the highest range, or lies above it.
    if count > 0, ranges[count - 1].upperBound < offset { return count }
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].upperBound < offset { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func replace(_ replaced: Range<Int>, with range: Range<StreamOffset>) -> Bool {
    if replaced.isEmpty {
      guard let ranges, count < Int(capacity) else { return false }
      let tail = count - replaced.lowerBound
      if tail > 0 { (ranges + replaced.lowerBound + 1).moveInitialize(from: ranges + replaced.lowerBound, count: tail) }
      (ranges + replaced.lowerBound).initialize(to: range)
      count += 1
      return true
    }
    guard let ranges else { return false }
    ranges[replaced.lowerBound] = range
    let removed = replaced.count - 1
    if removed > 0 {
      let tail = count - replaced.upperBound
      (ranges + replaced.lowerBound + 1).moveInitialize(from: ranges + replaced.upperBound, count: tail)
      count -= removed
    }
    return true
  }

  private mutating func remove(_ number: Int) {
    guard let ranges, number > 0 else { return }
    if count > number { ranges.moveInitialize(from: ranges + number, count: count - number) }
    count -= number
  }

  private mutating func noteRecent(_ start: StreamOffset) {
    guard let storage else { return }
    let recent = storage.pointee.recent
    if recent.0 == start { return }
    if recent.1 == start {
      storage.pointee.recent = (start, recent.0, recent.2, recent.3)
    } else if recent.2 == start {
      storage.pointee.recent = (start, recent.0, recent.1, recent.3)
    } else {
      storage.pointee.recent = (start, recent.0, recent.1, recent.2)
    }
  }
}
