package import NIOCore

/// Connects to the first of several addresses that answers (RFC 8305, "Happy Eyeballs").
///
/// The addresses are tried in turn, the families alternating (section 4). A new attempt starts when the one before has
/// failed, or has not answered for 250 ms (section 5); those under way go on, the first to succeed wins, and the
/// others are closed.
///
/// Confined to its event loop.
final class ConnectionRace {
  /// RFC 8305, section 8, "Connection Attempt Delay".
  static let attemptDelay = TimeAmount.milliseconds(250)

  typealias Attempt = (SocketAddress) -> EventLoopFuture<any Channel>

  private let eventLoop: any EventLoop
  private let attempt: Attempt
  private let result: EventLoopPromise<any Channel>
  private var waiting: ArraySlice<SocketAddress>
  private var pending = 0
  private var isDecided = false
  private var failures: [(address: SocketAddress, error: any Error)] = []
  private var nextAttempt: Scheduled<Void>?

  private init(
    _ addresses: [SocketAddress],
    on eventLoop: any EventLoop,
    result: EventLoopPromise<any Channel>,
    attempt: @escaping Attempt
  ) {
    self.eventLoop = eventLoop
    self.attempt = attempt
    self.result = result
    waiting = Self.interleaved(addresses)[...]
  }

  /// Runs a race.
  ///
  /// - Parameters:
  ///   - addresses: At least one address, best first.
  ///   - deadline: When the whole race is lost.
  ///   - eventLoop: The event loop on which this is called and on which `attempt` is.
  ///   - attempt: Starts one connection.
  /// - Returns: The winner; fails with ``RaceLost`` when there is none.
  static func run(
    _ addresses: [SocketAddress],
    before deadline: NIODeadline,
    on eventLoop: any EventLoop,
    attempt: @escaping Attempt
  ) -> EventLoopFuture<any Channel> {
    eventLoop.preconditionInEventLoop()
    let result = eventLoop.makePromise(of: (any Channel).self)
    let race = ConnectionRace(addresses, on: eventLoop, result: result, attempt: attempt)
    let timeout = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { race.lose(timedOut: true) }
    result.futureResult.assumeIsolated().whenComplete { _ in timeout.cancel() }
    race.startNext()
    return result.futureResult
  }

  /// Sorts addresses so that the families alternate, beginning with the family of the first (RFC 8305, section 4).
  static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    let preferred = addresses.filter { $0.protocol == first.protocol }
    let others = addresses.filter { $0.protocol != first.protocol }
    var result: [SocketAddress] = []
    for index in 0..<max(preferred.count, others.count) {
      if index < preferred.count { result.append(preferred[index]) }
      if index < others.count { result.append(others[index]) }
    }
    return result
  }

  private func startNext() {
    nextAttempt?.cancel()
    nextAttempt = nil
    guard !isDecided else { return }
    guard let address = waiting.popFirst() else {
      if pending == 0 { lose(timedOut: false) }
      return
    }
    pending += 1
    if !waiting.isEmpty {
      nextAttempt = self.eventLoop.assumeIsolated().scheduleTask(in: Self.attemptDelay) { self.startNext() }
    }
    attempt(address).hop(to: eventLoop).assumeIsolated().whenComplete { outcome in
      self.pending -= 1
      switch outcome {
      case .success(let channel): self.win(channel)
      case .failure(let error):
        self.failures.append((address, error))
        self.startNext()
      }
    }
  }

  private func win(_ channel: any Channel) {
    guard !isDecided else {
      channel.close(promise: nil)
      return
    }
    isDecided = true
    nextAttempt?.cancel()
    result.succeed(channel)
  }

  private func lose(timedOut: Bool) {
    guard !isDecided else { return }
    isDecided = true
    nextAttempt?.cancel()
    result.fail(RaceLost(timedOut: timedOut, failures: failures))
  }
}

/// Why no address could be connected to.
package struct RaceLost: Error {
  /// Whether time ran out while an attempt was still under way.
  package let timedOut: Bool

  /// The attempts that failed, in the order in which they did.
  package let failures: [(address: SocketAddress, error: any Error)]

  package init(timedOut: Bool, failures: [(address: SocketAddress, error: any Error)]) {
    self.timedOut = timedOut
    self.failures = failures
  }
}
