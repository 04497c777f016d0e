/// An interval that is kept in whole milliseconds, in half of the room: at most 49 days, and never negative.
@propertyWrapper
public struct Milliseconds: Sendable {
  private var count: UInt32

  /// Keeps `wrappedValue`, rounded up to the next millisecond.
  public init(wrappedValue: Interval) {
    count = Self.count(wrappedValue)
  }

  /// The interval, as far as it is kept.
  public var wrappedValue: Interval {
    get { .milliseconds(Int64(count)) }
    set { count = Self.count(newValue) }
  }

  private static func count(_ interval: Interval) -> UInt32 {
    let (whole, rest) = interval.positiveNanoseconds.quotientAndRemainder(dividingBy: 1_000_000)
    return UInt32(clamping: whole + (rest > 0 ? 1 : 0))
  }
}

/// An interval of at least a millisecond that is kept like `Milliseconds`, or none.
@propertyWrapper
public struct OptionalMilliseconds: Sendable {
  /// Zero stands for none.
  @Milliseconds private var interval = .zero

  /// Keeps `wrappedValue`, rounded up to the next millisecond.
  public init(wrappedValue: Interval? = nil) {
    self.wrappedValue = wrappedValue
  }

  /// The interval, as far as it is kept.
  public var wrappedValue: Interval? {
    get { interval == .zero ? nil : interval }
    set { interval = newValue.map { max($0, .milliseconds(1)) } ?? .zero }
  }
}
