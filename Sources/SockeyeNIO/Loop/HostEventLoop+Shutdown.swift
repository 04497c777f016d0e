public import Dispatch
internal import NIOCore
internal import SockeyeHost
internal import SockeyeTCP

/// How far a loop is from its end.
enum LoopProgress {
  case running
  /// The link is gone, and so are all channels; tasks and timers go on.
  case linkLost
  /// Channels were closed and timers cancelled; connections may end in order until the instant.
  case draining(until: Instant, callbacks: [ShutdownCallback])
  case ended

  /// When it goes on by itself.
  var deadline: Instant {
    if case .draining(let limit, _) = self { return limit }
    return .never
  }
}

/// Whom to tell that a loop has ended, and where.
struct ShutdownCallback {
  let queue: DispatchQueue
  let call: @Sendable ((any Error)?) -> Void

  func callAsFunction(_ error: (any Error)?) {
    queue.async { [call] in call(error) }
  }
}

extension HostEventLoop {
  /// Closes all channels, cancels all timers, lets connections end in order for two seconds at most unless told otherwise,
  /// resets those that haven't, and ends the loop. Whoever calls a second time is told at the same end.
  public func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) {
    let callback = ShutdownCallback(queue: queue, call: callback)
    add(.closure { [self] in beginShutdown(callback) })
  }

  /// Begins to end, with nobody to be told. On the loop.
  package func shutDown() {
    beginShutdown(nil)
  }

  private func beginShutdown(_ callback: ShutdownCallback?) {
    let isLost: Bool
    switch progress {
    case .running: isLost = false
    case .linkLost: isLost = true
    case .draining(let limit, let callbacks):
      progress = .draining(until: limit, callbacks: callbacks + (callback.map { [$0] } ?? []))
      return
    case .ended:
      callback?(nil)
      return
    }
    progress = .draining(until: host.now + (isLost ? .zero : drainLimit), callbacks: callback.map { [$0] } ?? [])
    closeAll(EventLoopError.shutdown)
    for timer in queue.takeTimers() { timer.cancel() }
  }

  /// Whether new channels may come.
  var isOpen: Bool {
    switch progress {
    case .running: true
    case .linkLost, .draining, .ended: false
    }
  }

  /// Whether the loop has ended.
  package var hasEnded: Bool {
    if case .ended = progress { return true }
    return false
  }

  /// Goes on to the end where there is nothing left to wait for.
  func continueShutdown() {
    guard case .draining(let limit, let callbacks) = progress else { return }
    // Whoever was told of the end may have made more.
    closeAll(EventLoopError.shutdown)
    for timer in queue.takeTimers() { timer.cancel() }
    // What one batch to the link has left goes with the next.
    let isDone = host.connectionCount == 0 && host.nextDeadline > host.now
    guard isDone || host.now >= limit, queue.endIfEmpty() else { return }
    resetConnections()
    progress = .ended
    for callback in callbacks { callback(nil) }
  }

  /// Tells the peers of connections that haven't ended in time: a host that is silent would have them wait for an answer.
  private func resetConnections() {
    host.abortUnheld()
    var count = host.connectionCount
    while count > 0 {
      guard (try? link.send(from: &host)) != nil, host.connectionCount < count else { return }
      count = host.connectionCount
    }
  }

  /// The link is gone: what can't be reached any more is closed.
  func loseLink(_ error: any Error) {
    if case .running = progress { progress = .linkLost }
    closeAll(error)
  }

  /// The host is gone, and all that runs on it: its tasks may find that out, and do nothing more. On the loop.
  package func perish(_ error: any Error) {
    loseLink(error)
    for timer in queue.takeTimers() { timer.cancel() }
  }

  private func closeAll(_ error: any Error) {
    flowOwner?.stop()
    flowOwner = nil
    // In the order in which they were made, so that a run can be repeated.
    for channel in channels.inOrder {
      channel.close0(error: error, mode: .all, promise: nil)
    }
  }
}
