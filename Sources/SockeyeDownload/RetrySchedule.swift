internal import NIOCore
internal import SockeyeTransport

/// When to try again, and when to give up.
///
/// The wait doubles with every attempt and is spread by up to a half, so that many clients of one server that came back
/// don't return at the same moment. Progress makes the count begin anew.
struct RetrySchedule: Sendable {
  private let retries: Int
  private let backOff: ClosedRange<TimeAmount>
  private(set) var attempt = 0

  init(retries: Int, backOff: ClosedRange<TimeAmount>) {
    self.retries = max(0, retries)
    self.backOff = backOff
  }

  /// How long to wait after another attempt without progress; nothing when it was the last.
  ///
  /// - Parameters:
  ///   - requested: What the server asked for (Retry-After), obeyed up to the longest wait.
  ///   - spread: A random number from 0 to 1.
  mutating func next(requested: TimeAmount? = nil, spread: Double) -> TimeAmount? {
    guard attempt < retries else { return nil }
    let longest = backOff.upperBound.nanoseconds
    let doubled = backOff.lowerBound.nanoseconds.multipliedReportingOverflow(by: 1 << Int64(min(attempt, 32)))
    attempt += 1
    let wait = doubled.overflow ? longest : min(longest, doubled.partialValue)
    let jittered = wait - Int64(Double(wait) / 2 * min(1, max(0, spread)))
    return .nanoseconds(max(jittered, min(longest, requested?.nanoseconds ?? 0)))
  }

  /// Notes that bytes have arrived: attempts are counted anew.
  mutating func progressed() { attempt = 0 }

  /// Whether another attempt may fare better.
  static func isWorthwhile(_ failure: Failure) -> Bool {
    switch failure.kind {
    case .network, .timedOut, .integrity: true
    default: false
    }
  }
}
