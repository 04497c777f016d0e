// How times read in a trace and in a failed test.

extension Instant: CustomStringConvertible {
  /// Seconds since the caller's origin, as `1.25 s`; `never` for the instant that doesn't come.
  public var description: String {
    self == .never ? "never" : Decimal(nanoseconds, unit: 1_000_000_000).text + " s"
  }
}

extension Interval: CustomStringConvertible {
  /// The interval in the largest unit of which it has one: `1.5 ms`; `for ever` for the longest.
  public var description: String {
    if self == .longest { return "for ever" }
    let size = nanoseconds.magnitude
    if size >= 1_000_000_000 || size == 0 { return Decimal(nanoseconds, unit: 1_000_000_000).text + " s" }
    if size >= 1_000_000 { return Decimal(nanoseconds, unit: 1_000_000).text + " ms" }
    if size >= 1_000 { return Decimal(nanoseconds, unit: 1_000).text + " µs" }
    return Decimal(nanoseconds, unit: 1).text + " ns"
  }
}

/// A count of nanoseconds in a unit of a power of ten of them, exactly and without zeros at the end.
private struct Decimal {
  let text: String

  init(_ nanoseconds: Int64, unit: UInt64) {
    let size = nanoseconds.magnitude
    var text = (nanoseconds < 0 ? "-" : "") + String(size / unit)
    var rest = size % unit
    if rest > 0 { text += "." }
    var place = unit
    while rest > 0 {
      place /= 10
      text += String(rest / place)
      rest %= place
    }
    self.text = text
  }
}
