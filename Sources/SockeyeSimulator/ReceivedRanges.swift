/// Which bytes of a stream have been kept, as an observer beside the engine sees it: a contiguous beginning and the
/// ranges beyond it, in ascending order, with a gap before each.
struct ReceivedRanges {
  /// How many bytes there are without a gap.
  private(set) var contiguousEnd: UInt64 = 0
  private(set) var pending: [Range<UInt64>] = []

  /// Adds a range; what is there already is no harm.
  mutating func insert(_ range: Range<UInt64>) {
    guard range.upperBound > contiguousEnd else { return }
    var merged = max(range.lowerBound, contiguousEnd)..<range.upperBound
    var first = 0
    while first < pending.count, pending[first].upperBound < merged.lowerBound { first += 1 }
    var last = first
    while last < pending.count, pending[last].lowerBound <= merged.upperBound {
      let lower = min(merged.lowerBound, pending[last].lowerBound)
      merged = lower..<max(merged.upperBound, pending[last].upperBound)
      last += 1
    }
    if merged.lowerBound == contiguousEnd {
      contiguousEnd = merged.upperBound
      if last > 0 { pending.removeSubrange(0..<last) }
    } else if last == first {
      pending.insert(merged, at: first)
    } else {
      pending[first] = merged
      if last > first + 1 { pending.removeSubrange((first + 1)..<last) }
    }
  }
}
