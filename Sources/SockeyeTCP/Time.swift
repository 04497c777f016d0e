/// A length of time in whole nanoseconds.
///
/// Arithmetic saturates: an interval that would exceed 292 years is `longest`, so no value that a
/// peer or an application influences can trap.
public struct Interval: Hashable, Comparable, Sendable {
  /// The count of nanoseconds; negative where an earlier instant was asked for a later one.
  public var nanoseconds: Int64

  /// An interval of the given count of nanoseconds.
  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The interval of no time at all.
  @inlinable
  public static var zero: Interval { Interval(nanoseconds: 0) }

  /// The longest interval that can be told; stands for "for ever".
  @inlinable
  public static var longest: Interval { Interval(nanoseconds: .max) }

  /// An interval of the given count of nanoseconds.
  @inlinable
  public static func nanoseconds(_ count: Int64) -> Interval { Interval(nanoseconds: count) }

  /// An interval of the given count of microseconds, saturating.
  @inlinable
  public static func microseconds(_ count: Int64) -> Interval { Interval(nanoseconds: 1_000) * count }

  /// An interval of the given count of milliseconds, saturating.
  @inlinable
  public static func milliseconds(_ count: Int64) -> Interval { Interval(nanoseconds: 1_000_000) * count }

  /// An interval of the given count of seconds, saturating.
  @inlinable
  public static func seconds(_ count: Int64) -> Interval { Interval(nanoseconds: 1_000_000_000) * count }

  /// Whole microseconds in the interval, rounded towards zero.
  @inlinable
  public var microseconds: Int64 { nanoseconds / 1_000 }

  /// Whole milliseconds in the interval, rounded towards zero.
  @inlinable
  public var milliseconds: Int64 { nanoseconds / 1_000_000 }

  /// Compares two lengths of time.
  @inlinable
  public static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The sum, saturating.
  @inlinable
  public static func + (left: Interval, right: Interval) -> Interval {
    Interval(nanoseconds: saturatingSum(left.nanoseconds, right.nanoseconds))
  }

  /// The difference, saturating.
  @inlinable
  public static func - (left: Interval, right: Interval) -> Interval {
    Interval(nanoseconds: saturatingDifference(left.nanoseconds, right.nanoseconds))
  }

  /// The interval `factor` times over, saturating.
  @inlinable
  public static func * (interval: Interval, factor: Int64) -> Interval {
    let (product, overflow) = interval.nanoseconds.multipliedReportingOverflow(by: factor)
    guard overflow else { return Interval(nanoseconds: product) }
    return Interval(nanoseconds: (interval.nanoseconds < 0) == (factor < 0) ? .max : .min)
  }

  /// The interval divided by `divisor`, rounded towards zero; `longest` where `divisor` is zero.
  @inlinable
  public static func / (interval: Interval, divisor: Int64) -> Interval {
    guard divisor != 0 else { return .longest }
    let (quotient, overflow) = interval.nanoseconds.dividedReportingOverflow(by: divisor)
    return Interval(nanoseconds: overflow ? .max : quotient)
  }

  /// Adds in place, saturating.
  @inlinable
  public static func += (left: inout Interval, right: Interval) { left = left + right }

  /// Subtracts in place, saturating.
  @inlinable
  public static func -= (left: inout Interval, right: Interval) { left = left - right }
}

/// A point on the caller's monotonic clock, in nanoseconds since an origin that the caller chooses.
///
/// The engine reads no clock: every call that needs the time is told it. Arithmetic saturates.
public struct Instant: Hashable, Comparable, Sendable {
  /// Nanoseconds since the caller's origin.
  public var nanoseconds: Int64

  /// The instant that lies the given count of nanoseconds after the caller's origin.
  @inlinable
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// The origin of the caller's clock.
  @inlinable
  public static var zero: Instant { Instant(nanoseconds: 0) }

  /// Later than every instant that will be reached: a deadline that is not set.
  @inlinable
  public static var never: Instant { Instant(nanoseconds: .max) }

  /// Compares two points in time.
  @inlinable
  public static func < (left: Instant, right: Instant) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The instant that lies `interval` later, saturating at `never`.
  @inlinable
  public static func + (instant: Instant, interval: Interval) -> Instant {
    Instant(nanoseconds: saturatingSum(instant.nanoseconds, interval.nanoseconds))
  }

  /// The instant that lies `interval` earlier, saturating.
  @inlinable
  public static func - (instant: Instant, interval: Interval) -> Instant {
    Instant(nanoseconds: saturatingDifference(instant.nanoseconds, interval.nanoseconds))
  }

  /// The time from `earlier` to `later`, saturating; negative where they come the other way round.
  @inlinable
  public static func - (later: Instant, earlier: Instant) -> Interval {
    Interval(nanoseconds: saturatingDifference(later.nanoseconds, earlier.nanoseconds))
  }

  /// Moves the instant later, saturating.
  @inlinable
  public static func += (instant: inout Instant, interval: Interval) { instant = instant + interval }
}

@usableFromInline
@inline(__always)
internal func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
  let (sum, overflow) = left.addingReportingOverflow(right)
  guard overflow else { return sum }
  return left < 0 ? .min : .max
}

@usableFromInline
@inline(__always)
internal func saturatingDifference(_ left: Int64, _ right: Int64) -> Int64 {
  let (difference, overflow) = left.subtractingReportingOverflow(right)
  guard overflow else { return difference }
  return left < 0 ? .min : .max
}
