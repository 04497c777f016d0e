internal import NIOConcurrencyHelpers
public import NIOCore
internal import SockeyeNIO
internal import SockeyeTCP

/// Why a run can't go on.
public enum SimulationError: Error, Hashable, Sendable {
  /// Nothing is left that could fulfil what is waited for: no packet is under way, no timer is set, no task waits.
  case nothingLeft
  /// It wasn't fulfilled in the time that was given.
  case timedOut
}

/// How a network's time passes: only while one of these functions runs.
extension SimulatedNetwork {
  /// Runs the network for so much of its time.
  public func run(for amount: TimeAmount) {
    run(until: now + amount)
  }

  /// Runs the network until its clock shows that time.
  public func run(until deadline: NIODeadline) {
    let end = Instant(deadline)
    while step(until: end) {}
    clock.advance(to: end)
  }

  /// Runs the network until a future of one of its loops is fulfilled.
  ///
  /// - Parameters:
  ///   - future: what is waited for.
  ///   - limit: how much of the network's time that may take; ten years unless said.
  /// - Returns: the future's value.
  /// - Throws: the future's error, or `SimulationError`.
  @discardableResult
  public func run<Value: Sendable>(
    until future: EventLoopFuture<Value>,
    limit: TimeAmount = .hours(24 * 3650)
  ) throws -> Value {
    let result = NIOLockedValueBox<Result<Value, any Error>?>(nil)
    future.whenComplete { value in result.withLockedValue { $0 = value } }
    let end = Instant(now + limit)
    while true {
      if let result = result.withLockedValue({ $0 }) { return try result.get() }
      guard step(until: end) else {
        if nextEvent() == .never { throw SimulationError.nothingLeft }
        clock.advance(to: end)
        throw SimulationError.timedOut
      }
    }
  }

  /// Runs `body` as a task on a host's loop, where its child tasks run too, and the network until it returns.
  ///
  /// - Throws: what `body` throws, or `SimulationError`.
  @discardableResult
  public func run<Value: Sendable>(
    on host: SimulatedHost,
    limit: TimeAmount = .hours(24 * 3650),
    _ body: @escaping @Sendable () async throws -> Value
  ) throws -> Value {
    try run(until: start(on: host, body), limit: limit)
  }

  /// Starts `body` as a task on a host's loop. It runs when the network does.
  ///
  /// - Returns: what it returns, or throws.
  public func start<Value: Sendable>(
    on host: SimulatedHost,
    _ body: @escaping @Sendable () async throws -> Value
  ) -> EventLoopFuture<Value> {
    let promise = host.loop.makePromise(of: Value.self)
    Task(executorPreference: host.loop) {
      do {
        promise.succeed(try await body())
      } catch {
        promise.fail(error)
      }
    }
    return promise.futureResult
  }
}
