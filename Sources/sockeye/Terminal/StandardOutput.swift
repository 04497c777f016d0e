import Glibc
import SockeyeText
import Synchronization

/// What is said to a program: one event a line.
enum StandardOutput {
  private static let problem = Mutex<CInt?>(nil)

  /// Writes one line at once. That it could not be written is found when the program ends.
  static func say(_ line: String) {
    print(line)
    guard fflush(nil) != 0 else { return }
    let code = errno
    problem.withLock { $0 = $0 ?? code }
  }

  /// Writes what `print` has kept back, and remembers what could not be written before.
  ///
  /// - Returns: Why not everything was written, if it wasn't.
  static func flush() -> ProgramSentence? {
    let last = fflush(nil) != 0 ? errno : nil
    guard let code = problem.withLock({ $0 }) ?? last else { return nil }
    return .cannotWriteOutput(.system(code))
  }
}
