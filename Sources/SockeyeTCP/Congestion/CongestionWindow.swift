/// What a congestion controller governs (RFC 5681 section 2), in bytes.
public struct CongestionWindow: Sendable {
  /// cwnd: bytes that may be in the network, from one segment to ``greatest``. See ``set(_:)``.
  public private(set) var bytes: UInt64
  /// ssthresh, in bytes: below it slow start, from it congestion avoidance; ``unknown`` before the first congestion.
  public var slowStartThreshold = CongestionWindow.unknown
  /// SMSS: bytes of payload in a full-size segment. It may change with the path's MTU.
  public private(set) var segmentSize: UInt64
  /// Segments in the initial window, and after idleness (RFC 6928, RFC 5681 section 4.1).
  public let initialSegments: UInt16

  /// The threshold before any congestion was seen.
  public static let unknown = UInt64.max

  /// No window exceeds this: twice what a send window can be (RFC 7323 section 2.3), so sums and products of
  /// a few of them fit.
  public static let greatest: UInt64 = 1 << 31

  init(segmentSize: UInt32, initialSegments: UInt16) {
    self.segmentSize = UInt64(max(segmentSize, 1))
    self.initialSegments = max(initialSegments, 1)
    bytes = self.segmentSize * UInt64(self.initialSegments)
  }

  /// IW, in bytes.
  public var initial: UInt64 { segmentSize * UInt64(initialSegments) }

  /// The least window to which congestion reduces it, in bytes: two segments (RFC 5681 equation 4).
  public var least: UInt64 { 2 * segmentSize }

  /// Whether the window is in slow start.
  @inline(__always)
  public var isInSlowStart: Bool { bytes < slowStartThreshold }

  /// Sets the window, in bytes, within the bounds of one segment and ``greatest``.
  @inline(__always)
  public mutating func set(_ value: UInt64) {
    bytes = min(max(value, segmentSize), CongestionWindow.greatest)
  }

  /// Grows as slow start does: by what was acknowledged, up to a limit for one acknowledgment
  /// (RFC 3465; the count of bytes rather than of acknowledgments is what makes dividing an
  /// acknowledgment useless). Not beyond the threshold.
  ///
  /// - Parameters:
  ///   - acknowledged: bytes that were newly acknowledged.
  ///   - limit: the most that is added, in bytes.
  /// - Returns: the bytes that were left over at the threshold, for congestion avoidance.
  @inline(__always)
  public mutating func slowStart(_ acknowledged: UInt64, limit: UInt64 = .max) -> UInt64 {
    let growth = min(acknowledged, limit)
    let target = min(bytes.clampedSum(growth), slowStartThreshold)
    let used = target.clampedDifference(bytes)
    set(max(target, bytes))
    return growth.clampedDifference(used)
  }

  /// Keeps the count of segments at least where the size of a segment changes: what was earned in bytes on
  /// a smaller segment may be less than one larger segment.
  mutating func changeSegmentSize(to size: UInt32) {
    segmentSize = UInt64(max(size, 1))
    set(bytes)
  }
}
