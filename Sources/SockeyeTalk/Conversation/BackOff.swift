import NIOCore

/// When to try again: the pause between two tries doubles, from the shortest to the longest.
struct BackOff {
  /// How often it may be tried again; nothing for as often as it takes.
  let limit: Int?
  private let longest: TimeAmount
  private var pause: TimeAmount
  /// How often it was tried again.
  private(set) var attempt = 0

  init(_ configuration: ClientConfiguration) {
    limit = configuration.reconnects && configuration.retries == 0 ? nil : configuration.retries
    longest = configuration.backOff.upperBound
    pause = configuration.backOff.lowerBound
  }

  /// Begins another try.
  ///
  /// - Returns: How long to wait before it; nothing when it was tried often enough.
  mutating func next() -> TimeAmount? {
    if let limit, attempt >= limit { return nil }
    attempt += 1
    defer {
      let (doubled, isTooLong) = pause.nanoseconds.multipliedReportingOverflow(by: 2)
      pause = isTooLong ? longest : min(.nanoseconds(doubled), longest)
    }
    return pause
  }
}
