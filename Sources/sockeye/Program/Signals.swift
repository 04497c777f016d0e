import Glibc
import SockeyeGateway
import Synchronization

/// The signals that end or reload the program.
///
/// Handlers write their numbers into a pipe, and a thread of its own reads them, so that what follows runs as ordinary
/// code. (Blocking them and waiting would not do: the main thread of an asynchronous program sits in `dispatchMain`, which
/// unblocks everything.) The first INT or TERM asks the verb to stop accepting and to drain; the second ends the program
/// at once. HUP asks for a reload; where nobody listens for it, it ends the program like TERM.
final class Signals: Sendable {
  static let shared = Signals()

  private struct State {
    var endings: [Int32] = []
    var onEnding: (@Sendable (Int32) -> Void)?
    var onReload: (@Sendable () -> Void)?
    var onScreen: (@Sendable () -> Void)?
  }

  private let state = Mutex(State())

  /// What whoever started this program had it ignore.
  static let ignoredAtStart = IgnoredSignals.current

  /// The signals that are fetched.
  private static let handled = [SIGINT, SIGTERM, SIGHUP]

  /// The pipe from the handlers to the thread that fetches. Made before any handler is installed.
  private static let pipe: (reading: Int32, writing: Int32) = {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { return (-1, -1) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }()

  /// Has writing to who is gone fail instead of ending the program. This needs no thread.
  static func ignoreBrokenPipes() {
    _ = ignoredAtStart
    signal(SIGPIPE, SIG_IGN)
  }

  /// Begins to fetch signals; to be called before anything that a signal should end in good order.
  func start() {
    Self.ignoreBrokenPipes()
    guard Self.pipe.reading >= 0 else { return }
    for number in Self.handled { Self.handle(number) }
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in Signals.shared.fetch() }, nil)
    pthread_detach(thread)
  }

  private static func handle(_ number: Int32) {
    signal(number) { number in
      let before = errno
      var byte = UInt8(truncatingIfNeeded: number)
      _ = write(Signals.pipe.writing, &byte, 1)
      errno = before
    }
  }

  /// Sets what happens when the program goes on after a pause, or the terminal has another width.
  func onScreen(_ handler: @escaping @Sendable () -> Void) {
    state.withLock { $0.onScreen = handler }
    for number in [SIGCONT, SIGWINCH] { Self.handle(number) }
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
    while true {
      var byte: UInt8 = 0
      guard read(Self.pipe.reading, &byte, 1) == 1 else { continue }
      let signal = Int32(byte)
      if signal == SIGHUP, let reload = self.state.withLock({ $0.onReload }) {
        reload()
        continue
      }
      if signal == SIGCONT || signal == SIGWINCH {
        state.withLock { $0.onScreen }?()
        continue
      }
      let (count, handler) = self.state.withLock { state in
        state.endings.append(signal)
        return (state.endings.count, state.onEnding)
      }
      guard count == 1, let handler else {
        TerminalMode.restore()
        _exit(128 + signal)
      }
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
