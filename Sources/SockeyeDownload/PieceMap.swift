internal import Synchronization

/// Which bytes of a file are there, which are on their way, and which somebody has yet to fetch.
///
/// Connections claim stretches from the front on, so that those which have to wait to be hashed are few.
final class PieceMap: Sendable {
  private struct State {
    var size: UInt64?
    /// The bytes that are on the disk.
    var written = RangeSet<UInt64>()
    /// Claimed by a connection whose bytes are on their way, and not on the disk yet.
    var claimed = RangeSet<UInt64>()
    /// Asked for, and not answered yet.
    var reserved = RangeSet<UInt64>()

    var end: UInt64 { size ?? UInt64(Int64.max) }
  }

  private let state: Mutex<State>

  /// - Parameters:
  ///   - size: In bytes; nothing when it isn't known.
  ///   - written: What is there already.
  init(size: UInt64?, written: [Range<UInt64>] = []) {
    var state = State(size: size)
    for range in written { state.written.insert(contentsOf: range.clamped(to: 0..<state.end)) }
    self.state = Mutex(state)
  }

  /// Claims the first stretch that is neither there nor on its way.
  ///
  /// - Parameter length: The most bytes to claim, at least 1.
  /// - Returns: Nothing if nothing is left.
  func claim(_ length: UInt64) -> Range<UInt64>? {
    self.state.withLock { state in
      guard let gap = Self.firstGap(in: state, from: 0) else { return nil }
      let claim = gap.lowerBound..<min(gap.upperBound, gap.lowerBound + min(length, gap.upperBound - gap.lowerBound))
      state.claimed.insert(contentsOf: claim)
      return claim
    }
  }

  /// Reserves a stretch that is neither there nor on its way nor reserved, to ask another connection for it.
  ///
  /// It is the first, unless a connection is coming up to that: then one from further on, as long as there is any, so that
  /// the answer comes before the connection does.
  ///
  /// - Parameter length: The most bytes to reserve, at least 1.
  /// - Returns: Nothing if nothing is left.
  func reserve(_ length: UInt64) -> Range<UInt64>? {
    self.state.withLock { state in
      let taken = state.written.union(state.claimed).union(state.reserved)
      guard let first = Self.firstGap(in: taken, from: 0, to: state.end) else { return nil }
      var gap = first
      let (ahead, overflow) = first.lowerBound.addingReportingOverflow(2 * min(length, state.end))
      if !overflow, first.lowerBound > 0, state.claimed.contains(first.lowerBound - 1) {
        gap = Self.firstGap(in: taken, from: ahead, to: state.end) ?? first
      }
      let range = gap.lowerBound..<(gap.lowerBound + min(length, gap.upperBound - gap.lowerBound))
      state.reserved.insert(contentsOf: range)
      return range
    }
  }

  /// Claims what was reserved, once the answer is proved to be it.
  ///
  /// - Returns: As much from its beginning on as nobody else has by now; nothing if that is gone.
  func claim(reserved range: Range<UInt64>) -> Range<UInt64>? {
    self.state.withLock { state in
      state.reserved.remove(contentsOf: range)
      guard let gap = Self.firstGap(in: state, from: range.lowerBound), gap.lowerBound == range.lowerBound else {
        return nil
      }
      let claim = gap.clamped(to: range)
      state.claimed.insert(contentsOf: claim)
      return claim
    }
  }

  /// Claims more at the end of a claim. What is merely reserved is no obstacle: whoever has bytes in hand goes on, and an
  /// answer that may never come keeps nobody from it.
  ///
  /// - Returns: The new end; nothing if what follows is there, or another connection's, or past the end.
  func extend(_ end: UInt64, by length: UInt64) -> UInt64? {
    self.state.withLock { state in
      guard end < state.end, let gap = Self.firstGap(in: state, from: end), gap.lowerBound == end else { return nil }
      let newEnd = end + min(length, gap.upperBound - end)
      state.reserved.remove(contentsOf: end..<newEnd)
      state.claimed.insert(contentsOf: end..<newEnd)
      return newEnd
    }
  }

  /// Bytes are on the disk.
  func complete(_ range: Range<UInt64>) {
    self.state.withLock { state in
      state.claimed.remove(contentsOf: range)
      state.written.insert(contentsOf: range)
    }
  }

  /// Gives the rest of a claim back.
  func release(_ range: Range<UInt64>) {
    guard !range.isEmpty else { return }
    state.withLock { $0.claimed.remove(contentsOf: range) }
  }

  /// Gives a reservation back.
  func release(reserved range: Range<UInt64>) {
    state.withLock { $0.reserved.remove(contentsOf: range) }
  }

  /// The size has become known: the stream has ended.
  func setSize(_ size: UInt64) {
    state.withLock { $0.size = size }
  }

  /// The file's size in bytes, where it is known.
  var size: UInt64? { state.withLock { $0.size } }

  /// Whether all bytes are on the disk.
  var isComplete: Bool {
    self.state.withLock { state in
      guard let size = state.size else { return false }
      return size == 0 || state.written.ranges.first == 0..<size
    }
  }

  /// The stretches on the disk, in order.
  var written: [Range<UInt64>] { state.withLock { Array($0.written.ranges) } }

  /// How many bytes are neither there nor on their way.
  var unclaimed: UInt64? {
    self.state.withLock { state in
      guard let size = state.size else { return nil }
      let taken = state.written.union(state.claimed).ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) }
      return size - min(size, taken)
    }
  }

  private static func firstGap(in state: State, from start: UInt64) -> Range<UInt64>? {
    firstGap(in: state.written.union(state.claimed), from: start, to: state.end)
  }

  private static func firstGap(in taken: RangeSet<UInt64>, from start: UInt64, to end: UInt64) -> Range<UInt64>? {
    var lower = start
    var upper = end
    for range in taken.ranges {
      guard range.upperBound > lower else { continue }
      if range.lowerBound > lower {
        upper = min(upper, range.lowerBound)
        break
      }
      lower = range.upperBound
    }
    return lower < upper ? lower..<upper : nil
  }
}
