internal import NIOCore
internal import SockeyeTransport
internal import Synchronization

/// Finds out whether clients are users. A check may take long, on threads of its own; who was found right before isn't checked
/// again.
final class ProxyUsers: Sendable {
  private struct State {
    var known: Set<Int> = []
    var pending = 0
  }

  private let isUser: @Sendable (String, [UInt8]) -> Bool
  private let threads = BlockingThreads(count: 2)
  private let state = Mutex(State())
  /// What the known are remembered by can't be foreseen, whatever the seed of all hashes is.
  private let secret = (0..<4).map { _ in UInt64.random(in: .min ... .max) }

  private static let mostKnown = 4096
  private static let mostPending = 64

  init(_ isUser: @escaping @Sendable (String, [UInt8]) -> Bool) { self.isUser = isUser }

  deinit { threads.beginShutDown() }

  /// Whether that is a user; nobody is while too many are being checked.
  func check(_ user: String, _ password: [UInt8], on loop: any EventLoop) -> EventLoopFuture<Bool> {
    let mark = mark(of: user, password)
    let known = state.withLock { state -> Bool? in
      if state.known.contains(mark) { return true }
      guard state.pending < Self.mostPending else { return false }
      state.pending += 1
      return nil
    }
    if let known { return loop.makeSucceededFuture(known) }
    return threads.run(on: loop) { [self] in
      let isRight = isUser(user, password)
      state.withLock { state in
        state.pending -= 1
        guard isRight else { return }
        if state.known.count >= Self.mostKnown { state.known.removeAll() }
        state.known.insert(mark)
      }
      return isRight
    }
  }

  private func mark(of user: String, _ password: [UInt8]) -> Int {
    var hasher = Hasher()
    hasher.combine(secret)
    hasher.combine(user)
    hasher.combine(password)
    return hasher.finalize()
  }
}
