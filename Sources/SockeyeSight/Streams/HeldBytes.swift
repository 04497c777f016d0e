internal import SockeyeTCP

/// Stretches of a stream that came before what precedes them, in the stream's order, none of them over another.
///
/// Of bytes that came twice the first are kept, as receivers do.
struct HeldBytes: Sendable {
  /// A stretch whose bytes were kept, or weren't.
  struct Stretch: Sendable {
    /// Where it begins, in bytes from the start of the stream.
    var start: StreamOffset
    /// How many bytes it has.
    var count: Int
    /// The bytes; empty where the capture has not kept them.
    var bytes: [UInt8]

    var end: StreamOffset { start + UInt64(count) }
  }

  /// What a stretch costs beside its bytes.
  static let overhead = 64

  private(set) var stretches: [Stretch] = []
  /// Bytes of memory that all of it takes, overhead included.
  private(set) var memory = 0

  var first: Stretch? { stretches.first }

  /// Takes `count` bytes from `start` on; nil for `bytes` says that they weren't kept.
  ///
  /// - Returns: how many of them differ from those that came first.
  mutating func insert(_ bytes: RawSpan?, count: Int, at start: StreamOffset) -> Int {
    let end = start + UInt64(count)
    var position = start
    var index = firstIndex(endingAfter: start)
    var differing = 0
    while position < end {
      if index < stretches.count, stretches[index].start <= position {
        let stop = min(end, stretches[index].end)
        if let bytes { differing += difference(bytes, from: start, with: stretches[index], in: position..<stop) }
        position = stop
      } else {
        let stop = index < stretches.count ? min(end, stretches[index].start) : end
        let range = Int(position - start)..<Int(stop - start)
        var kept: [UInt8] = []
        if let bytes { kept = range.map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) } }
        stretches.insert(Stretch(start: position, count: range.count, bytes: kept), at: index)
        memory += kept.count + Self.overhead
        position = stop
      }
      index += 1
    }
    return differing
  }

  /// Takes out the first stretch.
  mutating func removeFirst() -> Stretch {
    let stretch = stretches.removeFirst()
    memory -= stretch.bytes.count + Self.overhead
    return stretch
  }

  private func firstIndex(endingAfter position: StreamOffset) -> Int {
    var (low, high) = (0, stretches.count)
    while low < high {
      let middle = (low + high) / 2
      if stretches[middle].end > position { high = middle } else { low = middle + 1 }
    }
    return low
  }

  private func difference(
    _ bytes: RawSpan,
    from start: StreamOffset,
    with stretch: Stretch,
    in range: Range<StreamOffset>
  ) -> Int {
    guard !stretch.bytes.isEmpty else { return 0 }
    return range.reduce(0) { count, position in
      let new = bytes.unsafeLoad(fromByteOffset: Int(position - start), as: UInt8.self)
      return count + (new == stretch.bytes[Int(position - stretch.start)] ? 0 : 1)
    }
  }
}
