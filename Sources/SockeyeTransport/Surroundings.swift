internal import Glibc
public import NIOCore
internal import SockeyeNIO

/// What a program takes from its machine beside a network: clocks, threads and chance.
///
/// Over a network in virtual time they are that network's, so that one seed gives one run: time passes only when the network
/// does, what would block a thread is done in its turn on the loop, and numbers are drawn from the seed.
public struct Surroundings: Sendable {
  /// The clocks, threads and chance of the machine.
  public static let machine = Surroundings(nil)

  /// 2026-01-01, when networks in virtual time begin.
  private static let virtualEpoch: Int64 = 1_767_225_600

  /// The loop of a host in virtual time, if that is where the program runs.
  private let loop: HostEventLoop?

  init(_ loop: HostEventLoop?) {
    self.loop = loop
  }

  /// The time on the clock that event loops go by.
  public var now: NIODeadline { loop?.now ?? .now() }

  /// The date, in seconds since 1970.
  public var secondsSince1970: Int64 {
    guard let loop else { return Int64(time(nil)) }
    return Self.virtualEpoch + (loop.now - .uptimeNanoseconds(0)).nanoseconds / 1_000_000_000
  }

  /// Waits.
  ///
  /// - Throws: `CancellationError` when the task is cancelled, or the loop ends.
  public func sleep(for amount: TimeAmount) async throws(CancellationError) {
    do {
      guard let loop else { return try await Task.sleep(for: .nanoseconds(amount.nanoseconds)) }
      let timer = loop.scheduleTask(in: amount) {}
      try await withTaskCancellationHandler {
        try await timer.futureResult.get()
      } onCancel: {
        timer.cancel()
      }
    } catch {
      throw CancellationError()
    }
  }

  /// Threads for work that blocks or computes for long.
  ///
  /// - Parameter count: At least one.
  public func threads(_ count: Int) -> BlockingThreads {
    guard let loop else { return BlockingThreads(count: count) }
    return BlockingThreads(inPlaceOn: loop)
  }

  /// A random number from 0 up to and without 1.
  public func randomFraction() -> Double {
    var generator = self.generator
    return Double.random(in: 0..<1, using: &generator)
  }

  /// Where random numbers come from.
  public var generator: any RandomNumberGenerator & Sendable {
    guard let loop, let random = loop.random else { return SystemRandomNumberGenerator() }
    return DrawnNumbers(draw: random)
  }

  /// Where a task that is nobody's child has to be told to run; nil for wherever the system likes.
  public var taskExecutor: (any TaskExecutor)? { loop }
}

private struct DrawnNumbers: RandomNumberGenerator, Sendable {
  let draw: @Sendable () -> UInt64

  mutating func next() -> UInt64 { draw() }
}
