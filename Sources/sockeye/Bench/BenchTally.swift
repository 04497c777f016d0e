import Histogram
import NIOCore
import Synchronization

/// What all connections of a bench have done so far; read while they go on.
final class BenchMeter: Sendable {
  private let operationCount = Atomic<UInt64>(0)
  private let upCount = Atomic<UInt64>(0)
  private let downCount = Atomic<UInt64>(0)
  private let failureCount = Atomic<UInt64>(0)
  private let firstError = Mutex<(any Error)?>(nil)

  /// A reading of the meter.
  struct Reading {
    var operations: UInt64 = 0
    var bytesUp: UInt64 = 0
    var bytesDown: UInt64 = 0
    var failures: UInt64 = 0

    /// What was done since an earlier reading.
    func since(_ earlier: Reading) -> Reading {
      Reading(
        operations: operations - earlier.operations,
        bytesUp: bytesUp - earlier.bytesUp,
        bytesDown: bytesDown - earlier.bytesDown,
        failures: failures - earlier.failures
      )
    }
  }

  var reading: Reading {
    Reading(
      operations: operationCount.load(ordering: .relaxed),
      bytesUp: upCount.load(ordering: .relaxed),
      bytesDown: downCount.load(ordering: .relaxed),
      failures: failureCount.load(ordering: .relaxed)
    )
  }

  func sent(_ count: Int) { upCount.add(UInt64(count), ordering: .relaxed) }
  func received(_ count: Int) { downCount.add(UInt64(count), ordering: .relaxed) }
  func done() { operationCount.add(1, ordering: .relaxed) }

  /// Something has failed, which is counted; the first reason is kept.
  func failed(_ error: any Error) {
    failureCount.add(1, ordering: .relaxed)
    firstError.withLock { $0 = $0 ?? error }
  }

  /// Why something failed first.
  var error: (any Error)? { firstError.withLock { $0 } }
}

/// What the connections of one event loop have measured. Confined to it.
final class BenchTally {
  /// Longer than this nothing is waited for.
  private static let longest: UInt64 = 600_000_000_000

  let meter: BenchMeter
  /// Nanoseconds.
  private(set) var latencies = Histogram<UInt64>(
    highestTrackableValue: longest,
    numberOfSignificantValueDigits: .three
  )
  /// Datagrams.
  var sent: UInt64 = 0
  var duplicates: UInt64 = 0
  var reordered: UInt64 = 0
  /// Answers other than 2xx.
  var refusals: UInt64 = 0

  init(_ meter: BenchMeter) {
    self.meter = meter
  }

  /// An operation took so long.
  func record(_ amount: TimeAmount) {
    latencies.record(min(Self.longest, UInt64(max(0, amount.nanoseconds))))
    meter.done()
  }
}

/// When operations are due.
///
/// With a rate they are due at fixed times, and each is measured from when it was due: one that had to wait for the one before
/// has waited all the same. Without a rate each is due when the one before is done.
struct BenchPace {
  private let interval: TimeAmount?
  private var next: NIODeadline

  /// - Parameters:
  ///   - rate: Operations a second over all connections.
  ///   - number: Which of the connections this is, from 0.
  init(rate: Int?, connections: Int, number: Int, start: NIODeadline) {
    guard let rate else {
      (interval, next) = (nil, start)
      return
    }
    interval = .nanoseconds(Int64(connections) * 1_000_000_000 / Int64(max(1, rate)))
    next = start + .nanoseconds(Int64(number) * 1_000_000_000 / Int64(max(1, rate)))
  }

  /// When the next operation is due.
  mutating func take(now: NIODeadline) -> NIODeadline {
    guard let interval else { return now }
    defer { next = next + interval }
    return next
  }
}
