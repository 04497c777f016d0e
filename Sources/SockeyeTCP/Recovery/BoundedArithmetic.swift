// Arithmetic that cannot trap, for quantities on which a peer has some influence.

extension UInt64 {
  /// The difference, or 0 where `other` is greater.
  @inline(__always)
  func clampedDifference(_ other: UInt64) -> UInt64 {
    self > other ? self &- other : 0
  }

  /// The sum, or the greatest value where it would overflow.
  @inline(__always)
  func clampedSum(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// `self × numerator ÷ denominator`, rounded down, with the product kept whole; the greatest value where
  /// the result does not fit or `denominator` is 0.
  @inline(__always)
  func scaled(by numerator: UInt64, over denominator: UInt64) -> UInt64 {
    guard denominator > 0 else { return .max }
    let (product, overflow) = multipliedReportingOverflow(by: numerator)
    guard overflow else { return product / denominator }
    let wide = multipliedFullWidth(by: numerator)
    guard wide.high < denominator else { return .max }
    return denominator.dividingFullWidth(wide).quotient
  }
}

extension UInt32 {
  /// The value, or the greatest that fits.
  @inline(__always)
  init(clamping value: UInt64) {
    self = value > UInt64(UInt32.max) ? .max : UInt32(truncatingIfNeeded: value)
  }
}

extension Interval {
  /// The nanoseconds of an interval that is not negative; 0 for one that is.
  @inline(__always)
  var positiveNanoseconds: UInt64 { nanoseconds > 0 ? UInt64(nanoseconds) : 0 }

  /// An interval of at most `longest`.
  @inline(__always)
  init(clampingNanoseconds count: UInt64) {
    self.init(nanoseconds: count > UInt64(Int64.max) ? .max : Int64(count))
  }

  /// How long `bytes` take at `rate` bytes a second; `longest` at rate 0.
  @inline(__always)
  init(sending bytes: UInt64, atBytesPerSecond rate: UInt64) {
    self.init(clampingNanoseconds: bytes.scaled(by: 1_000_000_000, over: rate))
  }
}
