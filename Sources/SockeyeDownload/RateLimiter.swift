internal import NIOCore
internal import Synchronization

/// Keeps the bytes of all connections together below a rate.
///
/// Bytes that have arrived are paid for afterwards: each take moves the time at which the account is even again, and
/// whoever took waits until then. A pause is not saved up.
final class RateLimiter: Sendable {
  private let bytesPerSecond: UInt64
  private let evenAt = Mutex(NIODeadline.uptimeNanoseconds(0))

  /// - Parameter bytesPerSecond: At least 1.
  init(bytesPerSecond: UInt64) {
    self.bytesPerSecond = max(1, bytesPerSecond)
  }

  /// Takes bytes.
  ///
  /// - Returns: When the taker may go on.
  func take(_ count: Int, now: NIODeadline) -> NIODeadline {
    let cost = Double(count) / Double(bytesPerSecond) * 1e9
    return self.evenAt.withLock { evenAt in
      evenAt = max(evenAt, now) + .nanoseconds(Int64(min(cost, 3.6e12)))
      return evenAt
    }
  }

  /// How much to read at once, so that a low rate comes as a trickle and not in bursts of seconds.
  var readSize: Int { Int(min(1 << 20, max(1 << 10, bytesPerSecond / 10))) }
}
