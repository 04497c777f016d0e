import NIOCore

/// Tells the access log about the responses of one connection, each when it is known whether the client has taken it.
///
/// A response that the kernel has accepted is not one that the client has read: whether it was shows when the next request
/// comes, when the connection ends, or when everything has been acknowledged for a while.
struct DeliveryLog {
  /// What it is not known about yet. On the heap, since most connections have nothing there most of the time.
  private indirect enum Pending {
    case nothing
    case response(AccessRecord, since: NIODeadline)
  }

  private let tell: (@Sendable (AccessRecord) -> Void)?
  private var pending = Pending.nothing

  /// How long a client that has acknowledged everything may still turn out not to have read it.
  private static let doubt = TimeAmount.seconds(2)

  init(_ tell: (@Sendable (AccessRecord) -> Void)?) { self.tell = tell }

  /// Whether anybody is told.
  var isKept: Bool { tell != nil }

  /// A response has been given to the channel whole.
  mutating func answered(_ record: AccessRecord, now: NIODeadline) {
    settle()
    guard record.bytes > 0 else {
      tell?(record)
      return
    }
    pending = .response(record, since: now)
  }

  /// The client has taken the last response, as far as can be known.
  mutating func settle() {
    guard case .response(let record, _) = pending else { return }
    pending = .nothing
    tell?(record)
  }

  /// Some time has passed.
  ///
  /// - Parameter undelivered: Bytes that the client has not acknowledged.
  mutating func check(_ now: NIODeadline, undelivered: () -> Int64) {
    guard case .response(_, let since) = pending, now - since >= Self.doubt, undelivered() == 0 else { return }
    settle()
  }

  /// The last response turns out not to have been taken whole.
  mutating func failed(_ ending: AccessRecord.Ending, undelivered: Int64) {
    guard case .response(var record, _) = pending else { return }
    record.ending = ending
    record.bytes = max(0, record.bytes - undelivered)
    pending = .nothing
    tell?(record)
  }

  /// A response was broken off while it was given to the channel.
  mutating func brokenOff(_ record: AccessRecord) {
    settle()
    tell?(record)
  }
}
