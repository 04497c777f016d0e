internal import SockeyeTCP

/// The stretches of a stream that weren't seen though later data was, the oldest first, as many as fit.
///
/// What fills one was never seen: it was overtaken on its way, or was lost before the place where packets are seen and
/// sent again. What fills none was seen before.
struct SequenceGaps: Sendable {
  private struct Gap: Sendable {
    var range: Range<StreamOffset>
    /// When the data behind it was seen.
    var opened: Instant
  }

  private static let limit = 64
  private var gaps: [Gap] = []

  /// Notes that data behind a stretch was seen. The oldest gap is forgotten where there are too many.
  mutating func open(_ range: Range<StreamOffset>, at time: Instant) {
    guard !range.isEmpty else { return }
    if gaps.count >= Self.limit { gaps.removeFirst() }
    gaps.append(Gap(range: range, opened: time))
  }

  /// When the gap opened in which a whole stretch lies; nil if a part of it was seen before.
  func opening(of range: Range<StreamOffset>) -> Instant? {
    gaps.first { $0.range.lowerBound <= range.lowerBound && range.upperBound <= $0.range.upperBound }?.opened
  }

  /// Notes that a stretch was seen.
  mutating func fill(_ range: Range<StreamOffset>) {
    guard !gaps.isEmpty, !range.isEmpty else { return }
    gaps = gaps.flatMap { gap -> [Gap] in
      guard gap.range.overlaps(range) else { return [gap] }
      let below = gap.range.lowerBound..<max(gap.range.lowerBound, range.lowerBound)
      let above = min(gap.range.upperBound, range.upperBound)..<gap.range.upperBound
      return [below, above].filter { !$0.isEmpty }.map { Gap(range: $0, opened: gap.opened) }
    }
  }
}
