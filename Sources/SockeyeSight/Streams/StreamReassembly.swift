internal import SockeyeTCP

/// A piece of what one end of a connection said, in the order of its stream.
public enum StreamPiece: Hashable, Sendable {
  /// Bytes that follow those before.
  case data([UInt8])
  /// So many bytes follow that can't be shown.
  case gap(UInt64, GapReason)
  /// Bytes were sent again and weren't the same: so many of them, from about that place on. The first ones are shown.
  case conflict(count: Int, at: UInt64)
  /// So many bytes came after they had been given up as a gap; they aren't shown.
  case late(count: Int)
  /// The end has said all that it had to say.
  case finished
  /// The end broke the connection off.
  case reset
  /// Another connection begins between the same ends.
  case restarted

  /// Why bytes can't be shown.
  public enum GapReason: String, Hashable, Sendable {
    /// Nobody saw them pass, though the peer acknowledged them or the capture went on.
    case unseen
    /// The capture kept less of their packets than there was.
    case notKept = "not-kept"
  }
}

/// Puts one direction of a connection together from segments, in whatever order and how often they come.
///
/// Memory is bounded: what came too early waits up to a limit, after which what is missing before it is given up. The last
/// bytes that were shown are kept, so that a repetition with other bytes is noticed.
struct StreamReassembly: Sendable {
  /// How many of the last bytes shown are remembered.
  private static let historyLimit = 1 << 16
  /// How many gaps are remembered, to tell of what comes late.
  private static let gapLimit = 64

  /// Where the next byte to show stands, in bytes from the start of the stream.
  private(set) var next: StreamOffset = 0
  private var held = HeldBytes()
  /// The last bytes shown, which end at `next`.
  private var history: [UInt8] = []
  private var gaps: [Range<StreamOffset>] = []
  private var finish: StreamOffset?
  private var hasFinished = false
  private let limit: Int

  /// A stream that has shown nothing, and holds at most `limit` bytes that came too early.
  init(limit: Int) {
    self.limit = limit
  }

  /// Takes a segment's data.
  ///
  /// - Parameters:
  ///   - bytes: the data as far as it was kept.
  ///   - count: how many bytes there were.
  ///   - start: where they stand in the stream.
  mutating func take(_ bytes: RawSpan, count: Int, at start: StreamOffset) -> [StreamPiece] {
    guard count > 0 else { return [] }
    var pieces = repeated(bytes, count: count, at: start)
    let end = start + UInt64(count)
    guard end > next else { return pieces }
    let skipped = start < next ? Int(next - start) : 0
    let kept = min(bytes.byteCount, count)
    var differing = 0
    if kept > skipped {
      let fresh = bytes.extracting(skipped..<kept)
      differing += held.insert(fresh, count: fresh.byteCount, at: start + UInt64(skipped))
    }
    let unkept = max(kept, skipped)..<count
    if !unkept.isEmpty { _ = held.insert(nil, count: unkept.count, at: start + UInt64(unkept.lowerBound)) }
    if differing > 0 { pieces.append(.conflict(count: differing, at: start)) }
    pieces += drained()
    while held.memory > limit { pieces += givenUp() }
    return pieces
  }

  /// Notes that the stream ends at `offset`.
  mutating func finish(at offset: StreamOffset) -> [StreamPiece] {
    finish = finish ?? offset
    return drained()
  }

  /// Hears that the peer has everything before `offset`: what is missing there and was seen to be sent won't be repeated.
  mutating func acknowledged(upTo offset: StreamOffset) -> [StreamPiece] {
    guard let first = held.first, offset >= first.start else { return [] }
    return givenUp()
  }

  /// Shows all that is held, with the gaps between.
  mutating func end() -> [StreamPiece] {
    var pieces: [StreamPiece] = []
    while held.first != nil { pieces += givenUp() }
    return pieces
  }

  /// Gives up what is missing before what is held.
  private mutating func givenUp() -> [StreamPiece] {
    guard let first = held.first, first.start > next else { return drained() }
    let missing = next..<first.start
    if gaps.count >= Self.gapLimit { gaps.removeFirst() }
    gaps.append(missing)
    history = []
    next = first.start
    return [.gap(UInt64(missing.count), .unseen)] + drained()
  }

  private mutating func drained() -> [StreamPiece] {
    var pieces: [StreamPiece] = []
    while let first = held.first, first.start == next {
      let stretch = held.removeFirst()
      next = stretch.end
      if stretch.bytes.isEmpty {
        history = []
        pieces.append(.gap(UInt64(stretch.count), .notKept))
      } else {
        remember(stretch.bytes)
        pieces.append(.data(stretch.bytes))
      }
    }
    if let finish, next >= finish, !hasFinished {
      hasFinished = true
      pieces.append(.finished)
    }
    return pieces
  }

  private mutating func remember(_ bytes: [UInt8]) {
    history += bytes
    if history.count > Self.historyLimit * 2 { history.removeFirst(history.count - Self.historyLimit) }
  }

  /// What there is to tell of the part that was shown or given up before.
  private func repeated(_ bytes: RawSpan, count: Int, at start: StreamOffset) -> [StreamPiece] {
    guard start < next else { return [] }
    let end = min(next, start + UInt64(count))
    let late = gaps.reduce(0) { $0 + Int(clamping: $1.clamped(to: start..<end).count) }
    if late > 0 { return [.late(count: late)] }
    let known = next - UInt64(history.count)
    let compared = max(start, known)..<max(start, known, min(end, start + UInt64(min(bytes.byteCount, count))))
    var differing = 0
    for position in compared {
      let new = bytes.unsafeLoad(fromByteOffset: Int(position - start), as: UInt8.self)
      if new != history[Int(position - known)] { differing += 1 }
    }
    return differing > 0 ? [.conflict(count: differing, at: compared.lowerBound)] : []
  }
}
