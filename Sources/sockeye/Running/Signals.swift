import Glibc
import Synchronization

/// The signals that end or reload the program.
///
/// They are blocked in every thread and fetched by one of its own, so that what follows runs as ordinary code. The
/// first INT or TERM asks the verb to stop accepting and to drain; the second ends the program at once. HUP asks for a
/// reload; where nobody listens for it, it ends the program like TERM.
///
/// A child process inherits the blocked signals: whoever starts one unblocks them there.
final class Signals: Sendable {
  static let shared = Signals()

  private struct State {
    var endings: [Int32] = []
    var onEnding: (@Sendable (Int32) -> Void)?
    var onReload: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// The signals that are fetched.
  static var handled: sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, signal) }
    return set
  }

  /// Begins to fetch signals; to be called before any other thread starts.
  func start() {
    signal(SIGPIPE, SIG_IGN)
    var set = Self.handled
    pthread_sigmask(SIG_BLOCK, &set, nil)
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in Signals.shared.fetch() }, nil)
    pthread_detach(thread)
  }

  /// Sets what the first INT or TERM does; called at once when it has come already.
  ///
  /// - Parameter handler: Called with the signal's number, on a thread of its own.
  func onEnding(_ handler: @escaping @Sendable (Int32) -> Void) {
    let early = self.state.withLock { state in
      state.onEnding = handler
      return state.endings.first
    }
    if let early { handler(early) }
  }

  /// Sets what HUP does.
  func onReload(_ handler: @escaping @Sendable () -> Void) {
    self.state.withLock { $0.onReload = handler }
  }

  /// The signal that asked the program to end, if one did.
  var ending: Int32? {
    self.state.withLock { $0.endings.first }
  }

  private func fetch() -> Never {
    var set = Self.handled
    while true {
      var signal: Int32 = 0
      guard sigwait(&set, &signal) == 0 else { continue }
      if signal == SIGHUP, let reload = self.state.withLock({ $0.onReload }) {
        reload()
        continue
      }
      let (count, handler) = self.state.withLock { state in
        state.endings.append(signal)
        return (state.endings.count, state.onEnding)
      }
      guard count == 1, let handler else { _exit(128 + signal) }
      handler(signal)
    }
  }
}

extension Signals {
  /// Waits for the first INT or TERM.
  func firstEnding() async -> Int32 {
    await withCheckedContinuation { continuation in
      self.onEnding { continuation.resume(returning: $0) }
    }
  }
}
