import Glibc
import Synchronization

/// How the terminal hands over what is typed: line by line, as it was found, or key by key, for whoever edits lines itself.
///
/// However the program ends or pauses, the terminal is put back; only SIGKILL and a crash leave it as it is.
enum TerminalMode {
  private static let isByKey = Atomic(false)
  // Unchecked: both are written once, before `isByKey` is set and any handler is installed that reads them. From then on they
  // are only read, into a copy: a handler may interrupt whoever does the same.
  nonisolated(unsafe) private static var found = termios()
  nonisolated(unsafe) private static var byKey = termios()

  /// Hands over key by key from here on.
  ///
  /// - Returns: Whether the terminal is one, and this program's to change.
  static func begin() -> Bool {
    guard !isByKey.load(ordering: .acquiring), isOurs, tcgetattr(STDIN_FILENO, &found) == 0 else { return false }
    byKey = found
    // Signals stay the terminal's business, and so does the way in which lines end.
    byKey.c_lflag &= ~tcflag_t(ICANON | ECHO | IEXTEN)
    withUnsafeMutableBytes(of: &byKey.c_cc) { keys in
      keys[Int(VMIN)] = 1
      keys[Int(VTIME)] = 0
    }
    isByKey.store(true, ordering: .releasing)
    atexit { TerminalMode.restore() }
    signal(SIGTSTP) { _ in
      let before = errno
      TerminalMode.restore()
      kill(getpid(), SIGSTOP)
      errno = before
    }
    signal(SIGQUIT) { number in
      TerminalMode.restore()
      signal(number, SIG_DFL)
      kill(getpid(), number)
    }
    resume()
    return true
  }

  /// Whether this program is the one in front.
  private static var isOurs: Bool { tcgetpgrp(STDIN_FILENO) == getpgrp() }

  /// Hands over key by key again, after a pause; somebody else may have the terminal.
  static func resume() {
    guard isByKey.load(ordering: .acquiring), isOurs else { return }
    var mode = byKey
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode)
  }

  /// Puts the terminal back; this may be called from a signal's handler.
  static func restore() {
    guard isByKey.load(ordering: .acquiring), isOurs else { return }
    var mode = found
    tcsetattr(STDIN_FILENO, TCSANOW, &mode)
  }
}
