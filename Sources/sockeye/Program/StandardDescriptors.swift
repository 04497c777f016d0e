import Glibc

/// Standard input, output and error, as this program finds and leaves them.
enum StandardDescriptors {
  /// Opens those that the caller closed, so that no file or socket of our own takes the place of one and is read, or
  /// written to, as if it were it. What is opened fails to read, or to write, as a closed descriptor does.
  static func open() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest free descriptor is the one that is missing.
      _ = Glibc.open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Has standard output lead where standard error does, for programs that are started. Returns what it was.
  static func outputToErrors() -> Int32 {
    let own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
    dup2(STDERR_FILENO, STDOUT_FILENO)
    return own
  }

  /// Gives standard output back.
  static func restoreOutput(_ own: Int32) {
    dup2(own, STDOUT_FILENO)
    close(own)
  }

  /// Leaves input, and output as well if wanted, to another program that has them: who is at their other ends sees when it has
  /// closed them.
  static func leave(withOutput: Bool = true) {
    let nothing = Glibc.open("/dev/null", O_RDWR | O_CLOEXEC)
    guard nothing >= 0 else { return }
    dup2(nothing, STDIN_FILENO)
    if withOutput { dup2(nothing, STDOUT_FILENO) }
    close(nothing)
  }
}
