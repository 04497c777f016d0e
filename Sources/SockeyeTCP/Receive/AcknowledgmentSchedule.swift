/// When arriving data is acknowledged: delayed acknowledgments (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2).
///
/// Data is counted in bytes against full-sized segments of data as they are met with, never in packets: a coalesced
/// super-segment counts as the segments that it holds, and large MTUs don't starve the sender of acknowledgments.
struct AcknowledgmentSchedule {
  /// When an acknowledgment that is held back goes out at the latest; `never` where none is.
  private(set) var deadline = Instant.never
  /// How long an acknowledgment may be held back.
  private let delay: Interval
  /// An acknowledgment goes out at the next opportunity.
  private(set) var isDue = false
  /// Segments that are still acknowledged at once, at the start of a connection.
  private var quickRemaining: UInt8

  /// The delay is capped below half a second (MUST-40).
  init(configuration: borrowing ConnectionConfiguration) {
    quickRemaining = configuration.quickAcknowledgments
    delay = min(max(configuration.delayedAcknowledgment, .zero), .milliseconds(499))
  }

  /// Whether there is something to acknowledge, now or later.
  var isPending: Bool { isDue || deadline != .never }

  /// Asks for an acknowledgment without delay.
  mutating func makeDue() {
    isDue = true
  }

  /// Counts data that arrived in order.
  ///
  /// Two full-sized segments are acknowledged at once (SHLD-19), and so are the first segments of a connection, on which
  /// the peer's slow start depends; less than that waits for company (SHLD-18).
  ///
  /// - Parameters:
  ///   - unacknowledged: bytes that arrived in order and have not been acknowledged.
  ///   - segmentSize: bytes of data in a full-sized segment from the peer.
  mutating func dataArrived(unacknowledged: UInt64, segmentSize: UInt16, segmentCount: Int, at arrival: Instant) {
    if quickRemaining > 0 {
      quickRemaining -= UInt8(clamping: min(max(segmentCount, 1), Int(quickRemaining)))
      isDue = true
    }
    if unacknowledged >= 2 * UInt64(segmentSize) { isDue = true }
    if deadline == .never { deadline = arrival + delay }
  }

  /// Acknowledges the next segments at once, as at the start of a connection, or none of them.
  mutating func setQuick(_ count: UInt8) {
    quickRemaining = count
    if count > 0, isPending { isDue = true }
  }

  /// The delay has passed.
  mutating func advance(to now: Instant) {
    if deadline <= now { isDue = true }
  }

  /// A segment with an acknowledgment has been sent.
  mutating func acknowledged() {
    isDue = false
    deadline = .never
  }
}
