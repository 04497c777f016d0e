import Histogram
import NIOCore

/// What a bench has measured.
struct BenchResult {
  /// What passed in one direction.
  struct Bulk {
    var bytes: UInt64 = 0
    /// From the beginning until the last of them had arrived.
    var seconds: Double = 0
    /// Bits a second, of each tenth of a second.
    var rates = Histogram<UInt64>(highestTrackableValue: 1 << 50, numberOfSignificantValueDigits: .three)

    var bitsPerSecond: Double { seconds > 0 ? Double(bytes) * 8 / seconds : 0 }

    /// Bytes that came in such a time.
    mutating func sample(_ bytes: UInt64, in seconds: Double) {
      guard seconds > 0 else { return }
      rates.record(min(1 << 50, UInt64(Double(bytes) * 8 / seconds)))
    }
  }

  var seconds: Double = 0
  var operations: UInt64 = 0
  var failures: UInt64 = 0
  var refusals: UInt64 = 0
  var up: Bulk?
  var down: Bulk?
  /// Nanoseconds.
  var latencies = Histogram<UInt64>(highestTrackableValue: 1 << 40, numberOfSignificantValueDigits: .three)
  /// Datagrams.
  var sent: UInt64 = 0
  var duplicates: UInt64 = 0
  var reordered: UInt64 = 0
  var processor = Duration.zero
  /// Nil where the server doesn't tell.
  var serverProcessor: Duration?

  var perSecond: Double { seconds > 0 ? Double(operations) / seconds : 0 }
  var lost: UInt64 { sent - min(sent, operations) }
}
